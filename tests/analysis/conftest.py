"""Results made by hand: labelled as the library labels them, with closed forms behind the numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

AXES = {"form": ["K1", "MK-7"], "site": ["coronary", "aortic valve", "thoracic aorta"]}


@pytest.fixture(scope="session")
def labelled() -> Callable[..., xr.Dataset]:
    """Return a function that labels one array as a result: dims by name, times in days."""

    def label(name: str, values: Any, dims: tuple[str, ...], days: Any, unit: str, **coords: Any) -> xr.Dataset:
        values = np.asarray(values, float)
        known: dict[str, Any] = {"time": ("time", np.asarray(days, float), {"units": "d"})}
        for dim, size in zip(dims, values.shape, strict=True):
            if dim == "subject":
                known[dim] = np.arange(size)
            elif dim in AXES:
                known[dim] = AXES[dim][:size]
        attrs = {"units": unit, "long_name": name.replace("_", " ")}
        return xr.Dataset({name: (dims, values, attrs)}, known | coords)

    return label
