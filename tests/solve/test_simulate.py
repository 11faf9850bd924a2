"""The front door: what it refuses, in whole sentences, and the edges of what it takes."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.declare import Array, Block, Onset, covariate, output, param, stage, state
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.model import Model
from menaquinone.solve.asked import hours_of

SMALL = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
PLASMA = ["plasma_concentration"]
WORDING = "'start:stop:step unit' such as '0:730:14 d', or an array of days"
OUTPUTS = (
    "'plasma_concentration', 'absorbed_level', 'delivered', 'reference_delivered', 'delivered_mk4', "
    "'tissue_vitamin_k', 'mk4_share', 'vkor_activity' and 'hydroquinone'"
)
LISTING = "a list of names such as 'plasma_concentration' and 'tissue_vitamin_k'"
DOSE = "a regimen such as mk.dose('MK-7', '180 ug', every='24 h')"


def said(error, call):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ("soon", f"times: got 'soon', expected {WORDING}."),
        ("", f"times: got '', expected {WORDING}."),
        ("0:10:1", f"times: got '0:10:1', expected {WORDING}."),
        (None, f"times: got None, expected {WORDING}."),
        (["noon"], f"times: got ['noon'], expected {WORDING}."),
        ({"from": 0}, "times: got {'from': 0}, " + f"expected {WORDING}."),
        ("0:10:1 kg", "times: got '0 kg', expected a time such as '24 h'."),
        ("a:b:c d", "times: got 'a d', expected a quantity with its unit such as '24 h'."),
        ("0:10:0 d", "times: got '0:10:0 d', expected a step greater than 0 and a stop not before the start."),
        ("0:10:-1 d", "times: got '0:10:-1 d', expected a step greater than 0 and a stop not before the start."),
        ("10:0:1 d", "times: got '10:0:1 d', expected a step greater than 0 and a stop not before the start."),
        ("-2:10:1 d", "times: got -2 d, expected finite times of at least 0."),
        ([0, 2, 1], "times: got 1 d after 2 d, expected times in rising order, each once."),
        ([0, 1, 1], "times: got 1 d after 1 d, expected times in rising order, each once."),
        ([-1, 1], "times: got -1 d, expected finite times of at least 0."),
        ([2, -3, 1], "times: got -3 d, expected finite times of at least 0."),
        ([0, np.nan], "times: got nan d, expected finite times of at least 0."),
        ([0, np.inf], "times: got inf d, expected finite times of at least 0."),
        ([], "times: got [], expected at least one time in one dimension."),
        ([[0, 1]], "times: got [[0, 1]], expected at least one time in one dimension."),
    ],
)
def test_times_that_are_refused(times, message):
    assert said(InputError, lambda: mk.simulate(SMALL, times=times)) == message


@pytest.mark.parametrize(
    ("times", "hours"),
    [
        ("0:2:1 d", [0, 24, 48]),
        (" 0 : 2 : 1  d ", [0, 24, 48]),
        ("0:5:2 h", [0, 2, 4]),
        ("0:4:2 h", [0, 2, 4]),
        ("1:1:1 wk", [168]),
        ("0:0.3:0.1 d", [0, 2.4, 4.8, 7.2]),
        ([0.5, 2], [12, 48]),
        (3, [72]),
        (np.array([1], dtype=np.int8), [24]),
    ],
)
def test_times_that_are_read(times, hours):
    assert hours_of(times) == pytest.approx(np.array(hours, float), abs=1e-9)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rtol": 1}, InputError, "rtol: got 1, expected a number from 1e-10 to 0.01."),
        ({"rtol": 0.0}, InputError, "rtol: got 0.0, expected a number from 1e-10 to 0.01."),
        ({"rtol": "small"}, InputError, "rtol: got 'small', expected a finite number without a unit."),
        ({"rtol": float("nan")}, InputError, "rtol: got nan, expected a finite number without a unit."),
        (
            {"outputs": ["plasma"]},
            UnknownNameError,
            f"unknown output: got 'plasma', expected one of {OUTPUTS}.",
        ),
        (
            {"outputs": ["plasma_concentrations"]},
            UnknownNameError,
            (
                f"unknown output: got 'plasma_concentrations', expected one of {OUTPUTS}; the nearest is "
                "'plasma_concentration'."
            ),
        ),
        (
            {"outputs": ["inr"]},
            InputError,
            (
                "output 'inr': got model 'vitamin K' without an antagonist, expected one as in "
                "mk.models.vitamin_k(antagonists=['warfarin'])."
            ),
        ),
        (
            {"people": mk.population("reference", 1, diet={"MK7": 45.0})},
            UnknownNameError,
            (
                "unknown form that population 'reference' habitually eats: got 'MK7', expected one of 'K1', 'MK-4', "
                "'MK-7', 'MK-8' and 'MK-9'; the nearest is 'MK-7'."
            ),
        ),
        ({"outputs": "hydroquinone"}, InputError, f"outputs: got 'hydroquinone', expected {LISTING}."),
        ({"outputs": []}, InputError, f"outputs: got [], expected {LISTING}."),
        ({"outputs": 3}, InputError, f"outputs: got 3, expected {LISTING}."),
        ({"engine": "cascade"}, InputError, "engine: got 'cascade', expected mk.Cascade() or mk.Reference()."),
        (
            {"engine": mk.Cascade},
            InputError,
            "engine: got <class 'menaquinone.solve.cascade.Cascade'>, expected mk.Cascade() or mk.Reference().",
        ),
        (
            {"on_failure": "rise"},
            UnknownNameError,
            "unknown on_failure: got 'rise', expected one of 'nan' and 'raise'; the nearest is 'raise'.",
        ),
        ({"workers": 0}, InputError, "workers: got 0, expected a whole number of at least 1."),
        ({"workers": 1.5}, InputError, "workers: got 1.5, expected a whole number of at least 1."),
        ({"progress": 3}, InputError, "progress: got 3, expected a function of subjects done and subjects in all."),
        (
            {"people": 20},
            InputError,
            "people: got 20, expected a population such as mk.population('postmenopausal', 100).",
        ),
        (
            {"rng": -1},
            InputError,
            "rng: got -1, expected a whole number of at least 0, a NumPy Generator, a SeedSequence or None.",
        ),
        ({"regimen": "MK-7"}, InputError, f"regimen: got 'MK-7', expected {DOSE}."),
        ({"regimen": 3}, InputError, f"regimen: got 3, expected {DOSE}."),
        ({"regimen": {0: "MK-7"}}, InputError, f"regimen of a subject: got 'MK-7', expected {DOSE}."),
        (
            {"regimen": {1: mk.Regimen()}},
            InputError,
            "regimens: got none for subject 0, expected one for every subject.",
        ),
        (
            {"regimen": [mk.Regimen()] * 2},
            InputError,
            "regimens: got a sequence of 2, expected one for each of 1 subjects.",
        ),
        (
            {"regimen": mk.dose("K1", "1 mg")},
            UnknownNameError,
            "unknown form that this model takes doses of: got 'K1', expected one of 'MK-7'.",
        ),
    ],
)
def test_options_that_are_refused(options, error, message):
    assert said(error, lambda: mk.simulate(SMALL, **{"times": [0, 1], **options})) == message


def test_a_model_that_is_none():
    message = "model: got 'vitamin K', expected a model such as mk.models.vitamin_k()."
    assert said(InputError, lambda: mk.simulate("vitamin K", times=[0])) == message


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: mk.Cascade(lanes=7), InputError, "lanes: got 7, expected a multiple of 16 up to 65536."),
        (lambda: mk.Cascade(lanes=0), InputError, "lanes: got 0, expected a multiple of 16 up to 65536."),
        (lambda: mk.Cascade(lanes="a"), InputError, "lanes: got 'a', expected a multiple of 16 up to 65536."),
        (lambda: mk.Cascade(level=9), InputError, "level: got 9, expected a whole number from 0 to 8."),
        (lambda: mk.Cascade(level=0.5), InputError, "level: got 0.5, expected a whole number from 0 to 8."),
        (lambda: mk.Cascade(window=0), InputError, "window: got 0, expected hours greater than 0."),
        (lambda: mk.Cascade(window="a"), InputError, "window: got 'a', expected a finite number without a unit."),
        (
            lambda: mk.Reference(method="LSOD"),
            UnknownNameError,
            (
                "unknown method: got 'LSOD', expected one of 'LSODA', 'DOP853', 'Radau', 'BDF' and 'RK45'; "
                "the nearest is 'LSODA'."
            ),
        ),
        (
            lambda: mk.Reference(rtol=1),
            InputError,
            "rtol of the reference engine: got 1, expected a number from 1e-13 to 0.01.",
        ),
    ],
)
def test_engines_that_are_refused(make, error, message):
    assert said(error, make) == message


# Covariates -----------------------------------------------------------------------------------------------------------


class Mood(NamedTuple):
    mood: Array = covariate("1", "what no population offers")


class Level(NamedTuple):
    level: Array = output("1", "level")


def test_a_covariate_that_nobody_offers():
    block = Block("moody", Inputs=Mood, Outputs=Level, outputs=lambda p, x, u: Level(u.mood))
    model = Model(stage(block), name="moods")
    message = (
        "unknown covariate that the model 'moods' reads of population 'reference': got 'mood', expected one of 'age', "
        "'egfr', 'bone_loss' and 'growth_noise'."
    )
    assert said(UnknownNameError, lambda: mk.simulate(model, times=[0, 1])) == message


def test_a_covariate_that_these_people_do_not_have():
    people = mk.population("reference", 2)
    people = replace(people, table={name: one for name, one in people.table.items() if name != "egfr"})
    with pytest.raises(
        UnknownNameError, match=r"reads of population 'reference': got 'egfr', expected one of 'age', 'bone"
    ):
        mk.simulate(mk.models.vitamin_k(), people, times=[0, 1])


class Rate(NamedTuple):
    gain: Array = param(0.0, "1/h", "no loss at all", source="assumed: for the test")


class Stock(NamedTuple):
    stock: Array = state("1", "what never settles")


def test_states_without_a_steady_state():
    block = Block(
        "pile",
        Rate,
        Stock,
        lambda p, x, u: Stock(1.0 + p.gain * x.stock),
        Outputs=Level,
        outputs=lambda p, x, u: Level(x.stock),
    )
    message = "block 'pile': got states without a steady state, expected `start=` a number or a parameter for them."
    assert said(InputError, lambda: mk.simulate(Model(stage(block)), times=[0, 1])) == message


# Edges ----------------------------------------------------------------------------------------------------------------

ENGINES = pytest.mark.parametrize("engine", [mk.Cascade(), mk.Reference()], ids=["cascade", "reference"])


@ENGINES
def test_a_run_of_no_length_is_the_habitual_state(engine):
    result = mk.simulate(mk.models.vitamin_k(), None, mk.dose("MK-7", "1 mg"), times=[0], engine=engine)
    assert dict(result.sizes)["time"] == 1
    assert result["plasma_concentration"].sel(form=["K1", "MK-7"]).values.ravel() == pytest.approx([0.94, 0.43])
    assert result["dp_ucmgp"].values.item() == pytest.approx(376, rel=1e-3)
    assert result["bmd"].values.item() == 1.0
    assert (result["status"] == 0).all()


@ENGINES
def test_hourly_output_around_doses_shows_troughs(engine):
    hourly = mk.simulate(
        SMALL, None, mk.dose("MK-7", "1 mg", every="6 h"), times="0:24:1 h", outputs=PLASMA, engine=engine
    )
    sparse = mk.simulate(SMALL, None, mk.dose("MK-7", "1 mg", every="6 h"), times=[0, 0.5, 1], outputs=PLASMA)
    assert hourly["time"].values * 24 == pytest.approx(np.arange(25))
    common = hourly["plasma_concentration"].isel(time=[0, 12, 24]).values
    assert common == pytest.approx(sparse["plasma_concentration"].values, rel=1e-5)


def test_the_first_time_need_not_be_zero_and_times_need_not_meet_anything():
    dosing = mk.dose("MK-7", "1 mg", every="24 h", duration="90 min", lag="20 min")
    some = mk.simulate(SMALL, None, dosing, times=[1.2345, 3.21], outputs=PLASMA)
    times = np.unique([*np.linspace(0, 4, 50), 1.2345, 3.21])
    many = mk.simulate(SMALL, None, dosing, times=times, outputs=PLASMA)
    wanted = many["plasma_concentration"].isel(time=np.searchsorted(times, [1.2345, 3.21])).values
    assert some["plasma_concentration"].values == pytest.approx(wanted, rel=1e-9)


def test_a_dose_at_the_very_end_is_not_seen_yet():
    late = mk.simulate(SMALL, None, mk.dose("MK-7", "1 mg", start="48 h"), times=[0, 2], outputs=PLASMA)
    none = mk.simulate(SMALL, None, None, times=[0, 2], outputs=PLASMA)
    assert (late["plasma_concentration"].values == none["plasma_concentration"].values).all()


def test_growth_noise_without_a_site_is_no_noise():
    noisy = mk.simulate(SMALL, times=[0, 1], growth_noise=True)
    assert noisy.attrs["growth_noise"] == "True"
    assert noisy["plasma_concentration"].identical(mk.simulate(SMALL, times=[0, 1])["plasma_concentration"])


def test_a_block_that_only_begins_after_the_run_stays_zero():
    class Never(NamedTuple):
        never: Array = param(1e9, "a", "age nobody reaches", source="assumed: for the test")

    class Age(NamedTuple):
        age: Array = covariate("h", "age")

    class Grown(NamedTuple):
        stock: Array = state("1", "grown since", start=0.0)

    block = Block(
        "never", Never, Grown, lambda p, x, u: Grown(1.0 + 0 * x.stock), Age, Level, lambda p, x, u: Level(x.stock),
        onset=Onset("age", "never", Grown(5.0)),
    )  # fmt: skip
    assert not mk.simulate(Model(stage(block)), times=[0, 10])["level"].values.any()
