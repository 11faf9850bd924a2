"""The only conversions: from the units people write to the house units that equations see (h, nmol, L).

Times become hours, molar amounts nmol, volumes litres, percentages fractions. Every other unit (mass, Agatston units
``AU``, ``m/s``, ``mL/min/{1.73_m2}``) stays as declared. A year ``a`` (or ``y``) is 365.25 d, a month a twelfth of it.
Unit strings of the small built-in table need no pint; any other goes through our own registry.
"""

import re
from functools import cache
from math import isfinite
from numbers import Real
from typing import Any

from menaquinone.errors import refused, unknown

HOURS_PER_DAY = 24.0
HOURS_PER_YEAR = 8766.0
"""365.25 days."""

_TIME = {"h": 1.0, "min": 1 / 60, "s": 1 / 3600, "d": 24.0, "wk": 168.0, "mo": HOURS_PER_YEAR / 12} | dict.fromkeys(
    ("a", "y"), HOURS_PER_YEAR
)
_MOLAR = {"nmol": 1.0, "pmol": 1e-3, "umol": 1e3, "mmol": 1e6, "mol": 1e9}
_VOLUME = {"L": 1.0, "dL": 0.1, "mL": 1e-3, "uL": 1e-6}
_MASS = {"ng": 1e-3, "ug": 1.0, "mg": 1e3, "g": 1e6, "kg": 1e9}
_KEPT = dict.fromkeys(("1", "m", "mm", "AU", "IU", *_MASS), 1.0)
_WHOLE = {"mL/min/{1.73_m2}": "<egfr>", "m/s": "<speed>", "ug/(100 g)": "<content>"}  # kept as one unit
_HOUSE = _TIME | _MOLAR | _VOLUME | _KEPT | {"%": 0.01} | dict.fromkeys(_WHOLE.values(), 1.0)
_NAMES = [*(name for name in _HOUSE if name not in _WHOLE.values()), *(name for name in _WHOLE if "100" not in name)]
_KINDS = (("time", _TIME), ("amount", _MOLAR), ("volume", _VOLUME), ("mass", _MASS), ("", {"1": 1.0, "%": 0.01}))
_SIZES = {name: (kind, size) for kind, table in _KINDS for name, size in table.items()}
_OF_DIMENSION = {
    "[time]": "h", "[substance]": "nmol", "[length]": "m", "[mass]": "mg", "[current]": "A", "[temperature]": "K",
    "[luminosity]": "cd", "[calcium_score]": "AU", "[biological_activity]": "IU", "[standard_body]": "bsa173",
}  # fmt: skip
"""What pint's dimensions are told in. Currents and temperatures are here so that they are refused where they come."""
_TOKEN = re.compile(r"([*/]?)\s*([A-Za-z]+|1|%|<egfr>|<speed>|<content>)(?:\^([+-]?\d+(?:\.\d+)?))?\s*")
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|[+-]?inf)\s*(.*\S)?\s*$", re.IGNORECASE)


@cache
def registry() -> Any:
    """Return our own pint registry, with ``AU`` as the Agatston unit.

    Returns
    -------
    pint.UnitRegistry
    """
    import pint

    readable = [lambda text: text.replace("{1.73_m2}", "bsa173")]
    ours: Any = pint.UnitRegistry(on_redefinition="ignore", preprocessors=readable)
    for definition in (
        "agatston = [calcium_score] = AU",
        "international_unit = [biological_activity] = IU",
        "bsa173 = [standard_body]",
        "y = 365.25 * day",
        "wk = 7 * day",
        "mo = 365.25 / 12 * day",
    ):
        ours.define(definition)
    return ours


@cache
def factor(unit: str) -> float:
    """Return what a value in ``unit`` is multiplied by to be in house units.

    Parameters
    ----------
    unit
        A unit string such as ``nmol/L/h``.

    Raises
    ------
    UnknownNameError
        If neither the built-in table nor pint knows the unit.
    """
    parts = parts_of(unit)
    if parts is None:
        return _factor_by_pint(unit)
    result = 1.0
    for name, power in parts:
        result *= _HOUSE[name] ** power
    return result


@cache
def parts_of(unit: str) -> tuple[tuple[str, float], ...] | None:
    """Take a unit apart into names of the built-in table and their powers; nothing where another name stands.

    What is kept as one unit has a name of its own: ``<egfr>``, ``<speed>``, ``<content>``.

    Parameters
    ----------
    unit
        A unit string such as ``1/(mL/min/{1.73_m2})``.
    """
    text = unit
    for whole, stand_in in _WHOLE.items():
        text = text.replace(f"({whole})", whole).replace(whole, stand_in)
    found: list[tuple[str, float]] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or token[2] not in _HOUSE or (position and not token[1]):
            return None
        found.append((token[2], float(token[3] or 1) * (-1 if token[1] == "/" else 1)))
        position = token.end()
    return tuple(found) or None


@cache
def _size(unit: str) -> tuple[float, dict[str, float]] | None:
    """Return how large a unit is and the powers of what it measures; nothing where pint has to answer."""
    parts = parts_of(unit)
    if parts is None:
        return None
    size, dimension = 1.0, dict[str, float]()
    for name, power in parts:
        kind, one = _SIZES.get(name, (name, 1.0))
        size *= one**power
        dimension[kind] = dimension.get(kind, 0.0) + power
    return size, {kind: power for kind, power in dimension.items() if kind and power}


def _ratio(unit: str, wanted: str) -> float | None:
    """Return how many ``wanted`` one ``unit`` is, by the built-in table; nothing where pint has to answer."""
    one, other = _size(unit), _size(wanted)
    return one[0] / other[0] if one and other and one[1] == other[1] else None


def _factor_by_pint(unit: str) -> float:
    import pint

    try:
        quantity = registry().Quantity(1.0, registry().Unit(unit))
        house = registry().Unit("1")
        for dimension, power in quantity.dimensionality.items():
            if dimension == "[length]" and float(power) % 3 == 0:
                house *= registry().L ** (power / 3)
            else:
                house *= registry().Unit(_OF_DIMENSION[dimension]) ** power
        return float(quantity.to(house).magnitude)
    except (pint.PintError, AttributeError, KeyError, TypeError, ValueError, AssertionError):
        raise unknown("unit", unit, _NAMES) from None


def to_house(value: Any, unit: str) -> Any:
    """Convert a number or an array from ``unit`` to house units."""
    return value * factor(unit)


def from_house(value: Any, unit: str) -> Any:
    """Convert a number or an array from house units to ``unit``."""
    return value / factor(unit)


def split(quantity: Any, what: str, example: str) -> tuple[float, str]:
    """Split ``"360 ug"`` or a pint quantity into value and unit.

    Parameters
    ----------
    quantity
        A string or a pint quantity; a bare number has no unit and is refused.
    what
        The name of the argument, for the message.
    example
        A right quantity, for the message.

    Raises
    ------
    InputError
        If there is no number, no unit, or the number is not finite.
    """
    expected = f"a quantity with its unit such as '{example}'"
    if hasattr(quantity, "magnitude") and hasattr(quantity, "units"):
        value, unit = float(quantity.magnitude), f"{quantity.units:~C}"
    else:
        match = _QUANTITY.match(quantity) if isinstance(quantity, str) else None
        if match is None or not match[2]:
            raise refused(what, quantity, expected)
        value, unit = float(match[1]), match[2]
    if not isfinite(value):
        raise refused(what, quantity, f"a finite number, in {expected}")
    return value, unit


def hours(quantity: Any, what: str = "time") -> float:
    """Return a quantity of time in hours.

    Parameters
    ----------
    quantity
        ``"24 h"``, ``"2 y"``, or a pint quantity.
    what
        The name of the argument, for the message.

    Raises
    ------
    InputError
        If it is not a finite time.
    """
    value, unit = split(quantity, what, "24 h")
    if unit in _TIME:
        return value * _TIME[unit]
    _check_dimension(unit, ("[time]",), what, quantity, "a time such as '24 h'")
    return float(value * factor(unit))


def nmol(amount: Any, molar_mass: float, what: str = "dose") -> float:
    """Return an amount of a form in nmol.

    Parameters
    ----------
    amount
        A mass or a molar amount: ``"360 ug"``, ``"0.5 umol"``.
    molar_mass
        g/mol of the form.
    what
        The name of the argument, for the message.

    Raises
    ------
    InputError
        If it is neither a mass nor a molar amount, negative, or not finite.
    """
    value, unit = split(amount, what, "360 ug")
    if value < 0:
        raise refused(what, amount, "an amount of at least 0")
    if unit in _MASS:
        return value * _MASS[unit] * 1e3 / molar_mass
    if unit in _MOLAR:
        return value * _MOLAR[unit]
    kind = _check_dimension(unit, ("[mass]", "[substance]"), what, amount, "a mass or a molar amount such as '360 ug'")
    if kind == "[substance]":
        return float(value * factor(unit))
    return float(registry().Quantity(value, unit).to("ug").magnitude) * 1e3 / molar_mass


def magnitude(quantity: Any, unit: str, what: str) -> float:
    """Return a quantity as a number in ``unit``.

    Parameters
    ----------
    quantity
        A string with a unit of the same dimension, a pint quantity, or a bare number, which is in ``unit`` already.
    unit
        The unit wanted.
    what
        The name of the argument, for the message.

    Raises
    ------
    InputError
        If the dimension differs.
    """
    if isinstance(quantity, Real) and not isinstance(quantity, bool):
        if not isfinite(quantity):
            raise refused(what, quantity, f"a finite number {f'in {unit}' if unit != '1' else 'without a unit'}")
        return float(quantity)
    value, got = split(quantity, what, f"1 {unit}") if unit != "1" else _plain(quantity, what)
    return converted(value, got, unit, what)


def converted(value: float, unit: str, wanted: str, what: str) -> float:
    """Return a number in one unit as a number in another.

    Unlike a ratio of two :func:`factor`, this converts units that equations keep as declared (``ng/mL`` to ``ug/L``).

    Parameters
    ----------
    value
        May be infinite.
    unit, wanted
        The unit it is in, and the unit it should be in.
    what
        The name of the number, for the message.

    Raises
    ------
    InputError
        If the dimensions differ.
    """
    if unit == wanted:
        return float(value)
    ratio = _ratio(unit, wanted)
    if ratio is not None:
        return float(value * ratio)
    import pint

    factor(unit)  # an unknown unit is named as such
    try:
        return float(registry().Quantity(value, unit).to(wanted).magnitude)
    except pint.DimensionalityError:
        expected = f"a quantity in {wanted} or a unit of the same dimension"
        if wanted == "1":
            expected = "a number without a unit, or a percentage"
        raise refused(what, f"{value:g} {unit}", expected) from None


def _plain(quantity: Any, what: str) -> tuple[float, str]:
    match = _QUANTITY.match(quantity) if isinstance(quantity, str) else None
    if match is None or not isfinite(float(match[1])):
        raise refused(what, quantity, "a finite number without a unit")
    return float(match[1]), match[2] or "1"


def _check_dimension(unit: str, wanted: tuple[str, ...], what: str, got: Any, expected: str) -> str:
    factor(unit)  # an unknown unit is named as such
    dimension = registry().Unit(unit).dimensionality
    for kind in wanted:
        if dict(dimension) == {kind: 1}:
            return kind
    raise refused(what, got, expected)


__all__ = [
    "HOURS_PER_DAY",
    "HOURS_PER_YEAR",
    "converted",
    "factor",
    "from_house",
    "hours",
    "magnitude",
    "nmol",
    "parts_of",
    "registry",
    "split",
    "to_house",
]
