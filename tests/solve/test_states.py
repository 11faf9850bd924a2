"""A state as labelled numbers: out of a result, through files and selections, and into another run."""

import pickle

import numpy as np
import pytest
import xarray

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.results import open_netcdf, to_netcdf

MODEL = mk.models.vitamin_k(forms=["MK-7"])
PEOPLE = mk.population("postmenopausal", 4, rng=3)
DOSING = mk.dose("MK-7", "180 ug", every="24 h", lag="30 h", duration="2 h")
OTHER = (
    "state: got one of model 'vitamin K' with other stages, members or parameters, expected one of this very model "
    "'vitamin K'."
)
KEPT = "the result of mk.simulate(..., final_state=True)"


def run(people=PEOPLE, model=MODEL, regimen=DOSING, **options):
    return mk.simulate(model, people, regimen, **{"times": [0, 2, 4], "outputs": ["dp_ucmgp", "agatston"], **options})


@pytest.fixture(scope="module")
def start():
    return run(final_state=True)


def test_a_state_is_named_numbers(start):
    state = mk.final_state(start)
    assert set(state.data_vars) == {"final_state", "dose_on_its_way"}
    assert set(state.dims) == {"subject", "quantity", "flight"}
    names = [str(name) for name in state["quantity"].values]
    assert len(set(names)) == len(names)
    for name in (
        "oral_pk.central[MK-7]", "calcification.size[coronary]", "begun: calcification[coronary]",
        "at entry: agatston[coronary]", "doses given: record 0",
    ):  # fmt: skip
        assert name in names
    assert state["final_state"].attrs["time_since_entry"] == 4
    assert (state["final_state"].sel(quantity="doses given: record 0") == 4).all()
    assert state["flight_start"].values.tolist() == [0.25]
    assert (state["flight_into"] == "oral_pk.transit_3[MK-7]").all()
    units = dict(zip(names, state["quantity_units"].values.tolist(), strict=True))
    assert units["oral_pk.central[MK-7]"] == "nmol"


def test_a_run_that_kept_nothing_has_none():
    for call in (lambda: mk.final_state(run()), lambda: run(initial=run())):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value) == f"state: got a result without 'final_state', expected {KEPT}."
    with pytest.raises(InputError) as caught:
        run(initial=3)
    assert str(caught.value) == f"state: got 'int', expected {KEPT}."


def test_keeping_it_changes_nothing_else(start):
    plain = run()
    for name in plain.data_vars:
        assert plain[name].identical(start[name]), name


def test_it_survives_files_pickles_and_selections(start, tmp_path):
    later = run(initial=start)
    to_netcdf(start, tmp_path / "start.nc")
    mk.final_state(start).to_netcdf(tmp_path / "state.nc", engine="h5netcdf")
    again = [
        open_netcdf(tmp_path / "start.nc"),
        xarray.load_dataset(tmp_path / "state.nc", engine="h5netcdf"),
        pickle.loads(pickle.dumps(mk.final_state(start))),
        mk.final_state(start).isel(subject=[2, 0, 3, 1]),
    ]
    for one in again:
        assert run(initial=one)["dp_ucmgp"].values.tobytes() == later["dp_ucmgp"].values.tobytes()
    some = run(PEOPLE.select([2]), initial=start)
    assert (some["dp_ucmgp"].values == later["dp_ucmgp"].sel(subject=[2]).values).all()
    assert (run(PEOPLE.select([2]), initial=start.sel(subject=[2]))["agatston"] == some["agatston"]).all()


def test_time_goes_on_where_it_stopped(start):
    again = run(initial=start, final_state=True)
    assert again.attrs["began_at"] == 4
    assert again["time"].values.tolist() == [0, 2, 4]
    assert mk.final_state(again)["final_state"].attrs["time_since_entry"] == 8
    assert "began_at" not in start.attrs


@pytest.mark.parametrize(
    ("people", "model", "message"),
    [
        (
            PEOPLE, mk.models.vitamin_k(forms=["K1"]),
            OTHER,
        ),
        (
            PEOPLE, MODEL.replace({"clearance[MK-7]": "2 L/h"}),
            OTHER,
        ),
        (
            mk.population("postmenopausal", 4, rng=4), MODEL,
            "state: got one of population 'postmenopausal' with seed 3, expected one of 'postmenopausal' with seed 4.",
        ),
        (
            mk.population("reference", 4, rng=3), MODEL,
            "state: got one of population 'postmenopausal' with seed 3, expected one of 'reference' with seed 3.",
        ),
        (
            mk.population("postmenopausal", 5, rng=3), MODEL,
            "state: got none of subject 4, expected one of each of 5 people.",
        ),
    ],
)  # fmt: skip
def test_states_of_others_are_refused(start, people, model, message):
    with pytest.raises(InputError) as caught:
        run(people, model, None, initial=start)
    assert str(caught.value) == message


def test_an_engine_that_hands_nothing_over_is_refused():
    from tests.solve.test_streams import Constant

    with pytest.raises(InputError) as caught:
        run(engine=Constant(), final_state=True)
    assert str(caught.value) == (
        f"engine: got '{Constant().label}', expected one that hands over the state at the end."
    )


def test_who_failed_before_fails_at_once(start):
    broken = mk.final_state(start).copy(deep=True)
    broken["final_state"][1] = np.where(np.char.find(broken["quantity"].values, ".") > 0, np.nan, 0)
    for engine in (mk.Cascade(), mk.Reference()):
        with pytest.warns(RuntimeWarning, match="1 of 4 subjects could not be solved"):
            found = run(regimen=None, initial=broken, engine=engine, times=[0, 0.1])
        assert (found["status"].values != 0).tolist() == [False, True, False, False]
        assert found["failed_at"].values[1] == 0
        assert np.isnan(found["dp_ucmgp"].values).all(axis=1).tolist() == [False, True, False, False]
