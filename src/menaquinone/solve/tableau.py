"""Coefficients of the collocation rule, computed from its nodes.

The nodes are those of Radau IIA, 0 added for interpolation: L-stable, order ``2 STAGES - 1`` at panel ends and
``STAGES + 1`` inside a panel (Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5).
"""

import numpy as np
from numpy.polynomial import Polynomial

STAGES = 5

_rise, _fall = Polynomial([0, 1]) ** (STAGES - 1), Polynomial([-1, 1]) ** STAGES
NODES = np.sort((_rise * _fall).deriv(STAGES - 1).roots().real)
"""Collocation nodes in (0, 1]; the last is the end of the panel."""
NODES[-1] = 1.0
POINTS = np.concatenate([[0.0], NODES])
"""Nodes with the panel's start: where histories between stages are held."""


def _basis(points: np.ndarray) -> list[Polynomial]:
    return [
        Polynomial.fromroots(np.delete(points, j)) / np.prod(point - np.delete(points, j))
        for j, point in enumerate(points)
    ]


def _integrals(polynomials: list[Polynomial]) -> np.ndarray:
    return np.array([[p.integ()(c) for p in polynomials] for c in NODES])


WEIGHTS = _integrals(_basis(NODES))
"""(i, j): integral of the j-th collocation basis polynomial from 0 to node i; the Butcher matrix."""
SLOPES = np.linalg.inv(WEIGHTS)
"""(i, j): rate at node i of the polynomial that is 0 at the start, 1 at node j and 0 at the others."""
LAGRANGE = np.array([p.coef for p in _basis(POINTS)])
"""(j, k): coefficient of the k-th power in the j-th interpolation basis polynomial on ``POINTS``."""
NODE_POLYNOMIAL = Polynomial.fromroots(NODES)
"""Vanishes at the collocation nodes: what interpolation with and without the panel's start differs by."""
DIFFERENCE = np.array([1 / np.prod(point - np.delete(POINTS, j)) for j, point in enumerate(POINTS)])
"""Weights of the divided difference over ``POINTS``."""
LOWER_DIFFERENCE = np.array([0.0, *(1 / np.prod(node - np.delete(NODES, j)) for j, node in enumerate(NODES))])
"""Weights of the divided difference over the nodes alone, one order lower."""
_INSIDE = np.linspace(0.0, 1.0, 1001)
TERM_RATIO = float(np.abs(NODE_POLYNOMIAL(_INSIDE)).max() / np.abs(Polynomial.fromroots(NODES[:-1])(_INSIDE)).max())
"""Largest value in a panel of what multiplies the one difference, over that of the other."""
LOWEST_DIFFERENCE = np.array(
    [0.0, 0.0, *(1 / np.prod(node - np.delete(NODES[1:], j)) for j, node in enumerate(NODES[1:]))]
)
"""Weights of the divided difference over all nodes but the first, two orders lower."""
LOWER_RATIO = float(
    np.abs(Polynomial.fromroots(NODES[:-1])(_INSIDE)).max() / np.abs(Polynomial.fromroots(NODES[:-2])(_INSIDE)).max()
)
NODE_INTEGRALS = _integrals([NODE_POLYNOMIAL])[:, 0]
"""Integral of the node polynomial from 0 to each node."""
LARGEST = float(np.abs(NODE_INTEGRALS).max())
"""The largest of them."""
SLAVED = LARGEST / float(np.prod(1.0 - POINTS[1:-1]))
"""Weight of a filter whose estimate tends to the error of a state that follows its input at once."""
FAST = 5.0
"""Loss in a panel from which the last term itself is the error: nothing of it is in use by such a state."""
LED = 3.0
"""How much more than the last term such a state is taken to err by: its estimate is no order lower, as others are."""
LEAST = 0.03
"""Most credit that an error estimate gets for terms that fall from one to the next."""
CAUTIOUS = 0.1
"""Share of the term before the last that an estimate is at least, where terms need not fall."""
