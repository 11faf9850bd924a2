"""What a run leaves behind: labelled datasets, summaries that need no individuals, and files."""

from menaquinone.results.dataset import NOT_ADVICE, labelled, package_version
from menaquinone.results.files import atomic, open_netcdf, to_netcdf

__all__ = ["NOT_ADVICE", "atomic", "labelled", "open_netcdf", "package_version", "to_netcdf"]
