"""A subject that cannot be solved: missing from the failing time on, named, and nobody else's business."""

import re
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.declare import Array, Block, Member, Onset, covariate, output, param, reads, stage, state
from menaquinone.errors import SolveError
from menaquinone.model import Model

WHY = "assumed: for the test"


class Level(NamedTuple):
    heat: Array = state("1", "what grows", start=1.0)


class Heat(NamedTuple):
    heat: Array = output("1", "what grows")


def heat(p, x, u):
    return Heat(x.heat)


class Fuel(NamedTuple):
    fuel: Array = param(0.002, "L/nmol/h", "growth of what feeds on itself", source=WHY)


class Plasma(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")


FIRE = Block(
    "fire", Fuel, Level, lambda p, x, u: Level(p.fuel * u.plasma_concentration * x.heat**2), Plasma, Heat, heat,
    over="form", affine=False,
)  # fmt: skip
"""1 / heat falls with exposure and reaches 0 at a finite time."""


class Gain(NamedTuple):
    gain: Array = param(1e-3, "1/h", "growth", source=WHY)


FLOOD = Block("flood", Gain, Level, lambda p, x, u: Level(p.gain * x.heat), Outputs=Heat, outputs=heat)
"""Grows until no number holds it."""


class Settling(NamedTuple):
    heat: Array = state("1", "what grows")


class Total(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration, all forms", sum_over="form")


def fold(p, x, u):
    return Settling(heat=0.01 * u.plasma_concentration + p.fuel * x.heat**2 - 0.1 * x.heat)


FOLD = Block("fold", Fuel, Settling, fold, Total, Heat, heat, affine=False)
"""Has a steady state while plasma is low, and none above."""


class AlarmParameters(NamedTuple):
    alarm_age: Array = param(60.01, "a", "age at which the alarm goes off", source=WHY)
    ticking: Array = param(1.0, "1/h", "hours per hour", source=WHY)


class Since(NamedTuple):
    since: Array = state("1", "hours since then", start=0.0)


class Age(NamedTuple):
    age: Array = covariate("h", "age")


class AlarmOutputs(NamedTuple):
    hours_since: Array = output("1", "hours since the alarm")


ALARM = Block(
    "alarm", AlarmParameters, Since, lambda p, x, u: Since(p.ticking), Age, AlarmOutputs,
    lambda p, x, u: AlarmOutputs(x.since), onset=Onset("age", "alarm_age", Since(0.0)),
)  # fmt: skip

PLASMA_STAGES = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[]).stages
BURNS = Model(*PLASMA_STAGES, stage(FIRE, Member(("MK-7",))), stage(ALARM), name="fire")
FLOODS = Model(*PLASMA_STAGES, stage(FLOOD), stage(ALARM), name="flood")
TIMES = np.linspace(0, 6, 13)
DAILY = mk.dose("MK-7", "180 ug", every="24 h")
ONE = 2


def burning():
    """One of five takes what the fire feeds on."""
    people = mk.population("reference", 5, rng=1).eating({"MK-7": 0.0})
    return BURNS, people, {k: DAILY if k == ONE else mk.Regimen() for k in range(5)}


def flooding():
    """One of five grows ten thousand times as fast."""
    factor = np.where(np.arange(5) == ONE, 1e4, 1.0)
    return FLOODS, replace(mk.population("reference", 5, rng=1), factors={"gain": factor}), DAILY


CASES = pytest.mark.parametrize(
    ("case", "because"),
    [(burning, "tolerance not reached|value not finite"), (flooding, "value not finite")],
    ids=["blow-up", "overflow"],
)
ENGINES = pytest.mark.parametrize("engine", [mk.Cascade(), mk.Reference(rtol=1e-6)], ids=["cascade", "reference"])


def solved(case, engine=None, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", mk.SafetyWarning)
        result = mk.simulate(*case, times=TIMES, engine=engine, **options)
    return result, [str(one.message) for one in caught]


@ENGINES
@CASES
def test_a_failed_subject_is_missing_from_the_failing_time_on_with_status_and_warning(case, because, engine):
    result, said = solved(case(), engine)
    status, failed_at = result["status"].values, result["failed_at"].values
    assert (status != 0).tolist() == [False, False, True, False, False]
    assert np.isfinite(failed_at[ONE])
    assert np.isnan(np.delete(failed_at, ONE)).all()
    assert 0 <= failed_at[ONE] < 6
    late = failed_at[ONE] < TIMES
    for name in case()[0].outputs:
        values = np.moveaxis(result[name].values, 0, -1).reshape(len(TIMES), -1, 5)
        assert np.isnan(values[late][..., ONE]).all(), name
        assert np.isfinite(values[~late][..., ONE]).all(), name
        assert np.isfinite(np.delete(values, ONE, axis=-1)).all(), name
    (message,) = said
    assert re.fullmatch(
        r"1 of 5 subjects could not be solved \(2\): the first, 2, because of "
        rf"'({because})' at [\d.]+ d; their values are missing from then on, and a looser rtol or bounded parameters "
        r"may help\.",
        message,
    )
    meanings = result["status"].attrs["flag_meanings"].split()
    assert meanings[status[ONE]].replace("_", " ") in message
    assert result["failed_at"].attrs["units"] == "d"


@CASES
def test_others_are_unaffected_bit_for_bit(case, because):
    model, people, regimens = case()
    others = [k for k in range(5) if k != ONE]
    result, _ = solved((model, people, regimens))
    calm, said = solved((model, people.select(others), regimens))
    assert said == []
    assert "failed_at" not in calm
    for name in model.outputs:
        assert result[name].sel(subject=others).values.tobytes() == calm[name].values.tobytes(), name
    # the alarm of the others went off while their neighbour used up its attempts
    assert calm["hours_since"].values[:, -1] == pytest.approx(6 * 24 - 0.01 * 365.25 * 24, rel=1e-9)


@CASES
def test_the_failed_subject_is_the_same_alone(case, because):
    model, people, regimens = case()
    result, _ = solved((model, people, regimens))
    alone, _ = solved((model, people.select([ONE]), regimens))
    for name in [*model.outputs, "status", "failed_at"]:
        assert np.array_equal(result[name].sel(subject=[ONE]).values, alone[name].values, equal_nan=True), name


def test_the_blow_up_is_where_it_should_be():
    model, people, regimens = burning()
    result, _ = solved((model, people, regimens))
    times = np.linspace(0, float(result["failed_at"].values[ONE]), 400)
    plasma = mk.simulate(model, people.select([0]), DAILY, times=np.unique(np.round(times, 6))[:-1], on_failure="nan")
    area = np.trapezoid(plasma["plasma_concentration"].values[0, :, 0], plasma["time"].values * 24)
    assert 0.002 * area == pytest.approx(1.0, rel=1e-2)


@CASES
def test_an_exception_by_choice(case, because):
    with pytest.raises(SolveError, match=r"1 of 5 subjects could not be solved \(2\): the first, 2, because of '"):
        mk.simulate(*case(), times=TIMES, on_failure="raise")


def test_many_failures_are_counted_and_the_first_ones_named():
    model, people, _ = burning()
    people = mk.population("reference", 9, rng=1)
    _, (message,) = solved((model, people, DAILY))
    assert message.startswith("9 of 9 subjects could not be solved (0, 1, 2, 3, 4, ...): the first, 0, because of")


def test_panels_that_may_not_be_refined_still_report_what_is_not_finite():
    result, said = solved(flooding(), mk.Cascade(adaptive=False))
    assert len(said) == 1
    assert (result["status"].values != 0).tolist() == [False, False, True, False, False]
    assert np.isnan(result["heat"].values[ONE, -1])


@pytest.mark.parametrize(
    "engine",
    [mk.Cascade(adaptive=False), pytest.param(mk.Cascade(), marks=pytest.mark.slow)],
    ids=["fixed", "adaptive"],
)
def test_a_subject_without_a_periodic_orbit_is_missing_from_there_on(engine):
    factor = np.where(np.arange(5) == ONE, 100.0, 1.0)
    people = replace(mk.population("reference", 5, rng=1), factors={"fuel": factor})
    model = Model(*PLASMA_STAGES, stage(FOLD), name="fold")
    steady = mk.dose("MK-7", "1 mg", every="24 h", start="24 h", steady_state=True)
    result, said = solved((model, people, steady), engine)
    assert len(said) == 1
    assert result["failed_at"].values[ONE] == 1.0
    assert np.isnan(result["heat"].values[ONE, TIMES > 1]).all()
    assert np.isfinite(result["heat"].values[ONE, TIMES <= 1]).all()
    calm, _ = solved((model, people.select([0, 1, 3, 4]), steady), engine)
    assert result["heat"].sel(subject=[0, 1, 3, 4]).values.tobytes() == calm["heat"].values.tobytes()
    # once on its orbit, a subject stays on it
    days = calm["heat"].sel(time=[2, 3, 4, 5, 6]).values
    assert days == pytest.approx(np.repeat(days[:, :1], 5, axis=1), rel=1e-5 if engine.adaptive else 1e-3)
