"""Operations and bytes of one subject, counted from the equations as written and from what the engine says it did.

An equation is counted by calling it with numbers that keep a tally. How often it is called follows from the engine's
own statistics and from the rule below; nothing is measured here.
"""

from collections import Counter
from dataclasses import dataclass
from math import ceil

import numpy as np

from menaquinone.declare import Block
from menaquinone.model import Model
from menaquinone.solve.structure import elimination, structure
from menaquinone.solve.tableau import STAGES

KINDS = ("add", "multiply", "divide", "exp", "log", "sqrt")


class Tally:
    """A number that counts what is done with it; several share one counter."""

    def __init__(self, counts: Counter) -> None:
        self.counts = counts

    def _noted(self, kind: str) -> "Tally":
        self.counts[kind] += 1
        return self

    def __add__(self, other):
        return self._noted("add")

    def __mul__(self, other):
        return self._noted("multiply")

    def __truediv__(self, other):
        return self._noted("divide")

    def __pow__(self, other):
        self._noted("log")
        self._noted("multiply")
        return self._noted("exp")

    def __neg__(self):
        return self  # a sign goes into the next operation

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__, __rtruediv__, __rpow__ = __mul__, __truediv__, __pow__

    # NumPy's functions call these of an object that is no array

    def exp(self):
        return self._noted("exp")

    def log(self):
        return self._noted("log")

    def sqrt(self):
        return self._noted("sqrt")


def operations(block: Block) -> dict[str, dict[str, int]]:
    """Return how many operations of each kind ``rates`` and ``outputs`` are, of one member at one time."""
    found = {}
    for name in ("rates", "outputs"):
        counts: Counter = Counter()
        given = (kind(*[Tally(counts) for _ in kind._fields]) for kind in (block.Parameters, block.State, block.Inputs))
        getattr(block, name)(*given)
        found[name] = {kind: counts[kind] for kind in KINDS if counts[kind]}
    return found


@dataclass(frozen=True)
class Rule:
    """What the engine does for one member of a block, per panel; to be kept in step with the engine.

    Products of matrices and eliminations leave out what the block's structure says is zero, as the engine does.

    Attributes
    ----------
    nodes
        Collocation points of a panel, at which states are found; at its start inputs are read as well.
    probes
        Evaluations of ``rates`` at a point beyond one for each state, that read the coefficients off an affine block.
    terms
        Products in the series of a matrix exponential and of the first of its integrals.
    squarings
        Doublings after it, for a step of middle length; each is two products.
    """

    nodes: int = STAGES
    probes: int = 1
    terms: int = 15
    squarings: int = 4

    def exponential(self, reach: np.ndarray) -> float:
        """Return the operations (multiply, add) of the propagators over one distinct step, all nodes."""
        linked = reach.astype(int)
        product = 2 * int(((linked @ linked) * linked).sum())
        return self.nodes * (self.terms + 2 * self.squarings) * product

    def propagation(self, reach: np.ndarray) -> float:
        """Return the operations to move states to all nodes of a panel with propagators at hand."""
        return self.nodes * 2 * int(reach.sum())

    def collocation(self, used: np.ndarray, filled: np.ndarray) -> tuple[float, int]:
        """Return the operations (multiply, add) to solve a panel's equations for every start, and the divisions."""
        size, done = len(used), 0
        for column in range(size):
            below = int(used[column + 1 :, column].sum())
            done += below * (1 + 2 * int(used[column, column + 1 :].sum()) + 2 * int(filled[column].sum()))
        for row in range(size):
            done += int(sum(2 * filled[k].sum() for k in range(row + 1, size) if used[row, k])) + int(filled[row].sum())
        return done, size

    def evaluations(self, n: int) -> int:
        """Return the evaluations of ``rates`` in a panel."""
        return (self.nodes + 1) * (n + self.probes)


def per_subject(model: Model, statistics: dict, outputs: int, times: int, rule: Rule | None = None) -> dict:
    """Return operations by kind and bytes of one subject.

    Parameters
    ----------
    model
        A model of affine blocks.
    statistics
        ``panels`` and ``distinct_steps`` of one subject, samples of leaps counted as panels.
    outputs, times
        Numbers kept: how many at each time, and at how many times.
    rule
        What a panel costs.
    """
    rule = rule or Rule()
    panels, steps = statistics["panels"], statistics["distinct_steps"]
    total: Counter = Counter()
    stages = []
    board = 0.0
    for one in model.stages:
        block, members, n = one.block, len(one.members), len(one.block.states)
        each = operations(block)
        constant = block.affine and not block.inputs
        here: Counter = Counter()
        evaluated = (n + 1 if constant else panels * rule.evaluations(n)) * members
        for kind, count in each["rates"].items():
            here[kind] += count * evaluated
        for kind, count in each["outputs"].items():
            here[kind] += count * members * panels * (rule.nodes + 1)
        direct = np.array(structure(block, frozenset()).acts, bool).reshape(n, n) | np.eye(n, dtype=bool)
        reach = np.linalg.matrix_power(direct.astype(int), max(n, 1)) > 0
        if constant:
            algebra = steps * rule.exponential(reach) + panels * rule.propagation(reach)
        else:
            used, filled, _ = elimination(direct)
            solved, pivots = rule.collocation(used, filled)
            algebra = panels * (solved + rule.propagation(reach))
            here["divide"] += panels * members * pivots
        here["multiply"] += algebra * members / 2
        here["add"] += algebra * members / 2
        board += 8 * panels * (rule.nodes + 1) * members * (n + len(block.inputs) + len(block.offers))
        stages.append({"block": block.name, "members": members, "states": n, "constant": constant, **_rounded(here)})
        total += here
    parameters = sum(len(one.values) for one in model.stages)
    return {
        "operations": _rounded(total),
        "stages": stages,
        "bytes": {
            "parameters read": 8 * parameters,
            "results written": 8 * outputs * times,
            "histories between stages, in cache": ceil(board),
        },
        "per_stage_equations": {one.block.name: operations(one.block) for one in model.stages},
    }


def _rounded(counts: Counter) -> dict[str, int]:
    return {kind: round(counts[kind]) for kind in KINDS if counts[kind]}
