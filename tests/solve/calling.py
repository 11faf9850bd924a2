"""Call equations by their addresses, and hold what comes against the NumPy engine."""

import ctypes
import warnings
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from tests.solve.own_blocks import CURVED, VARYING, WHY
from tests.test_extending import LISTINGS

import menaquinone as mk
from menaquinone.declare import Array, Block, output, param, reads, state
from menaquinone.solve.entry import jacobian
from menaquinone.solve.equations import LANES, equations
from menaquinone.solve.problem import Wired, coefficients, offset, published, rates, unpack
from menaquinone.testing.sampling import Sampler

J, Q = 3, 4
COEFFICIENTS = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 9)
OUTPUTS = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 7)


def listed(name):
    """Run a listing of the documentation, which needs no file of its own."""
    module = ModuleType(name)
    exec(compile(LISTINGS[f"{name}.py"], name, "exec"), vars(module))
    return module


GAS6 = listed("gas6").GAS6
DEFAULT = {one.block.name: one.block for one in mk.models.vitamin_k().stages}
BLOCKS = DEFAULT | {one.name: one for one in (VARYING, CURVED, GAS6)}


@dataclass
class Data:
    """Everything that a call needs: parameters (fields, lanes), inputs and states (points, ..., lanes), room."""

    p: np.ndarray
    u: np.ndarray
    x: np.ndarray
    a: np.ndarray
    b: np.ndarray
    board: np.ndarray
    inputs: np.ndarray
    outs: np.ndarray


def drawn(block, seed=7, points=(J, Q)):
    """Draw numbers for one member: parameters for every lane, inputs and states for every point and lane."""
    total, n = points[0] * points[1], len(block.states)
    sampler = Sampler(block, (), frozenset(), {})
    rng = np.random.default_rng(seed)
    many = [[sampler.draw(rng) for _ in range(LANES)] for _ in range(total + 1)]

    def values(kind, rows):
        record = np.array([[tuple(getattr(one, kind)) for one in row] for row in rows], float)
        return np.ascontiguousarray(np.moveaxis(record.reshape(len(rows), LANES, -1), 2, 1))

    u, offers = values("u", many[1:]), len(block.offers)
    return laid(values("p", many[:1])[0], u, values("x", many[1:]), n, offers, points)


def laid(p, u, x, n, offers, points=(J, Q)):
    """Lay inputs out on a board, field by field, with room for outputs behind them."""
    total, (_, q) = points[0] * points[1], points
    board = np.concatenate([np.moveaxis(u, 1, 0).ravel(), np.full(offers * total * LANES, np.nan)])
    table = np.array([[i * total * LANES, q * LANES, LANES] for i in range(u.shape[1] + offers)], np.int64)
    table = table.reshape(-1, 3)
    room = np.full((total, n, n, LANES), np.nan), np.full((total, n, LANES), np.nan)
    return Data(p, u, x, *room, board, table[: u.shape[1]].copy(), table[u.shape[1] :].copy())


def run(found, data, mode, points=(J, Q)):
    """Call both functions and return A, b and the outputs (fields, points, lanes)."""
    place = lambda name: getattr(data, name).ctypes.data
    if found.coefficients:
        start = (place("p"), place("inputs"), place("board"), *points, place("x"), place("a"), place("b"))
        COEFFICIENTS(found.coefficients)(*start, mode)
    start = (place("p"), place("inputs"), place("board"), *points, place("x"))
    OUTPUTS(found.outputs)(*start, place("outs"))
    return data.a, data.b, data.board.reshape(-1, points[0] * points[1], LANES)[len(data.inputs) :]


def wanted(block, data):
    """Return the same by the functions of the NumPy engine."""
    one: Any = Wired(SimpleNamespace(block=block, members=(None,)), ())
    shape = (len(data.x), 1, LANES)
    p = block.Parameters(*data.p[:, None, None])
    u = block.Inputs(*np.moveaxis(data.u, 1, 0)[:, :, None])
    x = data.x[:, :, None]
    with np.errstate(all="ignore"):
        outputs = published(one, block.outputs(p, unpack(one, x), u), shape)
        outputs = np.array([values[:, 0] for values in outputs.values()]).reshape(-1, *shape[::2])
        if not block.states:
            return data.a, data.b, outputs, data.b
        if block.affine:
            a, b = coefficients(one, p, u, shape)
            np.testing.assert_array_equal(b, offset(one, p, u, shape))
            scale = np.abs(b)
        else:
            a, now = jacobian(one, p, x, u), rates(one, p, x, u)
            b = now - np.einsum("tikml,tkml->timl", a, x)
            scale = np.abs(now) + np.einsum("tikml,tkml->timl", np.abs(a), np.abs(x))
    return a[:, :, :, 0], b[:, :, 0], outputs, scale[:, :, 0]


def assert_the_same(got, want, scale=None):
    assert (np.isnan(got) == np.isnan(want)).all()
    got, want, scale = (np.nan_to_num(one) for one in (got, want, np.abs(want) if scale is None else scale))
    assert (np.abs(got - want) <= 1e-13 * scale).all()


def agree(block, found, seed=7):
    data = drawn(block, seed)
    a, b, outputs = run(found, data, 1 if block.affine else 2)
    wanted_a, wanted_b, wanted_outputs, scale = wanted(block, data)
    assert_the_same(a, wanted_a)
    assert ((a == 0) == (wanted_a == 0)).all()
    assert_the_same(b, wanted_b, scale)
    assert_the_same(outputs, wanted_outputs)
    assert found.keep.error is None
    if block.affine and block.states:
        kept = b.copy()
        data.a[:], data.b[:] = np.nan, np.nan
        run(found, data, 0)
        assert np.isnan(data.a).all()
        assert data.b.tobytes() == kept.tobytes()


class Level(NamedTuple):
    level: Array = state("1", "level")


class Numbers(NamedTuple):
    one: Array = param(1.0, "1", "a number", source=WHY)
    two: Array = param(2.0, "1", "another", source=WHY)


class Given(NamedTuple):
    given: Array = reads("1", "a number")


class Offers(NamedTuple):
    first: Array = output("1", "a number")
    second: Array = output("1", "another")


def simply(p, x, u):
    return Level(p.one - p.two * x.level)


def a_block(outputs, rates=simply, *, affine=True, name="own"):
    return Block(name, Numbers, Level, rates, Given, Offers, outputs, affine=affine)


def quietly(block):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return equations(block)
