"""What a run leaves behind: labelled datasets, summaries that need no individuals, and files."""

from menaquinone.results.accumulate import HELD, Accumulator, Statistics, exactly
from menaquinone.results.dataset import ALONE, AXES, NOT_ADVICE, Lead, labelled, named, package_version
from menaquinone.results.files import atomic, open_netcdf, to_netcdf
from menaquinone.results.summaries import Cells, Groups, Summaries, cells_of, groups_of, labelled_summaries

__all__ = [
    "ALONE",
    "AXES",
    "HELD",
    "NOT_ADVICE",
    "Accumulator",
    "Cells",
    "Groups",
    "Lead",
    "Statistics",
    "Summaries",
    "atomic",
    "cells_of",
    "exactly",
    "groups_of",
    "labelled",
    "labelled_summaries",
    "named",
    "open_netcdf",
    "package_version",
    "to_netcdf",
]
