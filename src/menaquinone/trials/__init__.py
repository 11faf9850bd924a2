"""Published trials as data: ``names()`` lists those that ship, ``load()`` reads one, ``Trial.run()`` simulates it."""

from difflib import get_close_matches
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from menaquinone.errors import unknown

if TYPE_CHECKING:
    from menaquinone.trials.design import Trial


def names() -> tuple[str, ...]:
    """Return the names of the trials that ship with the package, sorted."""
    found = (one.name for one in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def load(name_or_path: str | PathLike[str]) -> "Trial":
    """Read and check a trial.

    Parameters
    ----------
    name_or_path
        One of :func:`names`, or the path of a TOML file.

    Returns
    -------
    Trial

    Raises
    ------
    UnknownNameError
        If it is neither a name nor a file, or the file has an unknown key, form, population, outcome or evidence row.
    InputError
        If the file cannot be read, misses a key, or holds a value of the wrong type or unit.
    """
    from menaquinone.trials.loading import trial
    from menaquinone.trials.reading import open_toml

    given = fspath(name_or_path)
    if given in names():
        source = files(__name__) / f"{given}.toml"
        return trial(*open_toml(Path(source.name), source.read_text(encoding="utf-8")))
    if not given.endswith(".toml") and not Path(given).is_file():
        near = get_close_matches(given, names(), n=3, cutoff=0.6) or names()
        raise unknown("trial (a TOML file, or a built-in name as 'menaquinone trials' lists them)", given, near)
    return trial(*open_toml(Path(given)))


def schema() -> dict[str, Any]:
    """Return the JSON schema of a trial file; ``menaquinone schema`` prints it."""
    from menaquinone.trials import file

    return file.schema()


__all__ = ["load", "names", "schema"]
