"""A result says what it holds, and survives a file to the bit or leaves none."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings

import menaquinone as mk
from menaquinone.errors import InputError, MissingExtraError
from menaquinone.results import NOT_ADVICE, atomic, open_netcdf, to_netcdf
from menaquinone.testing import strategies

pytest.importorskip("h5netcdf")

MODEL = mk.models.vitamin_k()
DOSING = mk.dose("MK-7", "180 ug", every="24 h", until="3 d") * mk.adherence(0.8) + mk.dose("K1", "1 mg", route="iv")


@pytest.fixture(scope="module")
def result():
    people = mk.population("postmenopausal", 3, rng=7)
    return mk.simulate(MODEL, people, DOSING, times=[0, 1, 4], outputs=list(MODEL.offers), rng=7)


# What a result says ---------------------------------------------------------------------------------------------------


def test_dims_are_subject_time_and_the_axes_of_the_model(result):
    assert set(result.coords) == {"subject", "time", "form", "tissue", "protein", "site", "dose", "schedule"}
    assert dict(result.sizes) == {
        "subject": 3, "time": 3, "form": 5, "tissue": 3, "protein": 3, "site": 3, "dose": 4, "schedule": 1,
    }  # fmt: skip
    assert result["plasma_concentration"].dims == ("subject", "time", "form")
    assert result["delivered"].dims == ("subject", "time", "tissue", "form")
    assert result["agatston"].dims == ("subject", "time", "site")
    assert result["dp_ucmgp"].dims == ("subject", "time")
    for axis in ("form", "tissue", "protein", "site"):
        assert tuple(result[axis].values) == MODEL.members(axis)


def test_every_variable_has_units_long_name_and_source(result):
    for name, variable in result.data_vars.items():
        for attribute in ("units", "long_name", "source"):
            assert isinstance(variable.attrs[attribute], str), name
            assert variable.attrs[attribute], f"{name}: {attribute}"
    assert all(one.attrs["long_name"] for one in result.coords.values())
    assert result["time"].attrs["units"] == "d"
    assert result["time"].values.tolist() == [0, 1, 4]
    assert "knapen-2015" in json.dumps(dict(result["pwv"].attrs))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("plasma_concentration", "nmol/L"),
        ("dp_ucmgp", "pmol/L"),
        ("ucoc", "ug/L"),
        ("pivka_ii", "1"),
        ("agatston", "AU"),
        ("pwv", "m/s"),
        ("age", "a"),
        ("egfr", "mL/min/{1.73_m2}"),
        ("dose_amount", "nmol"),
        ("dose_time", "d"),
    ],
)
def test_units(result, name, unit):
    assert result[name].attrs["units"] == unit


def test_attributes_say_what_ran_and_what_it_is_not(result):
    attributes = result.attrs
    assert attributes["disclaimer"] == NOT_ADVICE
    assert attributes["title"] == "vitamin K, 3 of population 'postmenopausal'"
    assert attributes["engine"].startswith("cascade(")
    assert attributes["rtol"] == 1e-6
    assert attributes["seed"] == "7"
    assert attributes["numpy_version"] == np.__version__
    assert attributes["menaquinone_version"]
    parameters = json.loads(attributes["parameters"])
    assert parameters["clearance[MK-7]"][:2] == [1.1, "L/h"]
    assert set(parameters) == set(MODEL.parameters)
    sources = json.loads(attributes["population_sources"])
    assert set(sources) <= set(result.data_vars)
    assert all(note in attributes["notes"] for note in MODEL.notes)


def test_effects_that_this_model_has_no_use_for_are_named():
    small = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    people = mk.population("postmenopausal", 1, rng=1)
    unused = mk.simulate(small, people, times=[0]).attrs["population_effects_unused"].split(", ")
    assert "clearance[K1]" in unused
    assert "clearance[MK-7]" not in unused
    assert mk.simulate(MODEL, mk.population("reference", 1), times=[0]).attrs["population_effects_unused"] == "none"


def test_a_changed_parameter_says_so():
    model = MODEL.replace({"clearance[MK-7]": "1.3 L/h"})
    attributes = mk.simulate(model, times=[0], outputs=["plasma_concentration"]).attrs
    assert json.loads(attributes["parameters"])["clearance[MK-7]"] == [1.3, "L/h", "assumed: set by the user"]


def test_doses_are_labelled_by_schedule():
    people = mk.population("reference", 3)
    regimens = {0: mk.dose("MK-7", "90 ug", every="24 h"), 1: mk.Regimen(), 2: mk.dose("MK-4", "5 mg", route="im")}
    result = mk.simulate(MODEL, people, regimens, times=[0, 2], outputs=["dp_ucmgp"])
    which = result["dose_schedule"].values
    assert len(set(which.tolist())) == 3
    forms = result["dose_form"].attrs["flag_meanings"].split()
    given_ = result["dose_form"].isel(schedule=which).values
    assert [[forms[int(one)] for one in row if one == one] for row in given_] == [["MK-7", "MK-7"], [], ["MK-4"]]
    routes = result["dose_route"].attrs["flag_meanings"].split()
    assert routes[int(result["dose_route"].isel(schedule=which[2], dose=0))] == "im"
    assert result["dose_time"].isel(schedule=which[0]).values.tolist() == [0, 1]


def test_nothing_is_said_of_doses_where_there_are_none():
    result = mk.simulate(MODEL, times=[0, 1], outputs=["dp_ucmgp"])
    assert not [name for name in result.variables if str(name).startswith(("dose", "schedule"))]


def test_a_pair_that_the_model_does_not_have_is_missing_not_zero():
    from menaquinone.model import Model

    *before, delivery, _ = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver", "bone"], proteins=[]).stages[:3]
    fewer = replace(delivery, members=delivery.members[:-1])
    result = mk.simulate(Model(*before, fewer), times=[0, 1], outputs=["delivered"])
    last = delivery.members[-1].name
    assert np.isnan(result["delivered"].sel(tissue=last[0], form=last[1])).all()
    assert np.isfinite(result["delivered"]).sum() == 2 * 3


# Files ----------------------------------------------------------------------------------------------------------------


def assert_same(one, other):
    xr.testing.assert_identical(one, other)
    for name in one.variables:
        assert one[name].dtype == other[name].dtype, name
        assert one[name].values.tobytes() == other[name].values.tobytes(), name
    assert one.attrs == other.attrs


def test_a_result_survives_a_file(result, tmp_path):
    to_netcdf(result, tmp_path / "result.nc")
    assert_same(open_netcdf(tmp_path / "result.nc"), result)
    assert [one.name for one in tmp_path.iterdir()] == ["result.nc"]


@settings(max_examples=8)
@given(
    model=strategies.models(max_forms=2),
    people=strategies.populations(max_n=2),
    regimen=strategies.regimens(among=["MK-7"], routes=["oral"], days=3),
    times=strategies.times(days=3, max_size=3),
)
def test_generated_results_survive_a_file(tmp_path_factory, model, people, regimen, times):
    dosed = regimen if "MK-7" in model.members("form") else None
    result = mk.simulate(model, people, dosed, times=times)
    path = tmp_path_factory.mktemp("generated") / "result.nc"
    to_netcdf(result, path)
    assert_same(open_netcdf(path), result)


def test_seeds_and_ids_of_any_size_survive(tmp_path):
    people = mk.population("reference", 2, rng=2**64 - 1)
    people = replace(people, ids=np.array([2**62, 5]))
    result = mk.simulate(MODEL, people, DOSING, times=[0, 1], rng=2**63 + 1, outputs=["dp_ucmgp"])
    assert (result.attrs["population_seed"], result.attrs["seed"]) == (str(2**64 - 1), str(2**63 + 1))
    to_netcdf(result, tmp_path / "result.nc")
    again = open_netcdf(tmp_path / "result.nc")
    assert_same(again, result)
    assert again["subject"].values.tolist() == [2**62, 5]


def test_a_result_with_failures_survives_too(tmp_path, result):
    failed = result.copy(deep=True)
    failed["dp_ucmgp"][1, 2] = np.nan
    failed["failed_at"] = ("subject", np.array([np.nan, 2.0, np.nan]), {"units": "d", "long_name": "a", "source": "b"})
    to_netcdf(failed, tmp_path / "failed.nc")
    assert_same(open_netcdf(tmp_path / "failed.nc"), failed)


def test_other_readers_can_read_it(result, tmp_path):
    to_netcdf(result, tmp_path / "result.nc")
    import h5py

    with h5py.File(tmp_path / "result.nc") as file:
        assert file["dp_ucmgp"].attrs["units"] in ("pmol/L", b"pmol/L")
        assert file["dp_ucmgp"][()] == pytest.approx(result["dp_ucmgp"].values, rel=0)


# All or nothing -------------------------------------------------------------------------------------------------------


def test_an_error_while_writing_leaves_nothing_behind(result, tmp_path):
    unwritable = result.assign_attrs(bad={"a": object()})
    with pytest.raises(Exception, match=r"."):
        to_netcdf(unwritable, tmp_path / "result.nc")
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_writing_leaves_the_older_file_as_it_was(result, tmp_path):
    path = tmp_path / "result.nc"
    to_netcdf(result, path)
    before = path.read_bytes()
    with pytest.raises(Exception, match=r"."):
        to_netcdf(result.assign_attrs(bad={"a": object()}), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()], ids=type)
def test_whatever_happens_inside_nothing_half_written_appears(tmp_path, error):
    def write():
        with atomic(tmp_path / "table.csv") as temporary:
            temporary.write_text("half")
            assert not (tmp_path / "table.csv").exists()
            raise error

    with pytest.raises(type(error)):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_file_appears_whole_and_with_usual_rights(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("older")
    with atomic(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        temporary.write_text("newer")
        assert path.read_text() == "older"
    assert path.read_text() == "newer"
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_folder_that_is_not_there(result, tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        to_netcdf(result, tmp_path / "nowhere" / "result.nc")


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "nothing.nc"
    with pytest.raises(InputError) as caught:
        open_netcdf(path)
    assert str(caught.value) == f"result: got {str(path)!r}, expected an existing NetCDF file."


def test_a_file_that_is_something_else(tmp_path):
    path = tmp_path / "text.nc"
    path.write_text("not a result")
    with pytest.raises(InputError) as caught:
        open_netcdf(path)
    assert str(caught.value) == f"result: got {str(path)!r}, expected a NetCDF file."


@pytest.mark.parametrize("doing", ["writing", "reading"])
def test_without_the_extra_the_message_names_it(result, tmp_path, monkeypatch, doing):
    path = tmp_path / "result.nc"
    if doing == "reading":
        to_netcdf(result, path)
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    with pytest.raises(MissingExtraError) as caught:
        to_netcdf(result, path) if doing == "writing" else open_netcdf(path)
    assert str(caught.value) == (
        f"{doing} NetCDF files needs 'h5netcdf': got no such package, expected `pip install 'menaquinone[io]'`."
    )
    assert [one.name for one in Path(tmp_path).iterdir()] == (["result.nc"] if doing == "reading" else [])
