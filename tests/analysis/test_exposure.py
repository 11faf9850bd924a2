"""Non-compartmental analysis against closed forms of one and two exponentials."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.analysis.exposure import (
    RESIDUAL,
    accumulation,
    apparent_half_life,
    auc,
    auc_inf,
    clearance,
    exposure,
    linear,
    linear_up_log_down,
    observe_plasma,
    terminal,
)
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, UnknownNameError

Label = Callable[..., xr.Dataset]
HOURS = np.array([0, 0.5, 1, 2, 4, 6, 8, 12, 24, 48, 72, 96, 120, 168, 240.0])
NAME = "plasma_concentration"

rates = st.floats(0.005, 0.1)
sizes = st.floats(0.1, 100)


def curve(labelled: Label, levels: Any, hours: np.ndarray = HOURS) -> xr.Dataset:
    """Label levels (subject, time)."""
    return labelled(NAME, levels, ("subject", "time"), hours / 24, "nmol/L")


@given(sizes, rates)
def test_one_exponential_is_exact(labelled: Label, size: float, rate: float) -> None:
    found = exposure(curve(labelled, [size * np.exp(-rate * HOURS)]), window=("48 h", "240 h"))
    assert found["half_life"].values == pytest.approx(np.log(2) / rate, rel=1e-9)
    assert found["auc"].values == pytest.approx(size / rate * -np.expm1(-rate * 240), rel=1e-10)
    assert found["auc_inf"].values == pytest.approx(size / rate, rel=1e-9)
    assert found["extrapolated"].values == pytest.approx(np.exp(-rate * 240), rel=1e-8)
    assert found["cmax"].values == size
    assert found["tmax"].values == 0
    assert found["r_squared"].values == pytest.approx(1)
    assert found["points"].values == 6


@given(sizes, st.floats(0.5, 3), sizes, st.floats(0.005, 0.05))
def test_two_exponentials_on_a_fine_grid(labelled: Label, a: float, fast: float, b: float, slow: float) -> None:
    hours = np.concatenate([np.linspace(0, 24, 4001), np.linspace(25, 480, 92)])
    levels = [a * np.exp(-fast * hours) + b * np.exp(-slow * hours)]
    found = exposure(curve(labelled, levels, hours), window=("240 h", "480 h"))
    assert found["half_life"].values == pytest.approx(np.log(2) / slow, rel=1e-6)
    # a logarithmic trapezoid of two exponentials errs by the square of the step
    assert found["auc_inf"].values == pytest.approx(a / fast + b / slow, rel=1e-4)


@given(st.floats(0.3, 3), st.floats(0.02, 0.2), sizes)
def test_peak_of_absorption_with_first_order(labelled: Label, ka: float, k: float, size: float) -> None:
    hours = np.linspace(0, 48, 4801)
    found = exposure(curve(labelled, [size * (np.exp(-k * hours) - np.exp(-ka * hours))], hours))
    assert found["tmax"].values == pytest.approx(np.log(ka / k) / (ka - k), abs=0.011)
    assert sorted(found) == ["auc", "cmax", "tmax"]


@given(st.lists(st.floats(0, 10), min_size=2, max_size=8), st.data())
def test_trapezoids(levels: list[float], data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.floats(0.1, 10), min_size=len(levels), max_size=len(levels)))
    times, level = np.cumsum(gaps), np.array(levels)
    assert linear(times, level).sum() == pytest.approx(np.trapezoid(level, times))
    log_down = linear_up_log_down(times, level)
    assert (log_down <= linear(times, level) * (1 + 1e-12)).all()
    assert (log_down >= np.minimum(level[1:], level[:-1]) * np.diff(times) * (1 - 1e-12)).all()
    assert np.isfinite(log_down).all()


def test_a_nearly_flat_fall_does_not_divide_by_zero() -> None:
    assert linear_up_log_down(
        np.array([0.0, 2.0]),
        np.array(
            [
                1.0,
                1.0 - 1e-16,
            ]
        ),
    ).sum() == pytest.approx(2)
    assert linear_up_log_down(np.array([0.0, 2.0]), np.array([1.0, 1.0 - 1e-12])).sum() == pytest.approx(2, rel=1e-11)


@given(sizes, rates, st.floats(0.1, 10), rates)
def test_every_subject_and_form_is_analysed_alone(labelled: Label, a: float, k: float, b: float, q: float) -> None:
    levels = np.stack([a * np.exp(-k * HOURS), b * np.exp(-q * HOURS)])
    both = np.broadcast_to(levels[None, :, :, None], (3, 2, len(HOURS), 2))
    whole = labelled(NAME, both, ("arm", "subject", "time", "form"), HOURS / 24, "nmol/L")
    found = exposure(whole, window=("48 h", "240 h"))
    for subject in range(2):
        alone = exposure(curve(labelled, levels[[subject]]), window=("48 h", "240 h"))
        for name in alone:
            assert (found[name].isel(subject=subject) == alone[name].values[0]).all()
            assert found[name].dims == ("arm", "subject", "form")


def test_units_and_names(labelled: Label) -> None:
    found = exposure(curve(labelled, [np.exp(-0.05 * HOURS)]), window=("48 h", "240 h"))
    units = {name: one.attrs["units"] for name, one in found.items()}
    assert units == {
        "cmax": "nmol/L", "tmax": "h", "auc": "nmol/L*h", "half_life": "h", "rate": "1/h", "r_squared": "1",
        "points": "1", "auc_inf": "nmol/L*h", "extrapolated": "1",
    }  # fmt: skip
    assert found["half_life"].attrs["window"] == "48 to 240 h"
    assert found["half_life"].attrs["long_name"] == "half-life, 48 to 240 h"
    assert all("source" in one.attrs for one in found.values())


def test_levels_above_entry(labelled: Label) -> None:
    levels = [3 + 5 * np.where(HOURS > 0, np.exp(-0.05 * HOURS), 0)]
    found = exposure(curve(labelled, levels), window=("48 h", "240 h"), above_entry=True)
    assert found["half_life"].values == pytest.approx(np.log(2) / 0.05)
    assert found["cmax"].values == pytest.approx(5 * np.exp(-0.025))


def test_who_failed_or_does_not_fall_has_no_half_life(labelled: Label) -> None:
    failed = np.where(HOURS > 20, np.nan, 1.0)
    zero, rising = np.where(HOURS > 100, 0.0, 1.0), 1 + HOURS
    found = exposure(curve(labelled, [failed, zero, rising]), window=("48 h", "240 h"))
    assert np.isnan(found["half_life"].values).all()
    assert np.isnan(found["points"].values).all()
    assert np.isnan(found["cmax"].values).tolist() == [True, False, False]
    assert np.isnan(found["tmax"].values).tolist() == [True, False, False]


@given(st.floats(0.3, 2), st.floats(0.02, 0.06), st.floats(0.1, 0.9))
def test_apparent_half_life_lies_between_those_of_the_phases(
    labelled: Label, fast: float, slow: float, share: float
) -> None:
    result = curve(labelled, [share * np.exp(-fast * HOURS) + (1 - share) * np.exp(-slow * HOURS)])[NAME]
    found = apparent_half_life(result, ["6 h", "8 h", "12 h", "24 h"])["half_life"]
    assert np.log(2) / fast < found.values[0] < np.log(2) / slow
    assert found.attrs["window"] == "samples at 6, 8, 12, 24 h"
    two = apparent_half_life(result, ["6 h", "24 h"])["rate"].values[0]
    levels = result.values[0, [5, 8]]
    assert two == pytest.approx(np.log(levels[0] / levels[1]) / 18)


def test_area_by_either_method(labelled: Label) -> None:
    one = curve(labelled, [[0.0, 4.0, 1.0]], np.array([0.0, 1.0, 3.0]))[NAME]
    assert auc(one, "linear").values == pytest.approx(7)
    assert auc(one).values == pytest.approx(2 + 6 / np.log(4))
    assert auc_inf(curve(labelled, [np.exp(-0.05 * HOURS)])[NAME], ("48 h", "240 h"), "linear")["auc_inf"].values > 20


def test_clearance_gives_back_what_made_the_curve(labelled: Label) -> None:
    amount = 15e6 / FORMS["MK-4"].molar_mass.value
    levels = amount / 30 * np.exp(-0.08 * HOURS)
    whole = labelled(
        NAME, np.stack([levels, levels / 2], axis=-1)[None], ("subject", "time", "form"), HOURS / 24, "nmol/L",
        form=["MK-4", "MK-7"],
    )  # fmt: skip
    area = auc_inf(whole[NAME], ("48 h", "240 h"))["auc_inf"]
    found = clearance(area, "15 mg", "MK-4")
    assert found.values == pytest.approx(30 * 0.08)
    assert found.attrs["units"] == "L/h"
    assert found.dims == ("subject",)


@given(st.floats(0.01, 0.2), st.integers(2, 20))
def test_accumulation_of_one_exponential(labelled: Label, rate: float, doses: int) -> None:
    hours = np.arange(0, 24 * doses + 1.0)
    levels = sum(np.where(hours >= 24 * n, np.exp(-rate * (hours - 24 * n)), 0.0) for n in range(doses))
    # an observation at a dose time is the trough: read the peak an hour later
    at_dose = (hours % 24 == 0) & (hours > 0) & (hours < 24 * doses)
    levels = np.where(at_dose, levels - 1, levels)
    found = accumulation(curve(labelled, [levels], hours), "24 h", f"{24 * (doses - 1)} h")
    expected = -np.expm1(-24 * rate * doses) / -np.expm1(-24 * rate)
    assert found["trough"].values == pytest.approx(expected)
    assert sorted(found) == ["auc", "peak", "trough"]


def test_an_assay_reads_with_proportional_error_and_a_limit(labelled: Label) -> None:
    levels = np.full((4000, 2, 2), 50.0)
    levels[:, 1] = 0.01
    result = labelled(NAME, levels, ("subject", "time", "form"), [0, 1], "nmol/L")
    read = observe_plasma(result, 3)[f"{NAME}_observed"]
    assert (read.isel(time=0) / 50).std() == pytest.approx(RESIDUAL.value, rel=0.05)
    assert (read.isel(time=0) / 50).mean() == pytest.approx(1, abs=0.01)
    assert np.isnan(read.isel(time=1)).all()
    assert read.dims == result[NAME].dims
    assert read.attrs["units"] == "nmol/L"
    part = observe_plasma(result.isel(subject=[17], time=[0], form=[1]), 3)[f"{NAME}_observed"]
    assert float(part.squeeze()) == float(read[17, 0, 1])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda data: exposure(data, "plasma"),
            "unknown variable of the result: got 'plasma', expected one of 'plasma_concentration'.",
        ),
        (
            lambda data: auc(data[NAME], "log"),
            "unknown method for areas: got 'log', expected one of 'linear-up log-down' and 'linear'.",
        ),
        (
            lambda data: terminal(data[NAME], ("99 h", "150 h")),
            "window of the half-life: got ('99 h', '150 h'), expected three times or more inside it, the result has 1.",
        ),
        (
            lambda data: terminal(data[NAME], (2, 3)),
            "edge of the window: got 2, expected a quantity with its unit such as '24 h'.",
        ),
        (
            lambda data: apparent_half_life(data[NAME], ["6 h", "7 h"]),
            "time of a sample: got '7 h', expected a time at which the result was saved, 0 to 240 h.",
        ),
        (
            lambda data: apparent_half_life(data[NAME], ["6 h"]),
            "samples of the half-life: got ['6 h'], expected two times or more.",
        ),
        (
            lambda data: clearance(data[NAME], "15 mg", "MK-4"),
            "unit of the area: got 'nmol/L', expected 'nmol/L*h'.",
        ),
        (
            lambda data: clearance(auc(data[NAME]).expand_dims(form=["K1"]), "15 mg", "MK-4"),
            "unknown form in the area: got 'MK-4', expected one of 'K1'.",
        ),
        (
            lambda data: accumulation(data, "24 h", "5 h"),
            "end of a dosing interval: got '5.0 h', expected a time at which the result was saved, 0 to 240 h.",
        ),
        (
            lambda data: exposure(data.drop_attrs()),
            "time of the result: got no attribute 'units', expected one such as 'd'.",
        ),
        (
            lambda data: exposure(data.isel(time=0), above_entry=True),
            f"dimensions of '{NAME}': got ('subject',), expected 'time' among them.",
        ),
        (lambda data: observe_plasma(data, 1, error=-0.1), "error: got -0.1, expected a number of at least 0."),
        (
            lambda data: observe_plasma(data, 1),
            f"dimensions of '{NAME}': got ('subject', 'time'), expected 'form' among them.",
        ),
    ],
)
def test_messages(labelled: Label, ask: Callable[[xr.Dataset], object], message: str) -> None:
    with pytest.raises((InputError, UnknownNameError)) as refusal:
        ask(curve(labelled, [np.exp(-0.05 * HOURS)]))
    assert str(refusal.value) == message
