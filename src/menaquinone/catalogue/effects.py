"""Effects of covariates on parameters: small functions of arrays, evaluated before a solve, hence free to be piecewise.

Each number they use is a :class:`~menaquinone.declare.Value` at the top of its section. Functions take numbers or
arrays that broadcast and return arrays: factors on a parameter unless their first line says otherwise. NaN goes
through, except where it is said to mean something.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from menaquinone.catalogue.proteins import MGP
from menaquinone.declare import Value

Floats = NDArray[np.float64]

# Body size ------------------------------------------------------------------------------------------------------------

REFERENCE_WEIGHT = Value(70.0, "kg", "assumed: by convention")
ALLOMETRY_CLEARANCE = Value(0.75, "1", "assumed: by convention")
ALLOMETRY_VOLUME = Value(1.0, "1", "assumed: by convention")


def allometry(weight: ArrayLike) -> dict[str, Floats]:
    """Return factors on ``clearance``, ``exchange``, ``central_volume`` and ``peripheral_volume`` of every form.

    Parameters
    ----------
    weight
        Body weight (kg).
    """
    size = np.asarray(weight, dtype=float) / REFERENCE_WEIGHT.value
    flow, volume = size**ALLOMETRY_CLEARANCE.value, size**ALLOMETRY_VOLUME.value
    return {"clearance": flow, "exchange": flow, "central_volume": volume, "peripheral_volume": volume}


# Absorption and plasma ------------------------------------------------------------------------------------------------

CHOLESTASIS = Value(
    0.01, "1", "pereira-2003-cholestasis-po-24h pereira-2003-healthy-newborn-po-24h pereira-2003-cholestasis-po-6h "
    "pereira-2003-cholestasis-iv-6h", note="derived: K1 in infants, taken for every form",
)  # fmt: skip
REFERENCE_TRIGLYCERIDES = Value(1.3, "mmol/L", "assumed: usual level, no row")
TRIGLYCERIDES = Value(
    0.5, "1", "assumed: exponent; apoe-hd-k1 and kelly-2019 say that K1 rises with triglycerides and not by how much"
)


def triglycerides(level: ArrayLike) -> Floats:
    """Return the factor on ``clearance[K1]``: lipoproteins rich in triglycerides keep K1 in plasma.

    Parameters
    ----------
    level
        Fasting triglycerides (mmol/L).
    """
    return (np.asarray(level, dtype=float) / REFERENCE_TRIGLYCERIDES.value) ** -TRIGLYCERIDES.value


def cholestasis(present: ArrayLike) -> Floats:
    """Return the factor on ``bioavailability`` of every form: without bile almost nothing is absorbed.

    Parameters
    ----------
    present
        Whether bile flow is blocked.
    """
    return np.where(np.asarray(present, dtype=bool), CHOLESTASIS.value, 1.0)


# Kidney ---------------------------------------------------------------------------------------------------------------

_DIALYSIS_TRIALS = "caluwe-2014-dpucmgp-360tiw caluwe-2014-dpucmgp-720tiw caluwe-2014-dpucmgp-1080tiw"
DIALYSIS_BASAL = Value(0.74, "1", f"{_DIALYSIS_TRIALS} delanaye-2014-dpucmgp-novka", note="derived")
DIALYSIS_DELIVERY = Value(0.55, "1", _DIALYSIS_TRIALS, note="derived")
DIALYSIS_MGP_U0 = Value(0.31, "1", "delanaye-2014-dpucmgp-vka delanaye-2014-dpucmgp-novka", note="derived")
KIDNEY_STARTS = Value(30.0, "mL/min/{1.73_m2}", "assumed: CKD 4 begins")
KIDNEY_ENDS = Value(10.0, "mL/min/{1.73_m2}", "assumed: dialysis begins; CKD 4-5 lies in between")
EGFR_DRIFT = Value(0.46, "mL/min/{1.73_m2}/a", "wei-2018-egfr-drift", note="derived: 4.05 over 3251 d")
EGFR_FLOOR = Value(5.0, "mL/min/{1.73_m2}", "assumed: kidneys that have failed")


def kidney(egfr: ArrayLike, dialysis: ArrayLike = False) -> dict[str, Floats]:
    """Return factors on ``basal_factor`` and ``delivery_factor`` of every tissue, and the value of ``u0[MGP]``.

    Parameters
    ----------
    egfr
        Estimated glomerular filtration rate (mL/min/{1.73_m2}).
    dialysis
        Whether on haemodialysis.
    """
    slope = (KIDNEY_STARTS.value - np.asarray(egfr, dtype=float)) / (KIDNEY_STARTS.value - KIDNEY_ENDS.value)
    lost = np.where(np.asarray(dialysis, dtype=bool), 1.0, np.clip(slope, 0.0, 1.0))
    healthy = MGP.carboxylation.values["u0"].value
    return {
        "basal_factor": 1 + lost * (DIALYSIS_BASAL.value - 1),
        "delivery_factor": 1 + lost * (DIALYSIS_DELIVERY.value - 1),
        "u0[MGP]": healthy + lost * (DIALYSIS_MGP_U0.value - healthy),
    }


def egfr_at(entry: ArrayLike, years: ArrayLike) -> Floats:
    """Return the eGFR (mL/min/{1.73_m2}) of a person so many years after entry, in yearly steps.

    Parameters
    ----------
    entry
        eGFR at entry (mL/min/{1.73_m2}).
    years
        Time since entry (a).
    """
    start = np.asarray(entry, dtype=float)
    later = start - EGFR_DRIFT.value * np.floor(np.asarray(years, dtype=float))
    held: Floats = np.maximum(later, np.minimum(start, EGFR_FLOOR.value))
    return held


# Calcification --------------------------------------------------------------------------------------------------------

INCIDENCE_MEN = Value(0.35, "1/a", "assumed: the default split by sex, so that men's scores exceed women's as observed")
INCIDENCE_WOMEN = Value(
    0.12, "1/a", "assumed: the default split by sex, so that men's scores exceed women's as observed"
)
ONSET_DIABETES = Value(1.0, "1", "assumed: diabetes acts on growth alone")
ONSET_CKD = Value(1.5, "1", "assumed: no row separates onset from growth")
GROWTH_DIABETES = Value(1.5, "1", "assumed: no row separates onset from growth")
GROWTH_DIALYSIS = Value(1.0, "1", "assumed: beyond phosphate and carboxylation nothing is added")
GROWTH_STATIN = Value(1.0, "1", "houslay-2006-statin-diff", note="a null result")
PHOSPHATE = Value(0.11, "1/(mg/dL)", "assumed: slope of the logarithm; adeney-2009 and tuttle-2009 point the same way")
PHOSPHATE_THRESHOLD = Value(3.5, "mg/dL", "assumed: middle of the normal range")


def coronary_incidence(female: ArrayLike) -> Floats:
    """Return the value of ``incidence[coronary]`` (1/a) by sex.

    Parameters
    ----------
    female
        Whether a woman.
    """
    return np.where(np.asarray(female, dtype=bool), INCIDENCE_WOMEN.value, INCIDENCE_MEN.value)


def phosphate(level: ArrayLike) -> Floats:
    """Return the factor of serum phosphate on ``onset_factor`` and on ``growth_factor`` of every site.

    Parameters
    ----------
    level
        Serum phosphate (mg/dL).
    """
    above: Floats = np.maximum(np.asarray(level, dtype=float) - PHOSPHATE_THRESHOLD.value, 0.0)
    factor: Floats = np.exp(PHOSPHATE.value * above)
    return factor


def onset_factor(*, diabetes: ArrayLike = False, ckd: ArrayLike = False, serum_phosphate: ArrayLike = 3.5) -> Floats:
    """Return ``onset_factor`` (S_onset) of every site.

    Parameters
    ----------
    diabetes, ckd
        Whether present.
    serum_phosphate
        mg/dL.
    """
    return _one(diabetes, ONSET_DIABETES) * _one(ckd, ONSET_CKD) * phosphate(serum_phosphate)


def growth_factor(
    *,
    diabetes: ArrayLike = False,
    dialysis: ArrayLike = False,
    statin: ArrayLike = False,
    serum_phosphate: ArrayLike = 3.5,
) -> Floats:
    """Return ``growth_factor`` (S_growth) of every site.

    Parameters
    ----------
    diabetes, dialysis, statin
        Whether present or taken.
    serum_phosphate
        mg/dL.
    """
    on = _one(diabetes, GROWTH_DIABETES) * _one(dialysis, GROWTH_DIALYSIS) * _one(statin, GROWTH_STATIN)
    return on * phosphate(serum_phosphate)


def _one(present: ArrayLike, effect: Value) -> Floats:
    return np.where(np.asarray(present, dtype=bool), effect.value, 1.0)


# Bone -----------------------------------------------------------------------------------------------------------------

BONE_LOSS: tuple[tuple[float, Value], ...] = (
    (-np.inf, Value(0.0, "%/a", "assumed: none until a year before the last period")),
    (-1.0, Value(1.7, "%/a", "pmc2869543-ls-pre-fmp", note="printed for the two years before")),
    (0.0, Value(3.3, "%/a", "pmc2869543-ls-post-fmp-0-2")),
    (2.0, Value(1.1, "%/a", "pmc2869543-ls-post-fmp-2-7")),
    (7.0, Value(0.5, "%/a", "assumed: later, and in men")),
)
"""Loss of lumbar density from so many years after the last period on."""
BONE_LOSS_YEARS: tuple[float, ...] = tuple(start for start, _ in BONE_LOSS[1:])
"""Years after the last period at which the loss changes: boundaries of a solve."""


def bone_loss(years: ArrayLike) -> Floats:
    """Return the natural loss of lumbar density (%/a).

    Parameters
    ----------
    years
        Time since the last period (a), negative before; NaN in men.
    """
    since = np.nan_to_num(np.asarray(years, dtype=float), nan=np.inf)
    rates = np.array([rate.value for _, rate in BONE_LOSS])
    loss: Floats = rates[np.searchsorted(BONE_LOSS_YEARS, since, side="right")]
    return loss


# Antagonists ----------------------------------------------------------------------------------------------------------


def cyp2c9_2(genotype: ArrayLike) -> Floats:
    """Return the value of ``cyp2c9_2`` of every antagonist: the number of alleles *2 of CYP2C9.

    Parameters
    ----------
    genotype
        The two alleles as digits: 12 for *1/*2.
    """
    return _alleles(genotype, 2)


def cyp2c9_3(genotype: ArrayLike) -> Floats:
    """Return the value of ``cyp2c9_3`` of every antagonist, as :func:`cyp2c9_2`."""
    return _alleles(genotype, 3)


def _alleles(genotype: ArrayLike, allele: int) -> Floats:
    code = np.asarray(genotype, dtype=float)
    count: Floats = (code // 10 == allele).astype(float) + (code % 10 == allele)
    return count


def cyp4f2_carrier(alleles: ArrayLike) -> Floats:
    """Return the value of ``cyp4f2_carrier`` of every antagonist: whether an allele *3 is carried.

    Parameters
    ----------
    alleles
        Number of alleles *3.
    """
    return (np.asarray(alleles, dtype=float) > 0).astype(float)


def vkorc1_a(alleles: ArrayLike) -> Floats:
    """Return the value of ``vkorc1_a`` of every antagonist: the number of alleles -1639A itself."""
    return np.array(alleles, dtype=float)


def values() -> dict[str, Value]:
    """Return every number of this module by its name, steps of bone loss included."""
    found: dict[str, Any] = {name: one for name, one in globals().items() if isinstance(one, Value)}
    return found | {f"BONE_LOSS[{start:g}]": rate for start, rate in BONE_LOSS}


__all__ = [
    "allometry", "bone_loss", "cholestasis", "coronary_incidence", "cyp2c9_2", "cyp2c9_3", "cyp4f2_carrier", "egfr_at",
    "growth_factor", "kidney", "onset_factor", "phosphate", "triglycerides", "values",
    "vkorc1_a",
]  # fmt: skip
