"""Copies of a user's functions for numba, and a digest of all that they rest on.

A copy calls copies: functions reached through globals, modules and closures are compiled too, and nothing outside is
changed. The digest is made of code and values, not of source text, so that functions made in a shell or in another
function are told apart as well as those of a file.
"""

import builtins
import dis
import hashlib
from functools import cache
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

OPTIONS = {"error_model": "numpy"}
_VERSIONED = frozenset({"builtins", "cmath", "math", "numba", "numpy", "scipy"})
"""Packages whose functions are known by name and version."""


def bound(value: Any, uses: dict[str, Any] | None = None, made: dict[int, Any] | None = None) -> Any:
    """Return what a name stands for in compiled code: for a function a compiled copy that calls compiled copies.

    Parameters
    ----------
    value
        A function, a module or anything else, which is returned as it is.
    uses
        Of a module, the attributes that are asked of it, nested.
    made
        Copies so far, by the identity of what they are copies of.
    """
    from menaquinone.solve._compiled import inner
    from menaquinone.solve._pointers import exp, where

    if value is np.exp or value is np.where:
        return exp if value is np.exp else where
    made = {} if made is None else made
    if isinstance(value, ModuleType):
        shadow = ModuleType(value.__name__)
        for name, deeper in (uses or {}).items():
            if hasattr(value, name):
                setattr(shadow, name, bound(getattr(value, name), deeper, made))
        return shadow
    if not isinstance(value, FunctionType) or _versioned(value):
        return value
    if id(value) not in made:
        code, cells = value.__code__, [CellType() for _ in value.__closure__ or ()]
        scope: dict[str, Any] = {"__name__": "menaquinone.solve._pointers"}  # can be imported by whoever loads it
        copy = FunctionType(code, scope, value.__name__, value.__defaults__, tuple(cells))
        copy.__kwdefaults__ = value.__kwdefaults__
        made[id(value)] = inner(copy, **OPTIONS)
        reached = _reached(code)
        for name in reached.keys() & value.__globals__.keys():
            scope[name] = bound(value.__globals__[name], reached[name], made)
        for name, new, old in zip(code.co_freevars, cells, value.__closure__ or (), strict=True):
            new.cell_contents = bound(old.cell_contents, reached.get(name), made)
    return made[id(value)]


def _versioned(value: Any) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return str(name).partition(".")[0] in _VERSIONED


@cache
def _reached(code: CodeType) -> dict[str, Any]:
    """Return the names that code loads from outside, each with the attributes asked of it, nested."""
    found: dict[str, Any] = {}
    place: dict[str, Any] | None = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_DEREF"):
            place = found.setdefault(step.argval, {})
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and place is not None:
            place = place.setdefault(step.argval, {})
        else:
            place = None
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _merge(found, _reached(constant))
    return found


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, deeper in more.items():
        _merge(into.setdefault(name, {}), deeper)


class _UnnamedError(Exception):
    """A value that no text can tell from another."""


def digest(*values: Any) -> str:
    """Return a digest of functions, classes and numbers; empty where one cannot be told from another.

    Parameters
    ----------
    values
        Whatever compiled code rests on.
    """
    import numba

    try:
        said = _said(values, {}, {})
    except _UnnamedError:
        return ""
    made = (sorted(OPTIONS.items()), numba.__version__, np.__version__)
    return hashlib.sha256(repr((made, said)).encode()).hexdigest()[:32]


def _said(value: Any, uses: dict[str, Any], seen: dict[int, int]) -> Any:
    """Describe a value in nested plain text, the same for two values only if equations cannot tell them apart."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        return type(value).__name__, repr(value)
    if isinstance(value, tuple):
        return type(value).__name__, getattr(value, "_fields", ()), [_said(one, {}, seen) for one in value]
    if isinstance(value, frozenset):
        return sorted(repr(_said(one, {}, seen)) for one in value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, ModuleType):
        return value.__name__, [(name, _said(getattr(value, name, None), uses[name], seen)) for name in sorted(uses)]
    if isinstance(value, np.ufunc) and getattr(np, value.__name__, None) is value:
        return repr(value)
    if _versioned(value) and hasattr(value, "__qualname__"):
        return value.__module__, value.__qualname__
    if isinstance(value, type) and hasattr(value, "_fields"):
        return _said_record(value)
    if isinstance(value, FunctionType):
        return _said_function(value, seen)
    if hasattr(value, "py_func"):  # compiled by the user
        return repr(getattr(value, "targetoptions", None)), _said(value.py_func, {}, seen)
    raise _UnnamedError


def _said_record(record: Any) -> Any:
    plain = [(name, repr(one)) for name, one in record._field_defaults.items() if isinstance(one, int | float)]
    return record.__name__, record._fields, plain


def _said_function(function: FunctionType, seen: dict[int, int]) -> Any:
    if id(function) in seen:
        return seen[id(function)]
    seen[id(function)] = len(seen)
    code, reached = function.__code__, _reached(function.__code__)
    scope = vars(builtins) | function.__globals__
    said = [(name, _said(scope[name], reached[name], seen)) for name in sorted(reached.keys() & scope.keys())]
    cells = [
        _said(one.cell_contents, reached.get(name, {}), seen)
        for name, one in zip(code.co_freevars, function.__closure__ or (), strict=True)
    ]
    defaults = _said((function.__defaults__, *sorted((function.__kwdefaults__ or {}).items())), {}, seen)
    return _said_code(code), said, cells, defaults


@cache
def _said_code(code: CodeType) -> str:
    constants = [_said_code(one) if isinstance(one, CodeType) else _said_constant(one) for one in code.co_consts]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return repr((code.co_code, code.co_flags, code.co_argcount, code.co_kwonlyargcount, names, constants))


def _said_constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else f"{type(value).__name__} {value!r}"
