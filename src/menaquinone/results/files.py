"""Results in files, all or nothing."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from menaquinone.errors import refused, require

if TYPE_CHECKING:
    import xarray


def to_netcdf(data: "xarray.Dataset", path: str | os.PathLike[str]) -> None:
    """Write a result to a NetCDF4 file, all or nothing.

    Parameters
    ----------
    data
        A result.
    path
        The file; it appears, or replaces an older one, only once it is whole.

    Raises
    ------
    MissingExtraError
        If h5netcdf is not installed.
    OSError
        If the folder cannot be written to.
    """
    require("h5netcdf", "io", "writing NetCDF files")
    with atomic(path) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf")


def open_netcdf(path: str | os.PathLike[str]) -> "xarray.Dataset":
    """Read a result back, all of it.

    Raises
    ------
    MissingExtraError
        If h5netcdf is not installed.
    InputError
        If there is no such file, or it is not a NetCDF file.
    """
    require("h5netcdf", "io", "reading NetCDF files")
    import xarray

    if not Path(path).is_file():
        raise refused("result", str(path), "an existing NetCDF file")
    try:
        with xarray.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
            found = data.load()
    except PermissionError:
        raise
    except OSError as error:
        raise refused("result", str(path), "a NetCDF file") from error
    for one in found.variables.values():
        if "flag_values" in one.attrs:  # a list of one comes back as a number
            one.attrs["flag_values"] = np.atleast_1d(one.attrs["flag_values"]).tolist()
    return found


class atomic:  # noqa: N801 - reads as a verb where it is used
    """Write a file under a temporary name beside it; rename it on success, remove it on any failure.

    Parameters
    ----------
    path
        The file to appear.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __enter__(self) -> Path:
        """Return the temporary name."""
        handle, name = tempfile.mkstemp(prefix=f".{self.path.stem}-", suffix=self.path.suffix, dir=self.path.parent)
        os.close(handle)
        self.temporary = Path(name)
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Rename or remove."""
        if kind is not None:
            self.temporary.unlink(missing_ok=True)
            return
        mask = os.umask(0)
        os.umask(mask)
        self.temporary.chmod(0o666 & ~mask)
        with self.temporary.open("rb+") as file:
            os.fsync(file.fileno())
        self.temporary.replace(self.path)


__all__ = ["atomic", "open_netcdf", "to_netcdf"]
