"""States that begin inside a panel: what they are from then on, whatever their equations and whoever reads them."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.solve.own_blocks import WHY
from tests.solve.test_engines_agree import assert_close

import menaquinone as mk
from menaquinone.declare import Array, Block, Member, Onset, output, param, reads, stage, state
from menaquinone.model import Model

pytestmark = pytest.mark.accuracy

FORM = "MK-7"
TIMES = np.linspace(0.0, 3.0, 10)


class Uptake(NamedTuple):
    rise: Array = param(0.05, "1/h", "how fast it adds up: beginnings are known to the last digit", source=WHY)


class Exposed(NamedTuple):
    exposure: Array = state("1", "what has added up", start=0.0)


class Exposure(NamedTuple):
    exposure: Array = output("1", "what has added up")


EXPOSURE = Block(
    "exposure", Uptake, Exposed, lambda p, x, u: Exposed(p.rise), Outputs=Exposure,
    outputs=lambda p, x, u: Exposure(x.exposure), over="form",
)  # fmt: skip


class Rates(NamedTuple):
    threshold: Array = param(1.0, "1", "exposure from which there is something", source=WHY)
    gain: Array = param(0.3, "1/h", "growth", source=WHY)
    loss: Array = param(0.2, "1/h", "loss", source=WHY)


class Two(NamedTuple):
    size: Array = state("1", "what begins", start=0.0)
    shade: Array = state("1", "what follows it", start=0.0)


class Level(NamedTuple):
    exposure: Array = reads("1", "what has added up")
    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")


class Size(NamedTuple):
    size: Array = output("1", "what begins")
    shade: Array = output("1", "what follows it")


def growing(name, rates, **more):
    """Return a block that begins at 2 and 0.5 once exposure reaches its threshold."""
    return Block(
        name, Rates, Two, rates, Level, Size, lambda p, x, u: Size(x.size, x.shade), over="form",
        onset=Onset("exposure", "threshold", Two(2.0, 0.5)), **more,
    )  # fmt: skip


def alone(p, x, u):
    return Two(p.gain - p.loss * x.size, 0.1 * x.size - p.loss * x.shade)


def fed(p, x, u):
    return Two(p.gain * u.plasma_concentration - p.loss * x.size + 0.05 * x.shade, 0.1 * x.size - p.loss * x.shade)


def eaten(p, x, u):
    level = 0.02 * u.plasma_concentration
    return Two(p.gain - (p.loss + level) * x.size, level * x.size - p.loss * x.shade)


def exchanged(p, x, u):
    level = 0.02 * u.plasma_concentration
    return Two(p.gain - (p.loss + level) * x.size + level * x.shade, level * (x.size - x.shade) - p.loss * x.shade)


def saturated(p, x, u):
    return Two(p.gain - p.loss * x.size / (1.0 + x.size), 0.1 * x.size - p.loss * x.shade)


KINDS = {
    "constant": growing("constant", alone),
    "driven": growing("driven", fed),
    "one way": growing("one way", eaten),
    "both ways": growing("both ways", exchanged),
    "not affine": growing("saturated", saturated, affine=False),
}


class Follow(NamedTuple):
    following: Array = param(0.02, "1/h", "how fast it follows", source=WHY)


class Followed(NamedTuple):
    behind: Array = state("1", "what follows what begins", start=0.0)


class Read(NamedTuple):
    size: Array = reads("1", "what begins")


class Shown(NamedTuple):
    behind: Array = output("1", "what follows what begins")


class Behind(NamedTuple):
    behind: Array = reads("1", "what follows what begins")


FOLLOWER = Block(
    "follower", Follow, Followed, lambda p, x, u: Followed(p.following * (u.size - x.behind)), Read, Shown,
    lambda p, x, u: Shown(x.behind), over="form",
)  # fmt: skip


class SecondAt(NamedTuple):
    second_threshold: Array = param(1.0, "1", "size from which something else begins", source=WHY)


class ThirdAt(NamedTuple):
    third_threshold: Array = param(1.0, "1", "what follows from which a third begins", source=WHY)


class Begun(NamedTuple):
    hours: Array = state("1", "hours since then", start=0.0)


class Second(NamedTuple):
    hours_of_second: Array = output("1", "hours since the second began")


class Third(NamedTuple):
    hours_of_third: Array = output("1", "hours since the third began")


SECOND = Block(
    "second", SecondAt, Begun, lambda p, x, u: Begun(1.0), Read, Second, lambda p, x, u: Second(x.hours), over="form",
    onset=Onset("size", "second_threshold", Begun(0.0)),
)  # fmt: skip
THIRD = Block(
    "third", ThirdAt, Begun, lambda p, x, u: Begun(1.0), Behind, Third, lambda p, x, u: Third(x.hours), over="form",
    onset=Onset("behind", "third_threshold", Begun(0.0)),
)  # fmt: skip


def model_of(kind, *, following=None, **changes):
    """Return a model in which something begins, and what reads it if that is asked for."""
    member = Member((FORM,))
    plasma = mk.models.vitamin_k(forms=[FORM], tissues=["vessel"], proteins=[]).stages
    behind = [] if following is None else [stage(FOLLOWER, member)]
    model = Model(*plasma, stage(EXPOSURE, member), stage(KINDS[kind], member), *behind, name=kind)
    more = {} if following is None else {f"following[{FORM}]": following}
    return model.replace({f"{name}[{FORM}]": value for name, value in changes.items()} | more)


def compare(model, regimen, since):
    """Compare with the reference where something begins after so many hours."""
    model = model.replace({f"threshold[{FORM}]": 0.05 * since})
    people, outputs = mk.population("reference", 2, rng=3), ["size", "shade"]
    options = {"times": TIMES, "outputs": [*outputs, "behind"] if "behind" in model.offers else outputs}
    exact = mk.simulate(model, people, regimen, engine=mk.Reference(rtol=1e-11), **options)
    assert ((exact["size"].values[0, :, 0] > 0) == (since <= TIMES * 24)).all()
    largest = {name: np.nanmax(np.abs(exact[name].values)) for name in options["outputs"]}
    for rtol in (1e-4, 1e-6, 1e-8):
        assert_close(mk.simulate(model, people, regimen, rtol=rtol, **options), exact, rtol, largest)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=4)
@given(since=st.floats(0.1, 70.0), amount=st.integers(1, 2000), quick=st.floats(0.01, 2.0))
def test_states_are_right_from_where_they_begin(kind, since, amount, quick):
    compare(model_of(kind, loss=quick), mk.dose(FORM, f"{amount} ug", every="24 h"), since)


@pytest.mark.parametrize("kind", ["constant", "one way", "not affine"])
@pytest.mark.parametrize("following", [1e-4, 0.02, 3.0])
@settings(max_examples=2)
@given(since=st.floats(0.1, 70.0))
def test_who_reads_what_begins_is_right_too(kind, following, since):
    compare(model_of(kind, following=following), mk.dose(FORM, "360 ug", every="24 h"), since)


@pytest.mark.parametrize("read", [True, False])
@settings(max_examples=4)
@given(since=st.floats(0.1, 60.0), size=st.floats(0.5, 6.0), behind=st.floats(0.01, 3.0), quick=st.floats(0.01, 0.5))
@example(since=30.0, size=2.2, behind=0.1, quick=0.1)
def test_what_begins_behind_what_begins_does_so_at_its_hour(read, since, size, behind, quick):
    """Size steps from 0 to 2 and rises to 10; the second begins at the step or behind it, the third later or never.

    Where nobody else reads it no error estimate objects to a step inside a panel.
    """
    member, outputs = Member((FORM,)), ["size", "hours_of_second"] + ["behind", "hours_of_third"] * read
    model = model_of("constant", loss=0.03, following=quick if read else None, threshold=0.05 * since)
    more = [stage(SECOND, member), stage(THIRD, member)] if read else [stage(SECOND, member)]
    model = Model(*model.stages, *more, name="more").replace({f"second_threshold[{FORM}]": size})
    model = model.replace({f"third_threshold[{FORM}]": behind}) if read else model
    options = {"times": TIMES, "outputs": outputs}
    people, regimen = mk.population("reference", 2, rng=3), mk.dose(FORM, "360 ug", every="24 h")
    exact = mk.simulate(model, people, regimen, engine=mk.Reference(rtol=1e-11), **options)
    hours = {"hours_of_second", "hours_of_third"}
    for rtol in (1e-4, 1e-6, 1e-8):
        got = mk.simulate(model, people, regimen, rtol=rtol, **options)
        for name in hours & set(outputs):
            assert np.abs(got[name] - exact[name]).max() <= 10 * rtol * 72, name
        assert_close(got, exact, rtol, {"size": 10.0, "behind": 10.0}, but=hours)


@pytest.mark.parametrize("kind", KINDS)
def test_a_life_apart_from_others(kind):
    """Thresholds that sixteen and more people reach on days of their own, or never: everybody is who they are alone."""
    people = mk.population("reference", 40, rng=5)
    levels = np.geomspace(0.1, 1e3, 40)
    people = type(people)(
        people.name, people.ids, people.seed, people.factors, {**people.values, f"threshold[{FORM}]": levels},
        people.diet, people.table,
    )  # fmt: skip
    regimen = mk.dose(FORM, "360 ug", every="24 h")
    run = lambda who: mk.simulate(
        model_of(kind, following=0.02), who, regimen, times=[0.0, 30.0, 200.0], outputs=["size", "shade", "behind"]
    )
    whole = run(people)
    assert 5 < (whole["size"].values[:, -1] > 0).sum() < 35
    for one in (0, 11, 20, 33):
        mine = run(people.select([people.ids[one]]))
        for name in ("size", "shade", "behind"):
            assert (mine[name].values[0] == whole[name].values[one]).all(), name


@pytest.mark.parametrize("after", [1e-10, 0.5, 1.0 - 1e-10])
def test_onsets_at_the_edges_of_panels_and_at_output_times(after):
    model = model_of("constant", threshold=0.05 * (24.0 + after))
    people = mk.population("reference", 1).eating({FORM: 0.0})
    times = np.array([0.0, 24.0, 24.5, 25.0, 48.0]) / 24
    found = mk.simulate(model, people, mk.Regimen(), times=times, outputs=["size"], rtol=1e-8)["size"].values[0, :, 0]
    since = np.maximum(times * 24 - (24.0 + after), 0.0)
    wanted = np.where(times * 24 >= 24.0 + after, 1.5 + 0.5 * np.exp(-0.2 * since), 0.0)
    near = np.abs(times * 24 - (24.0 + after)) < 1e-6
    assert np.where(near, wanted, found) == pytest.approx(wanted, rel=1e-6)
