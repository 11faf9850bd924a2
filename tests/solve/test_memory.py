"""What a run needs is known before it starts, and refused where it is not there."""

import pickle
import tracemalloc

import pytest
from tests.solve.test_streams import Constant

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.solve import memory
from menaquinone.solve.memory import MemoryEstimate, readable

MODEL = mk.models.vitamin_k()
DAILY = mk.dose("MK-7", "180 ug", every="24 h")
RUNS = {
    "many values": (4000, DAILY, {"times": "0:728:14 d"}),
    "missed doses": (20_000, DAILY * mk.adherence(0.5), {"times": "0:728:28 d", "outputs": ["dp_ucmgp"]}),
    "pairs on two axes": (5000, None, {"times": "0:728:14 d", "outputs": ["delivered"]}),
    "many people": (60_000, None, {"times": [0, 3650], "outputs": ["pwv"], "growth_noise": True}),
    "summaries of many": (
        60_000, DAILY * mk.adherence(0.5),
        {"times": "0:728:14 d", "outputs": ["plasma_concentration"], "summaries": mk.Summaries()},
    ),
    "summaries of few": (4000, DAILY, {"times": "0:728:14 d", "summaries": mk.Summaries()}),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_the_estimate_is_what_is_used(name):
    n, regimen, options = RUNS[name]
    people, engine = mk.population("postmenopausal", n, rng=1), Constant()
    told = mk.estimate_memory(MODEL, people, regimen, engine=engine, workers=1, **options)
    tracemalloc.start()
    mk.simulate(MODEL, people, regimen, engine=engine, workers=1, **options)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used <= 1.1 * told.more
    assert used >= 0.7 * (told.more - told.parts["engine"])  # an engine that does nothing needs nothing


def test_people_are_counted_as_they_are_or_as_many():
    people = mk.population("postmenopausal", 1000, rng=1)
    known = mk.estimate_memory(MODEL, people, DAILY, times=[0, 7])
    unknown = mk.estimate_memory(MODEL, 1000, DAILY, times=[0, 7])
    assert known.parts == unknown.parts
    assert known.bytes == unknown.bytes == unknown.more == int(unknown)
    assert known.more == known.bytes - known.parts["population"]


def test_it_grows_with_what_is_asked_for():
    def told(n=1000, regimen=DAILY, **options):
        return mk.estimate_memory(MODEL, n, regimen, **{"times": "0:364:7 d", **options}).bytes

    assert told(n=2000) > told()
    assert told(outputs=["pwv"]) < told()
    assert told(times=[0]) < told()
    assert told(regimen=DAILY * mk.adherence(0.5)) > told()
    assert told(points=100) > 10 * told()
    assert told(n=10**6, summaries=mk.Summaries()) < told(n=10**6) / 10
    assert told(n=10**6, summaries=mk.Summaries(accuracy=0.01)) < told(n=10**6, summaries=mk.Summaries())
    assert told(regimen=[mk.dose("MK-7", f"{k} ug", every="6 h") for k in range(1000)]) > told()
    assert told(regimen=dict.fromkeys(range(1000), DAILY)) == told()


def test_a_million_people_summarised_fit_into_two_gigabytes():
    outputs = ["plasma_concentration", "dp_ucmgp", "agatston"]
    told = mk.estimate_memory(
        MODEL, 10**6, DAILY, times="0:728:14 d", outputs=outputs, summaries=mk.Summaries(), growth_noise=True
    )
    assert told.bytes < 2**30


def test_it_reads_well_and_is_frozen():
    told = MemoryEstimate({"results": 1_234_000_000, "population": 65_000, "nothing": 0}, ("population",))
    assert repr(told) == "<MemoryEstimate about 1.2 GB: results 1.2 GB, population 65 kB>"
    assert told.more == 1_234_000_000
    assert pickle.loads(pickle.dumps(told)) == told
    with pytest.raises(TypeError):
        told.parts["results"] = 0


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (3e18, "3000 PB"),
    ],
)
def test_sizes(size, said):
    assert readable(size) == said


# Refusals -------------------------------------------------------------------------------------------------------------

PEOPLE = mk.population("postmenopausal", 2000, rng=1)
LONG = {"times": "0:728:1 d", "engine": Constant(), "workers": 1}


def refusal(monkeypatch, room, **options):
    monkeypatch.setattr(memory, "available", lambda: room)
    with pytest.raises(InputError) as refused:
        mk.simulate(MODEL, PEOPLE, DAILY, **LONG, **options)
    return str(refused.value)


def test_a_run_that_does_not_fit_is_refused_with_the_way_out(monkeypatch):
    assert refusal(monkeypatch, 200_000_000) == (
        "memory: got a run that needs about 345 MB, expected at most the 200 MB that are available; keep fewer outputs "
        "or times, run people.select(...) in chunks, or ask for summaries=mk.Summaries()."
    )


def test_summaries_that_do_not_fit_are_refused_too(monkeypatch):
    assert refusal(monkeypatch, 20_000_000, summaries=mk.Summaries()) == (
        "memory: got a run that needs about 363 MB, expected at most the 20 MB that are available; keep fewer outputs "
        "or times."
    )


def test_nothing_is_drawn_before_the_refusal(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 0)
    people = mk.population("reference", 100_000)
    hourly = mk.dose("MK-7", "1 ug", every="1 h") * mk.adherence(0.5)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"^memory: got a run that needs about 3\.6 GB"):
        mk.simulate(MODEL, people, hourly, times=[0, 728], outputs=["pwv"])
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


@pytest.mark.parametrize("room", [None, 10**12])
def test_a_run_that_fits_or_may_fit_starts(monkeypatch, room):
    monkeypatch.setattr(memory, "available", lambda: room)
    assert mk.simulate(MODEL, PEOPLE, DAILY, **LONG).sizes["subject"] == 2000


def test_a_small_run_asks_nobody(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 0)
    assert mk.simulate(MODEL, times=[0], engine=Constant()).sizes["subject"] == 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: mk.estimate_memory(MODEL, 0, times=[0]),
            "people: got 0, expected a whole number of at least 1 or a population.",
        ),
        (
            lambda: mk.estimate_memory(MODEL, "ten", times=[0]),
            "people: got 'ten', expected a whole number of at least 1 or a population.",
        ),
        (
            lambda: mk.estimate_memory(MODEL, 1, times=[0], points=1.5),
            "points: got 1.5, expected a whole number of at least 1.",
        ),
        (lambda: mk.estimate_memory(MODEL, 1, times=[0], summaries=1), "summaries: got 1, expected mk.Summaries()."),
        (
            lambda: mk.estimate_memory(MODEL, 1, "daily", times=[0]),
            "regimen: got 'daily', expected a regimen such as mk.dose('MK-7', '180 ug', every='24 h').",
        ),
    ],
)
def test_messages(ask, message):
    with pytest.raises(InputError) as refused:
        ask()
    assert str(refused.value) == message
