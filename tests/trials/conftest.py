from importlib.resources import files

import numpy as np
import pytest
import xarray as xr

from menaquinone.trials import load

SHIPPED = (files("menaquinone.trials") / "knapen-2015.toml").read_text(encoding="utf-8")


@pytest.fixture
def edited(tmp_path):
    """Return a function that writes the shipped trial with one text replaced, and returns its path."""

    def write(old="", new=""):
        assert old in SHIPPED
        path = tmp_path / "mine.toml"
        path.write_text(SHIPPED.replace(old, new, 1) if old else new or SHIPPED, encoding="utf-8")
        return path

    return write


@pytest.fixture
def knapen():
    return load("knapen-2015")


@pytest.fixture
def outcome():
    """Return four people in two arms: velocities 8, 9, 10 and 12 m/s, of which MK-7 takes a tenth in three years."""
    start = np.array([8.0, 9.0, 10.0, 12.0])
    left = np.array([[1.0, 1.0], [1.0, 0.9]])  # (arm, time)
    pwv = start[None, :, None] * left[:, None, :]
    score = np.stack([np.zeros_like(pwv), pwv - 8], axis=-1)
    return xr.Dataset(
        {
            "pwv": (("arm", "subject", "time"), pwv, {"units": "m/s"}),
            "agatston": (("arm", "subject", "time", "site"), score, {"units": "AU"}),
        },
        coords={"arm": ["placebo", "MK-7"], "subject": np.arange(4), "time": [0.0, 1095.0]}
        | {"site": ["coronary", "thoracic aorta"]},
    )
