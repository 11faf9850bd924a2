"""Exception types, and the one place that words an error.

Every message is one sentence: what was got, what was expected, and the nearest right name where there is one.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

_MOST_LISTED = 40
"""Beyond so many names a list helps nobody."""


class InputError(ValueError):
    """Something handed to the library cannot be used as it is."""


class UnknownNameError(InputError):
    """A name (of a form, parameter, population, trial, key, ...) that nobody offers."""


class MissingExtraError(ImportError):
    """An optional dependency is needed; the message names the extra that installs it."""


class SolveError(RuntimeError):
    """A solve failed for at least one subject and the caller asked for an exception."""


class SafetyWarning(UserWarning):
    """A regimen touches a point of safety; the message names the evidence. Each kind is a category of its own."""


class InteractionWarning(SafetyWarning):
    """Vitamin K is given beside a drug that acts against it."""


class HighDoseWarning(SafetyWarning):
    """More of a form is given in a day than what may be taken without asking anybody."""


def listed(names: Iterable[object]) -> str:
    """Return names as ``'a', 'b' and 'c'``, or ``nothing`` for none.

    Parameters
    ----------
    names
        Anything printable, in the order to show.
    """
    quoted = [f"'{name}'" for name in names]
    if not quoted:
        return "nothing"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def refused(what: str, got: object, expected: str) -> InputError:
    """Word a refusal, as in ``dose: got '-3 ug', expected an amount of at least 0``.

    Parameters
    ----------
    what
        The thing that was being set, in the user's words.
    got
        What came, shown with ``repr``.
    expected
        What would have been accepted.
    """
    return InputError(f"{what}: got {got!r}, expected {expected}.")


def unknown(what: str, got: object, known: Iterable[str]) -> UnknownNameError:
    """Word an unknown name, with the nearest right one where something is near.

    Parameters
    ----------
    what
        The kind of name: ``form``, ``parameter``, ``population``.
    got
        The name that came.
    known
        The names that would have been accepted.
    """
    known = [str(name) for name in known]
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(str(got).casefold(), folded, n=1, cutoff=0.5)
    hint = f"; the nearest is '{folded[near[0]]}'" if near else ""
    shown = listed(known) if len(known) <= _MOST_LISTED else f"{len(known)} names, '{known[0]}' the first"
    return UnknownNameError(f"unknown {what}: got {got!r}, expected one of {shown}{hint}.")


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional module, or say in one sentence which extra installs it.

    Parameters
    ----------
    module
        The module to import.
    extra
        The extra of this package that brings it.
    purpose
        What needs it, as the start of the sentence: ``writing NetCDF files``.

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    try:
        return import_module(module)
    except ImportError as missing:
        raise MissingExtraError(
            f"{purpose} needs '{module.partition('.')[0]}': got no such package, expected "
            f"`pip install 'menaquinone[{extra}]'`."
        ) from missing
