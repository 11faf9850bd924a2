"""What an engine hands back, before anything has a label."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from menaquinone.solve.problem import Problem

Progress = Callable[[int, int], None]
"""Called with subjects done and subjects in all."""

STATUS = ("solved", "tolerance not reached", "value not finite")
"""Meaning of each status, by its number."""


@dataclass(frozen=True)
class Solution:
    """Outputs of every subject.

    Attributes
    ----------
    outputs
        By name, (times, members, subjects), in the unit declared; NaN from a subject's failure on.
    status : ndarray (subjects,)
        Index into ``STATUS``.
    failed_at : ndarray (subjects,)
        Hours at which a subject failed; NaN for the others.
    """

    outputs: dict[str, np.ndarray]
    status: np.ndarray
    failed_at: np.ndarray


class Engine(Protocol):
    """What ``simulate`` asks of an engine."""

    @property
    def label(self) -> str:
        """Name and settings, for the result's attributes."""

    def solve(
        self, problem: "Problem", wanted: tuple[str, ...], *, workers: int, progress: Progress | None
    ) -> Solution:
        """Solve a problem for the outputs wanted."""


def empty(problem: "Problem", wanted: tuple[str, ...]) -> Solution:
    """Return a solution full of NaN, to be filled."""
    members = {name: len(problem.model.offers[name].members) for name in wanted}
    n = problem.people.n
    return Solution(
        {name: np.full((len(problem.times), members[name], n), np.nan) for name in wanted},
        np.zeros(n, np.int8),
        np.full(n, np.nan),
    )
