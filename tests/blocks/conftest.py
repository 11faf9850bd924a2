"""What the tests of every block need: parameters in house units, and the matrix behind an affine rate."""

import numpy as np
import pytest

from menaquinone.units import magnitude, to_house


@pytest.fixture
def parameters():
    """Build ``parameters(block, clearance="1.3 L/h")``: defaults, changed where given, in house units."""

    def made(block, **changes):
        values = {}
        for name, one in block.parameters.items():
            value = magnitude(changes.pop(name), one.unit, name) if name in changes else one.default
            values[name] = to_house(value, one.unit)
        assert not changes
        return block.Parameters(**values)

    return made


@pytest.fixture
def affine():
    """Read ``A, b = affine(block, p, u)`` off the rates, one state at a time."""

    def read(block, p, u=None):
        n = len(block.states)
        b = np.array(block.rates(p, block.State(*np.zeros(n)), u), float)
        columns = [np.array(block.rates(p, block.State(*unit), u), float) - b for unit in np.eye(n)]
        return np.stack(columns, axis=1), b

    return read


@pytest.fixture
def steady(affine):
    """Solve ``steady(block, p, u)``: where the rates of an affine block are 0."""

    def solve(block, p, u=None):
        a, b = affine(block, p, u)
        return block.State(*np.linalg.solve(a, -b))

    return solve
