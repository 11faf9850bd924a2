"""What the calibration found: parameters that are uncertain together, their priors, and which rows pulled them.

``calibration.json`` beside this module is written by ``calibration/calibrate.py`` at the top of the repository and by
nothing else. Values are in declared units; mean and covariance are on each parameter's own scale.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.catalogue.scales import SCALES, Scale
from menaquinone.catalogue.sites import SITES
from menaquinone.catalogue.tissues import TISSUES

IDENTIFIED, BOUNDED, OPEN = "identified", "bounded on one side", "not identified"
"""What the profile likelihood says of a parameter, its own prior left out."""
_REFERENCE_EGFR = 85.0
"""eGFR of the reference person, mL/min/{1.73_m2}, at which dp-ucMGP has its reference level."""
_EGFR_OF_K_OUT = 90.0


@dataclass(frozen=True)
class Fitted:
    """One parameter of the calibration, in its declared unit.

    Attributes
    ----------
    name, unit
        Bracketed, and the declared unit.
    scale
        One of :data:`~menaquinone.catalogue.scales.SCALES`.
    prior, prior_sd
        Centre, and SD on the scale.
    between
        SD between studies, on the scale.
    low, high
        Bounds.
    source
        What the prior rests on.
    default
        Of the catalogue when it was fitted.
    fitted, median, interval
        Bounded least squares; posterior median and 95 % interval.
    identified
        One of :data:`IDENTIFIED`, :data:`BOUNDED` and :data:`OPEN`.
    rows
        Evidence rows that pulled it, the strongest first.
    """

    name: str
    unit: str
    scale: str
    prior: float
    prior_sd: float
    between: float
    low: float
    high: float
    source: str
    default: float
    fitted: float
    median: float
    interval: tuple[float, float]
    identified: str
    rows: tuple[str, ...]

    @property
    def on(self) -> Scale:
        """The scale itself."""
        return SCALES[self.scale]

    @property
    def keeps_default(self) -> bool:
        """Whether the catalogue's value lies in the posterior 95 % interval."""
        return self.interval[0] <= self.default <= self.interval[1]


@dataclass(frozen=True)
class Calibration:
    """A stored calibration.

    Attributes
    ----------
    parameters
        By name, in the order of mean and covariance.
    mean, covariance : ndarray (p,), (p, p)
        Of the posterior, on the scales.
    settings
        Seed, sizes and versions, as text or numbers.
    """

    parameters: Mapping[str, Fitted]
    mean: np.ndarray
    covariance: np.ndarray
    settings: Mapping[str, Any]

    def values(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Return parameter values of normal scores, kept inside the bounds.

        Parameters
        ----------
        scores
            Independent standard normal numbers, (k, p).

        Returns
        -------
        dict
            By bracketed name, (k,).
        """
        moved = self.mean + scores @ np.linalg.cholesky(self.covariance).T
        pairs = zip(self.parameters.values(), moved.T, strict=True)
        return {one.name: np.clip(one.on.back(column), one.low, one.high) for one, column in pairs}


def with_followers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add the parameters that go with others by definition.

    References of the markers follow the shares that they are references of; MK-8 and MK-9 follow MK-7, and the potency
    at every site that at the coronary arteries, because no row tells them apart.

    Parameters
    ----------
    values
        By bracketed name, numbers or arrays, in declared units.
    """
    found = dict(values)
    for tissue in TISSUES:
        if (level := f"reference_level[{tissue}, MK-7]") in values:
            found |= {f"reference_level[{tissue}, {form}]": values[level] for form in ("MK-8", "MK-9")}
    if "clearance[MK-7]" in values:
        found |= {f"clearance[{form}]": values["clearance[MK-7]"] for form in ("MK-8", "MK-9")}
    if "potency[coronary]" in values:
        found |= {f"potency[{site}]": values["potency[coronary]"] for site in SITES}
    if "u0[osteocalcin]" in values:
        found["ucoc_share_reference"] = values["u0[osteocalcin]"]
    if "u0[MGP]" in values:
        found |= {f"reference_share[{site}]": 1 - values["u0[MGP]"] for site in SITES}
    if "u0[MGP]" in values and "renal_slope[MGP]" in values:
        kept = np.exp(values["renal_slope[MGP]"] * (_EGFR_OF_K_OUT - _REFERENCE_EGFR))
        found["uncarboxylated_reference"] = values["u0[MGP]"] * kept
    return found


@cache
def calibration() -> Calibration:
    """Return the calibration that ships with the package."""
    return from_json(files(__package__).joinpath("calibration.json").read_text(encoding="utf-8"))


def from_json(text: str) -> Calibration:
    """Read a stored calibration."""
    held = json.loads(text)
    listed = [
        Fitted(**(one | {"interval": tuple(one["interval"]), "rows": tuple(one["rows"])})) for one in held["parameters"]
    ]
    mean, covariance = np.array(held["mean"]), np.array(held["covariance"])
    for array in (mean, covariance):
        array.setflags(write=False)
    by_name = MappingProxyType({one.name: one for one in listed})
    return Calibration(by_name, mean, covariance, MappingProxyType(held["settings"]))


__all__ = ["BOUNDED", "IDENTIFIED", "OPEN", "Calibration", "Fitted", "calibration", "from_json", "with_followers"]
