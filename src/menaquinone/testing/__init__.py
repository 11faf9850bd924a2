"""What other projects import to test their own blocks, members and results.

``check_block`` and the assertions of :mod:`menaquinone.testing.checks` need nothing but the core dependencies;
``strategies`` needs hypothesis, which the extra ``menaquinone[testing]`` installs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from menaquinone.testing import checks as checks
    from menaquinone.testing import strategies as strategies
    from menaquinone.testing.checks import (
        assert_dose_linear,
        assert_fractions,
        assert_mass_balance,
        assert_monotone_calcium,
        assert_nonnegative,
        check_block,
    )

_FROM_CHECKS = (
    "assert_dose_linear",
    "assert_fractions",
    "assert_mass_balance",
    "assert_monotone_calcium",
    "assert_nonnegative",
    "check_block",
)

__all__ = [
    "assert_dose_linear",
    "assert_fractions",
    "assert_mass_balance",
    "assert_monotone_calcium",
    "assert_nonnegative",
    "check_block",
    "checks",
    "strategies",
]


def __getattr__(name: str) -> Any:
    if name in ("checks", "strategies"):
        return import_module(f"menaquinone.testing.{name}")
    if name in _FROM_CHECKS:
        return getattr(import_module("menaquinone.testing.checks"), name)
    raise AttributeError(f"module 'menaquinone.testing' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
