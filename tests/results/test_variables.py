"""Datasets made of variables that are made beforehand are those that xarray makes itself."""

import subprocess
import sys

import numpy as np
import pytest
import xarray

from menaquinone.results.variables import dataset

COORDS = {
    "place": ("place", ["here", "there"], {"long_name": "where"}),
    "time": ("time", np.array([0.0, 0.5, 2.0]), {"units": "d"}),
    "number": ("number", np.arange(2, dtype=np.int32)),
    "label": (("place",), np.array(["a", "b"])),
    "when": ("when", np.array(["2026-01-01", "2026-01-02"], "datetime64[ns]")),
    "single": ((), np.float64(3.0), {"units": "1"}),
}
DATA = {
    "level": (("place", "time"), np.arange(6.0).reshape(2, 3), {"units": "nmol/L", "flag_values": [0, 1]}),
    "taken": ("time", np.array([True, False, True])),
    "count": (["number", "time"], np.ones((2, 3), np.int8), {}),
    "mixed": ("place", np.array(["text", 3], object)),
    "dose": ("dose", np.array([2, 5]), {"units": "1"}),
}
PLAIN = {name: one for name, one in COORDS.items() if name != "when"}


@pytest.mark.parametrize("coords", [COORDS, PLAIN], ids=["some", "all plain"])
def test_a_dataset_is_the_one_that_xarray_makes(coords):
    made, expected = dataset(DATA, coords, {"title": "both"}), xarray.Dataset(DATA, coords, {"title": "both"})
    assert list(made.coords) == list(expected.coords)
    xarray.testing.assert_identical(made, expected)
    assert list(made.indexes) == list(expected.indexes)
    for name, one in expected.indexes.items():
        assert made.indexes[name].equals(one)
        assert made.indexes[name].dtype == one.dtype
    for name, one in expected.variables.items():
        assert made[name].dtype == one.dtype, name
        assert type(made.variables[name]) is type(one), name
        assert type(made[name].values) is type(one.values), name


def test_a_dataset_behaves_as_one_that_xarray_makes(tmp_path):
    made, expected = dataset(DATA, COORDS, {}), xarray.Dataset(DATA, COORDS)
    for one in (made, expected):
        one.drop_vars("mixed").to_netcdf(tmp_path / f"{one is made}.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "True.nc") as first, xarray.open_dataset(tmp_path / "False.nc") as second:
        xarray.testing.assert_identical(first.load(), second.load())
    for act in (lambda one: one.sel(place="there", time=0.5), lambda one: one.drop_vars("mixed").mean("time")):
        xarray.testing.assert_identical(act(made), act(expected))
    xarray.testing.assert_identical(xarray.concat([made, made], "more"), xarray.concat([expected, expected], "more"))


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="conflicting sizes"):
        dataset(DATA | {"level": ("place", np.zeros(3))}, COORDS, {})


def test_a_first_result_leaves_other_array_libraries_alone():
    code = (
        "import sys, menaquinone as mk; mk.simulate(mk.models.vitamin_k(), mk.population('reference', 1, rng=1),"
        " mk.dose('MK-7', '90 ug'), times=[1.0]);"
        " print(sorted({'dask', 'sparse', 'cupy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert found.stdout.splitlines()[-1] == "[]"
