"""Datasets in, datasets out: exposure, markers, control of INR, calcium, summaries. Nothing here solves anything."""

from menaquinone.analysis.anticoagulation import time_in_range
from menaquinone.analysis.exposure import (
    accumulation,
    apparent_half_life,
    auc,
    auc_inf,
    clearance,
    exposure,
    observe_plasma,
    terminal,
)
from menaquinone.analysis.knowledge import unknown_and_people
from menaquinone.analysis.markers import observe_dp_ucmgp, percent_change, ratio, time_to_change, time_to_share
from menaquinone.analysis.progression import (
    annual_change,
    mass,
    new_onset_share,
    observe_agatston,
    share_above,
    share_positive,
    volume,
)
from menaquinone.analysis.summary import mean_sd, median_interval, quantiles

__all__ = [
    "accumulation",
    "annual_change",
    "apparent_half_life",
    "auc",
    "auc_inf",
    "clearance",
    "exposure",
    "mass",
    "mean_sd",
    "median_interval",
    "new_onset_share",
    "observe_agatston",
    "observe_dp_ucmgp",
    "observe_plasma",
    "percent_change",
    "quantiles",
    "ratio",
    "share_above",
    "share_positive",
    "terminal",
    "time_in_range",
    "time_to_change",
    "time_to_share",
    "unknown_and_people",
    "volume",
]
