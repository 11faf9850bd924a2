"""A block's equations as formulas: the same code objects, called with SymPy symbols.

NumPy refuses symbols, so ``rates`` and ``outputs`` are called as copies in which the name ``np`` means a few functions
of SymPy. Nothing is typed a second time. The text is infix as libSBML's Level 3 parser reads it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from menaquinone.declare import Block
from menaquinone.errors import InputError, refused, require, unknown

_PURPOSE = "writing SBML"
_PLAIN = "plain arithmetic with np.exp, np.log and np.sqrt"


class _Numpy:
    """What ``np`` means while equations are called with symbols."""

    def __init__(self, where: str, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._said, self._offered = where, functions

    def __getattr__(self, name: str) -> Any:
        """Return a function by its NumPy name, or refuse it."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._offered:
            raise unknown(f"function of NumPy in {self._said}", name, self._offered)
        return self._offered[name]


def formulas(block: Block, part: str, p: Any, x: Any, u: Any) -> list[str]:
    """Return the formulas that a block's equations are, in the order of its states or outputs.

    Parameters
    ----------
    block
        The mechanism.
    part
        ``"rates"`` or ``"outputs"``. Only outputs may be piecewise.
    p, x, u
        The block's named tuples, filled with symbols, sums of symbols or numbers.

    Raises
    ------
    MissingExtraError
        If SymPy is not installed.
    InputError
        If an equation is more than the arithmetic that blocks are written in.
    """
    where = f"{part} of block '{block.name}'"
    function = _bound(getattr(block, part), _Numpy(where, _functions(where, piecewise=part == "outputs")), {})
    try:
        found = function(p, x, u)
    except (TypeError, AttributeError) as error:
        raise InputError(f"{where}: got an equation that takes no symbols ({error}), expected {_PLAIN}.") from error
    sympify = require("sympy", "sbml", _PURPOSE).sympify
    return [_written(sympify(one), where) for one in found]


def _functions(where: str, *, piecewise: bool) -> dict[str, Callable[..., Any]]:
    sympy = require("sympy", "sbml", _PURPOSE)

    def chosen(condition: Any, then: Any, otherwise: Any) -> Any:
        # `==` between symbols compares their names and is False at once
        if condition in (True, False):
            raise refused(f"condition in {where}", bool(condition), "a comparison by <, <=, > or >= of what varies")
        return sympy.Piecewise((then, condition), (otherwise, True))

    plain = {"exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt}
    return plain | ({"maximum": sympy.Max, "minimum": sympy.Min, "where": chosen} if piecewise else {})


def _bound(function: Any, numpy: _Numpy, done: dict[Any, Any]) -> Any:
    """Copy a plain function, and those that it calls, so that NumPy's names mean ``numpy``."""
    if not isinstance(function, FunctionType):
        return function
    if function not in done:
        scope = dict(function.__globals__)
        cells = tuple(CellType() for _ in function.__closure__ or ())
        copied = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, cells)
        copied.__kwdefaults__ = function.__kwdefaults__
        done[function] = copied  # before its parts are: functions may call each other
        for name in _names(function.__code__):
            if name in scope:
                scope[name] = _swapped(scope[name], numpy, done)
        for cell, old in zip(cells, function.__closure__ or (), strict=True):
            cell.cell_contents = _swapped(old.cell_contents, numpy, done)
    return done[function]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _swapped(value: Any, numpy: _Numpy, done: dict[Any, Any]) -> Any:
    if value is np:
        return numpy
    if isinstance(value, type) or not callable(value):
        return value
    home = str(getattr(value, "__module__", None) or "numpy" * isinstance(value, np.ufunc))
    if home.partition(".")[0] == "numpy":  # from numpy import exp
        return getattr(numpy, value.__name__)
    return _bound(value, numpy, done)


_RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">="}
_JOINED = {"And": " && ", "Or": " || "}
_CALLED = {"exp": "exp", "log": "ln"}


def _written(expression: Any, where: str) -> str:
    """Write an expression of SymPy as infix."""
    kind = type(expression).__name__
    if expression.is_Symbol:
        return str(expression.name)
    if expression.is_Rational or expression.is_Float or expression.is_NumberSymbol:
        return _number(expression)
    if kind == "Add":
        return _sum(expression, where)
    if kind == "Mul":
        return _product(expression, where)
    parts = [_written(one, where) for one in expression.args] if kind != "Piecewise" else []
    if kind == "Pow":
        return _power(expression, parts, where)
    if kind in _CALLED:
        return f"{_CALLED[kind]}({parts[0]})"
    if kind in ("Max", "Min"):
        compared = ">=" if kind == "Max" else "<="
        return reduce(lambda a, b: f"piecewise({a}, {a} {compared} {b}, {b})", sorted(parts))
    return _logical(expression, kind, parts, where)


def _logical(expression: Any, kind: str, parts: list[str], where: str) -> str:
    if kind == "Piecewise":
        *pieces, (last, _) = expression.args  # the last condition is True: `where` says so
        cases = [f"{_written(value, where)}, {_written(condition, where)}" for value, condition in pieces]
        return f"piecewise({', '.join([*cases, _written(last, where)])})"
    if kind in _RELATIONS:
        return f"({parts[0]} {_RELATIONS[kind]} {parts[1]})"
    if kind in _JOINED:
        return f"({_JOINED[kind].join(sorted(parts))})"
    if kind == "Not":
        return f"!{parts[0]}"
    raise InputError(f"{where}: got '{expression}' in a formula, expected {_PLAIN}.")


def _number(expression: Any) -> str:
    if expression.is_Integer:
        return str(int(expression)) if expression >= 0 else f"({int(expression)})"
    if expression.is_Rational:
        return f"({expression.p} / {expression.q})"
    value = float(expression)
    return repr(value) if value >= 0 else f"({value!r})"


def _sum(expression: Any, where: str) -> str:
    minus = [bool(one.as_coeff_Mul()[0].is_negative) for one in expression.args]
    added = [_written(one, where) for one, less in zip(expression.args, minus, strict=True) if not less]
    taken = [_written(-one, where) for one, less in zip(expression.args, minus, strict=True) if less]
    return f"({' + '.join(added)}{''.join(f' - {one}' for one in taken)})"


def _power(expression: Any, parts: list[str], where: str) -> str:
    base, exponent = expression.args
    if _divides(expression):
        return f"(1 / {_written(base**-exponent, where)})"
    if exponent.is_Rational and (exponent.p, exponent.q) == (1, 2):
        return f"sqrt({parts[0]})"
    return f"({parts[0]}^{parts[1]})"


def _divides(expression: Any) -> bool:
    """Return whether this is a power below zero, so that it stands under a line."""
    return bool(expression.is_Pow and expression.args[1].as_coeff_Mul()[0].is_negative)


def _product(expression: Any, where: str) -> str:
    above, below = [], []
    for one in expression.args:
        if _divides(one):
            below.append(_written(1 / one, where))
        elif one.is_Rational and not one.is_Integer:
            above += [str(one.p)] if one.p != 1 else []
            below.append(str(one.q))
        else:
            above.append(_written(one, where))
    over = " * ".join(above) or "1"
    if not below:
        return f"({over})"
    return f"({over} / {below[0]})" if len(below) == 1 else f"({over} / ({' * '.join(below)}))"


__all__ = ["formulas"]
