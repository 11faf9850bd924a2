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
from menaquinone.solve.structure import structure
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

    Products of matrices leave out what the block's structure says is zero, as the engine does. States act one way: the
    problem has no others.

    Attributes
    ----------
    nodes
        Collocation points of a panel, at which states are found; at its start inputs are read as well.
    probes
        Evaluations of ``rates`` at a point beyond one for each state, that read the coefficients off an affine block.
    terms, together
        Terms in the series of a matrix exponential, and how many of them are summed without a product. Its integrals
        are for constant inputs: the problem has none.
    squarings
        Doublings after it, for a step of middle length; each is a product.
    """

    nodes: int = STAGES
    probes: int = 1
    terms: int = 20
    together: int = 5
    squarings: int = 3

    def exponential(self, reach: np.ndarray) -> float:
        """Return the operations (multiply, add) of the propagators over one distinct step, all nodes."""
        linked = reach.astype(int)
        product = 2 * int(((linked @ linked) * linked).sum())
        series = 2 * self.terms * int(linked.sum())
        products = self.terms // self.together - 1 + self.squarings
        return (self.together - 1) * product + self.nodes * (products * product + series)

    def propagation(self, reach: np.ndarray, heeded: np.ndarray) -> float:
        """Return the operations to move states through a panel with propagators at hand.

        To all nodes those on which something depends that others read, to the end the rest.
        """
        return float(2 * reach.sum(axis=1) @ np.where(heeded, self.nodes, 1))

    def in_turn(self, direct: np.ndarray, columns: int) -> float:
        """Return the operations (multiply, add) to solve a panel state by state, for several starts."""
        s = self.nodes
        factors = s + s * (s - 1) // 2 + 2 * sum(k * k for k in range(s))
        substituted = 2 * s * (s - 1) + 2 * s + 3 * s
        acting = int(np.tril(direct, -1).sum())
        return len(direct) * (factors + columns * substituted) + columns * 2 * s * acting

    def error(self, direct: np.ndarray) -> float:
        """Return the operations (multiply, add) to estimate what the end of a panel is off by."""
        return len(direct) * (6 * self.nodes + 24) + 4 * int(np.tril(direct, -1).sum())

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
        ``panels``, of which ``mapped`` in leaps, and ``distinct_steps`` of one subject, samples of leaps counted as
        panels. Those of leaps are gone through twice: for the map of a period, and along the path.
    outputs, times
        Numbers kept: how many at each time, and at how many times.
    rule
        What a panel costs.
    """
    rule = rule or Rule()
    panels, mapped, steps = (statistics[name] for name in ("panels", "mapped", "distinct_steps"))
    read = {name for one in model.stages for name in one.block.inputs}
    total: Counter = Counter()
    stages = []
    board = 0.0
    for one in model.stages:
        block, members, n = one.block, len(one.members), len(one.block.states)
        each = operations(block)
        constant = block.affine and not block.inputs
        here: Counter = Counter()
        evaluated = (n + 1 if constant else (panels + mapped) * rule.evaluations(n)) * members
        for kind, count in each["rates"].items():
            here[kind] += count * evaluated
        for kind, count in each["outputs"].items() if read & {*block.offers} else ():
            here[kind] += count * members * panels * (rule.nodes + 1)
        direct = np.array(structure(block, frozenset()).acts, bool).reshape(n, n) | np.eye(n, dtype=bool)
        reach = np.linalg.matrix_power(direct.astype(int), max(n, 1)) > 0
        if constant:
            feels = np.array(structure(block, frozenset()).felt, bool).reshape(-1, n)
            heeded = feels[[name in read for name in block.offers]].any(axis=0)
            algebra = steps * rule.exponential(reach) + panels * rule.propagation(reach, heeded)
            algebra += mapped * rule.propagation(reach, np.zeros(n, bool))  # the map of a period
        else:
            algebra = panels * (rule.in_turn(direct, 1) + rule.error(direct)) + mapped * rule.in_turn(direct, n + 1)
            here["divide"] += members * n * (panels * (rule.nodes + 3) + mapped * rule.nodes)
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
