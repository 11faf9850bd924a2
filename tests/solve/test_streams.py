"""Summaries instead of people: those of the people that a run without them would give, and nobody kept."""

import threading
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from tests.solve.instant import Instant

import menaquinone as mk
from menaquinone.analysis.summary import mean_sd, quantiles
from menaquinone.errors import InputError, SolveError, UnknownNameError
from menaquinone.model import Model
from menaquinone.results import HELD
from menaquinone.solve import streams
from menaquinone.solve.solution import Piece

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver"], proteins=[])
WANTED = ["plasma_concentration", "tissue_vitamin_k", "delivered"]
DOSING = mk.dose("MK-7", "180 ug", every="24 h") * mk.adherence(0.8) + mk.dose("K1", "1 mg")
TIMES = [0, 1, 3]
Q = (0.05, 0.5, 0.9)


def run(people, regimen=DOSING, *, engine=None, outputs=WANTED, times=TIMES, **options):
    return mk.simulate(MODEL, people, regimen, times=times, outputs=outputs, engine=engine or Instant(), **options)


def assert_summarises(found, whole, rel):
    wanted, moments = quantiles(whole, Q, WANTED), mean_sd(whole, WANTED)
    for name in WANTED:
        told = found[f"{name}_quantile"].transpose("quantile", ...)
        assert told.values == pytest.approx(wanted[name].values, rel=rel, nan_ok=True)
        for ending in ("_mean", "_sd"):
            exact = moments[name + ending].values
            assert found[name + ending].values == pytest.approx(exact, rel=1e-9, abs=1e-12, nan_ok=True)
        assert (found[f"{name}_n"] == moments[f"{name}_n"]).all()
        assert (found[f"{name}_failed"] == moments[f"{name}_failed"]).all()


@pytest.fixture(scope="module")
def many():
    return mk.population("postmenopausal", HELD + 700, rng=7)


# What they are --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [Instant(), mk.Cascade()], ids=["instant", "cascade"])
def test_few_people_are_summarised_exactly(engine):
    people = mk.population("postmenopausal", 40, rng=7)
    found = run(people, engine=engine, summaries=mk.Summaries(Q))
    assert_summarises(found, run(people, engine=engine), 1e-12)
    assert found["plasma_concentration_quantile"].attrs["relative_error"] == 0.0


def test_many_people_are_summarised_within_the_error_stated(many):
    found = run(many, summaries=mk.Summaries(Q, accuracy=0.002))
    assert_summarises(found, run(many), 0.002)
    assert found["plasma_concentration_quantile"].attrs["relative_error"] == 0.002


def test_a_summary_for_each_value_of_a_column(many):
    people = mk.population("postmenopausal", 90, rng=7)
    column = people.table["sex"]
    third = np.arange(90) % 3
    people = replace(people, table={**people.table, "group": replace(column, values=third, long_name="a third")})
    found = run(people, summaries=mk.Summaries(Q, by="group"))
    assert found["group"].values.tolist() == [0.0, 1.0, 2.0]
    assert found["group"].attrs["long_name"] == "a third"
    assert found["delivered_quantile"].dims == ("group", "time", "tissue", "form", "quantile")
    for one in range(3):
        assert_summarises(found.sel(group=one), run(people.select(people.ids[third == one])), 1e-12)


def test_dims_units_and_names():
    found = run(mk.population("postmenopausal", 5, rng=7), summaries=mk.Summaries(Q))
    assert found["plasma_concentration_mean"].dims == ("time", "form")
    assert found["delivered_quantile"].dims == ("time", "tissue", "form", "quantile")
    assert set(found.data_vars) == {
        f"{name}_{kind}" for name in WANTED for kind in ("mean", "sd", "quantile", "n", "failed")
    }
    for name, one in found.data_vars.items():
        assert {"units", "long_name", "source"} <= set(one.attrs), name
    assert found["plasma_concentration_sd"].attrs["units"] == "nmol/L"
    assert found["plasma_concentration_n"].attrs["units"] == "1"
    assert found["plasma_concentration_n"].dtype.kind == "i"
    assert found["quantile"].values.tolist() == list(Q)
    assert found.attrs["regimen"].startswith(
        "MK-7 180 ug oral, every 24 h from 0 h, to the end, 80 % taken; K1 1000 ug"
    )
    assert "subject" not in found.dims


def test_mean_and_sd_alone():
    found = run(mk.population("reference", 5), None, summaries=mk.Summaries(()))
    assert "quantile" not in found.dims
    assert "plasma_concentration_quantile" not in found
    assert found["plasma_concentration_sd"].values == pytest.approx(0.0, abs=1e-12)


def test_a_pair_that_the_model_does_not_have_is_missing_and_counts_nobody():
    *before, delivery, _ = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver", "bone"], proteins=[]).stages[:3]
    model = Model(*before, replace(delivery, members=delivery.members[:-1]))
    found = mk.simulate(model, times=[0], outputs=["delivered"], engine=Instant(), summaries=mk.Summaries())
    tissue, form = delivery.members[-1].name
    gone = found.sel(tissue=tissue, form=form)
    assert np.isnan(gone["delivered_mean"]).all()
    assert np.isnan(gone["delivered_quantile"]).all()
    assert (gone["delivered_n"] == 0).all()


# The same whatever the way --------------------------------------------------------------------------------------------


def test_blocks_and_workers_leave_no_trace(many):
    one, other = (
        run(many, engine=Instant(width), workers=workers, summaries=mk.Summaries(Q))
        for width, workers in ((32, 1), (177, 2))
    )
    xr.testing.assert_identical(one, other)


def test_workers_leave_no_trace_on_the_real_engine():
    people = mk.population("postmenopausal", 100, rng=7)
    one, other = (run(people, engine=mk.Cascade(lanes=16), workers=w, summaries=mk.Summaries()) for w in (1, 3))
    xr.testing.assert_identical(one, other)


def test_portions_leave_no_trace_but_in_the_last_bits_of_a_mean(many, monkeypatch):
    regimens = [DOSING, mk.Regimen(), mk.dose("MK-7", "1 mg")] * (many.n // 3) + [DOSING] * (many.n % 3)
    whole = run(many, regimens, summaries=mk.Summaries(Q))
    monkeypatch.setattr(streams, "PORTION", 1024)
    engine = Instant(seen=[])
    parts = run(many, regimens, engine=engine, summaries=mk.Summaries(Q))
    assert [one.people.n for one in engine.seen] == [1024] * 4 + [700]
    for name in whole.data_vars:
        if name.endswith(("_mean", "_sd")):
            assert parts[name].values == pytest.approx(whole[name].values, rel=1e-12, abs=1e-15), name
        else:
            assert parts[name].values.tobytes() == whole[name].values.tobytes(), name


def test_progress_counts_the_whole(many, monkeypatch):
    monkeypatch.setattr(streams, "PORTION", 2048)
    told = []
    run(many, summaries=mk.Summaries(), progress=lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1] == (many.n, many.n)


def test_whoever_may_miss_many_doses_comes_in_small_portions():
    daily = mk.dose("MK-7", "1 ug", every="24 h")
    assert streams.portion_size([mk.Regimen()], 1e5) == streams.PORTION
    assert streams.portion_size([daily], 1e5) == streams.PORTION
    assert streams.portion_size([daily * mk.adherence(0.9)], 24.0 * 50_000) == 2048
    assert streams.portion_size([daily * mk.adherence(0.9)], 24.0 * 500_000) == 1024


# Failures and ends ----------------------------------------------------------------------------------------------------

FAILS = {3: 30.0, 11: 0.0, 2: 50.0, 30: 24.0, 31: 24.0, 32: 24.0}


def test_who_fails_is_left_out_from_then_on_and_reported(monkeypatch):
    people = mk.population("postmenopausal", 60, rng=7)
    message = (
        "6 of 60 subjects could not be solved (2, 3, 11, 30, 31, ...): the first, 2, because of 'tolerance "
        "not reached' at 2.08333 d; their values are missing from then on, and a looser rtol or bounded parameters may "
        "help."
    )
    with pytest.warns(RuntimeWarning) as told:
        found = run(people, engine=Instant(7, FAILS), summaries=mk.Summaries(Q))
    assert str(told[0].message) == message
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = run(people, engine=Instant(7, FAILS))
    assert_summarises(found, whole, 1e-12)
    assert found["plasma_concentration_failed"].isel(form=0).values.tolist() == [0, 1, 6]
    with pytest.raises(SolveError) as raised:
        run(people, engine=Instant(7, FAILS), summaries=mk.Summaries(), on_failure="raise")
    assert str(raised.value) == message


def test_stopping_leaves_no_thread():
    before = threading.active_count()

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(mk.population("reference", 100), engine=mk.Cascade(lanes=16), progress=stop, summaries=mk.Summaries())
    assert threading.active_count() == before


def test_memory_does_not_grow_with_people():
    daily = mk.dose("MK-7", "180 ug", every="6 h") * mk.adherence(0.8)
    times, most = np.arange(40), []
    for n in (2 * streams.PORTION, 4 * streams.PORTION):
        people = mk.population("reference", n, rng=1)
        tracemalloc.start()
        run(people, daily, engine=Constant(), times=times, summaries=mk.Summaries())
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.05 * most[0] + 32 * 2 * streams.PORTION  # four numbers for each person are all that grows


class Constant(Instant):
    """No work at all, so that memory is that of what goes on around the engine."""

    def piece(self, problem, wanted, subjects):
        shapes = {name: (len(problem.times), len(problem.model.offers[name].members)) for name in wanted}
        values = np.exp(4 * np.sin(subjects))
        outputs = {name: np.ones((*shape, 1)) * values for name, shape in shapes.items()}
        return Piece(subjects, outputs, np.zeros(len(subjects), np.int8), np.full(len(subjects), np.nan))


# What is refused ------------------------------------------------------------------------------------------------------


def unknown_periods():
    people = mk.population("postmenopausal", 2, rng=1)
    column = replace(people.table["years_since_last_period"], values=[np.nan, 5.0])
    return replace(people, table={**people.table, "years_since_last_period": column})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: mk.Summaries(0.5), "quantiles: got 0.5, expected probabilities such as (0.05, 0.5, 0.95)."),
        (lambda: mk.Summaries("0.5"), "quantiles: got '0.5', expected probabilities such as (0.05, 0.5, 0.95)."),
        (lambda: mk.Summaries((5,)), "quantile: got 5.0, expected a probability from 0 to 1."),
        (lambda: mk.Summaries((np.nan,)), "quantile: got nan, expected a finite number without a unit."),
        (lambda: mk.Summaries(accuracy=0), "accuracy of summaries: got 0.0, expected a number from 0.0001 to 0.1."),
        (lambda: mk.Summaries(by=3), "by: got 3, expected the name of a column of the population."),
        (lambda: run(None, summaries=True), "summaries: got True, expected mk.Summaries()."),
        (
            lambda: run(mk.population("postmenopausal", 101, rng=1), summaries=mk.Summaries(by="weight")),
            "column 'weight' to summarise by: got '101 different values', expected at most 100.",
        ),
        (
            lambda: run(unknown_periods(), summaries=mk.Summaries(by="years_since_last_period")),
            "column 'years_since_last_period' to summarise by: got nan, expected a number for every person.",
        ),
        (
            lambda: run(mk.population("postmenopausal", 3, rng=1), [DOSING] * 2, summaries=mk.Summaries()),
            "regimens: got a sequence of 2, expected one for each of 3 subjects.",
        ),
    ],
)
def test_messages(ask, message):
    with pytest.raises(InputError) as refused:
        ask()
    assert str(refused.value) == message


def test_a_column_that_nobody_has():
    with pytest.raises(
        UnknownNameError,
        match=r"^unknown column of population 'reference' to summarise by: got 'ages'.*nearest is 'age'\.$",
    ):
        run(mk.population("reference", 2), summaries=mk.Summaries(by="ages"))


def test_quantiles_may_be_an_array_and_the_settings_are_frozen():
    asked = mk.Summaries(np.array([0.1, 0.9]))
    assert asked == mk.Summaries((0.1, 0.9))
    assert hash(asked) == hash(mk.Summaries((0.1, 0.9)))
