"""Equations behind addresses: the numbers of the NumPy path, lane by lane, compiled once and never stale."""

import ctypes
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.own_blocks import CURVED, VARYING, WHY
from tests.test_extending import LISTINGS

import menaquinone as mk
from menaquinone.declare import Array, Block, output, param, reads, state
from menaquinone.solve.entry import jacobian
from menaquinone.solve.equations import LANES, _in_numpy, equations
from menaquinone.solve.problem import Wired, coefficients, offset, published, rates, unpack
from menaquinone.testing import strategies
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


@pytest.mark.parametrize("name", BLOCKS)
def test_compiled_equations_are_those_of_numpy(name):
    found = equations(BLOCKS[name])
    assert found.compiled
    assert bool(found.coefficients) == bool(BLOCKS[name].states)
    agree(BLOCKS[name], found)


@pytest.mark.parametrize("name", BLOCKS)
def test_so_are_those_that_run_in_numpy_behind_addresses(name):
    agree(BLOCKS[name], _in_numpy(BLOCKS[name]))


@given(strategies.blocks(), st.integers(0, 1000))
@settings(max_examples=8)
def test_blocks_made_in_a_function_agree_too(block, seed):
    found = equations(block)
    assert found.compiled
    agree(block, found, seed)


@pytest.mark.parametrize("name", BLOCKS)
def test_lanes_do_not_see_each_other(name):
    block = BLOCKS[name]
    found, mode = equations(block), 1 if block.affine else 2
    first, others = drawn(block, 1), drawn(block, 2)
    alone = [one.copy() for one in run(found, first, mode)]
    for lane, filler in itertools.product((0, 5, LANES - 1), (None, np.nan, np.inf)):
        mixed = [getattr(others, kind).copy() for kind in ("p", "u", "x")]
        for values, mine in zip(mixed, (first.p, first.u, first.x), strict=True):
            if filler is not None:
                values[:] = filler
            values[..., (lane + 3) % LANES] = mine[..., lane]
        beside = run(found, laid(*mixed, len(block.states), len(block.offers)), mode)
        for got, want in zip(beside, alone, strict=True):
            assert got[..., (lane + 3) % LANES].tobytes() == want[..., lane].tobytes()


@pytest.mark.parametrize("make", [equations, _in_numpy], ids=["compiled", "numpy"])
def test_fields_stand_wherever_their_rows_say(make):
    block = DEFAULT["carboxylation"]
    found, data = make(block), drawn(block)
    data.u[:, 0] = data.u[:, 0].reshape(J, Q, LANES)[:, :1].repeat(Q, 1).reshape(-1, LANES)  # changes with j alone
    data.u[:, 1] = data.u[0, 1]  # changes with neither
    plain = laid(data.p, data.u, data.x, 2, 3)
    want = [one.copy() for one in run(found, plain, 1)]
    board = np.full((40, J, Q + 1, LANES), -1.0)
    board[3, :, 0] = data.u[:, 0].reshape(J, Q, LANES)[:, 0]
    board[7, 2, 3] = data.u[0, 1]
    row, step = (Q + 1) * LANES, J * (Q + 1) * LANES
    data.board = board
    data.inputs = np.array([[3 * step, row, 0], [7 * step + 2 * row + 3 * LANES, 0, 0]])
    # backwards in time, side by side
    data.outs = np.array([[(30 + i) * step + 2 * row + 3 * LANES, -row, -LANES] for i in range(3)])
    place = lambda name: getattr(data, name).ctypes.data
    start = (place("p"), place("inputs"), board.ctypes.data, J, Q, place("x"))
    COEFFICIENTS(found.coefficients)(*start, place("a"), place("b"), 1)
    OUTPUTS(found.outputs)(*start, place("outs"))
    assert data.a.tobytes() == want[0].tobytes()
    assert data.b.tobytes() == want[1].tobytes()
    got = board[30:33, ::-1, 3::-1]
    assert got.tobytes() == want[2].tobytes()
    board[30:33, :, :4] = -1
    board[3, :, 0], board[7, 2, 3] = -1, -1
    assert (board == -1).all()  # nothing else was written to


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


def test_fields_may_be_plain_numbers_of_any_kind():
    block = a_block(lambda p, x, u: Offers(1, True), lambda p, x, u: Level(2))
    assert equations(block).compiled
    agree(block, equations(block))
    agree(block, _in_numpy(block))


def test_outputs_may_be_piecewise():
    def outputs(p, x, u):
        return Offers(
            np.maximum(u.given, np.sqrt(p.one)) + np.log(p.two), np.where(u.given > p.one, np.exp(x.level), 0)
        )

    agree(a_block(outputs), equations(a_block(outputs)))


def test_outputs_may_branch_where_they_are_compiled():
    def outputs(p, x, u):
        if u.given > p.one:
            return Offers(u.given, 1)
        return Offers(p.one, 0)

    data = drawn(a_block(outputs))
    found = run(equations(a_block(outputs)), data, 1)[2]
    np.testing.assert_array_equal(found[0], np.maximum(data.u[:, 0], data.p[0]))
    np.testing.assert_array_equal(found[1], data.u[:, 0] > data.p[0])


def test_a_block_may_offer_and_hold_nothing():
    bare = Block("bare")
    found = equations(bare)
    assert found.compiled
    assert found.coefficients == 0
    run(found, laid(np.empty((0, LANES)), np.empty((J * Q, 0, LANES)), np.empty((J * Q, 0, LANES)), 0, 0), 0)


@pytest.mark.parametrize("make", [equations, _in_numpy], ids=["compiled", "numpy"])
def test_no_points_are_no_work(make):
    block = DEFAULT["tissue"]
    data = drawn(block)
    place = lambda name: getattr(data, name).ctypes.data
    start, found = (place("p"), place("inputs"), place("board"), 0, Q, place("x")), make(block)
    COEFFICIENTS(found.coefficients)(*start, place("a"), place("b"), 1)
    OUTPUTS(found.outputs)(*start, place("outs"))
    assert found.keep.error is None
    assert np.isnan(data.a).all()
    assert np.isnan(data.b).all()


def test_the_exponential_is_good_to_two_units_in_the_last_place():
    from numba import njit

    from menaquinone.solve._pointers import exp

    @njit
    def one(x):
        return exp(x)

    values = np.concatenate([np.linspace(-745, 709.7, 2001), np.linspace(-1e-3, 1e-3, 200), [0.0, -0.0, 1.0]])
    exact = np.exp(values.astype(np.longdouble))
    error = np.abs(np.array([one(value) for value in values]) - exact) / np.spacing(exact.astype(float))
    assert error.max() < 2.5
    with np.errstate(all="ignore"):
        for value in (np.inf, -np.inf, np.nan, 710.0, 1e300, -746.0, -1e300):
            np.testing.assert_array_equal(one(value), np.exp(value))
    assert one(1 + 2j) == pytest.approx(np.exp(1 + 2j), rel=1e-15)
    assert one(0) == 1


# -- what numba cannot compile


def through_scipy(p, x, u):
    return Offers(scipy.special.expit(p.one * x.level), u.given)


def test_what_numba_cannot_compile_runs_in_numpy_and_warns_once():
    block = a_block(through_scipy, name="logistic")
    message = (
        "block 'logistic': its equations run in NumPy instead of compiled code: "
        "Unknown attribute 'expit' of type Module(<module 'scipy.special'>)."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as told:
        found = equations(block)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert not found.compiled
    assert equations(block) is found  # and no second warning, which would be an error here
    agree(block, found)


def test_rates_that_are_not_affine_run_in_numpy_too():
    def saturating(p, x, u):
        words = {"given": str(u.given)[:0]}
        return Level(u.given - p.one * x.level / (p.two + x.level) + len(words["given"]))

    block = a_block(lambda p, x, u: Offers([x.level, *[p.one]][0] + len(vars()), p.one), saturating, affine=False)
    found = quietly(block)
    assert not found.compiled
    agree(block, found)


def failing(p, x, u):
    raise RuntimeError(f"no value at {scipy.special.expit(1.0):.1f}")


def test_an_exception_is_kept_and_leaves_nan():
    block = a_block(failing, failing)
    found = quietly(block)
    assert not found.compiled
    data = drawn(block)
    data.a[:], data.b[:], data.board[-1] = 1, 1, 1
    a, b, outputs = run(found, data, 1)
    assert np.isnan(a).all()
    assert np.isnan(b).all()
    assert np.isnan(outputs).all()
    assert isinstance(found.keep.error, RuntimeError)
    assert str(found.keep.error) == "no value at 0.7"
    found.keep.error = None
    run(found, data, 0)
    assert found.keep.error is not None


def test_equations_in_numpy_cannot_write_to_what_they_read():
    def greedy(p, x, u):
        scipy.special.expit(u.given, u.given)
        return Offers(u.given, p.one)

    block = a_block(greedy)
    found, data = quietly(block), drawn(block)
    before = data.board[: J * Q * LANES].copy()
    assert np.isnan(run(found, data, 0)[2]).all()
    assert isinstance(found.keep.error, ValueError | TypeError)
    assert (data.board[: J * Q * LANES] == before).all()


def test_too_few_results_are_no_results():
    found = quietly(a_block(lambda p, x, u: (u.given,)))
    assert not found.compiled
    run(found, drawn(a_block(simply)), 1)
    assert isinstance(found.keep.error, ValueError)


@pytest.mark.parametrize("make", [equations, _in_numpy], ids=["compiled", "numpy"])
def test_addresses_are_called_from_compiled_code_in_several_threads(make):
    from numba import njit

    from menaquinone.solve._pointers import invoke7, invoke9

    @njit(nogil=True)
    def both(rates, outputs, p, inputs, board, x, a, b, outs):
        invoke9(rates, p, inputs, board, J, Q, x, a, b, 1)
        invoke7(outputs, p, inputs, board, J, Q, x, outs)

    block = DEFAULT["carboxylation"]
    found = make(block)
    several = [drawn(block, seed) for seed in range(4)]
    names = ("p", "inputs", "board", "x", "a", "b", "outs")
    threads = [
        threading.Thread(
            target=both, args=(found.coefficients, found.outputs, *(getattr(one, name).ctypes.data for name in names))
        )
        for one in several
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, one in enumerate(several):
        want = run(found, drawn(block, seed), 1)
        assert one.a.tobytes() == want[0].tobytes()
        assert one.b.tobytes() == want[1].tobytes()
        assert one.board[-want[2].size :].tobytes() == want[2].tobytes()


# -- what is compiled, and when


def times(factor, helper=None):
    def outputs(p, x, u):
        return Offers(factor * u.given, x.level if helper is None else helper(x.level))

    return a_block(outputs)


def test_closures_with_other_cells_are_other_equations():
    first, second = equations(times(2.0)), equations(times(3.0))
    assert first.outputs != second.outputs
    assert equations(times(2.0)) is first
    for found, factor in ((first, 2.0), (second, 3.0)):
        data = drawn(times(factor))
        np.testing.assert_array_equal(run(found, data, 0)[2][0], factor * data.u[:, 0])
    assert equations(times(-0.0)).outputs != equations(times(0.0)).outputs


def test_functions_in_cells_and_defaults_are_told_apart():
    def shifted(by):
        return lambda level, more=by: level + more

    found = [equations(times(2.0, shifted(by))) for by in (1.0, 2.0)]
    assert found[0].outputs != found[1].outputs
    for one, by in zip(found, (1.0, 2.0), strict=True):
        data = drawn(times(2.0, shifted(by)))
        assert one.compiled
        np.testing.assert_array_equal(run(one, data, 0)[2][1], data.x[:, 0] + by)


def with_module(constants):
    return a_block(lambda p, x, u: Offers(constants.SIZE * u.given, constants.deeper.half(x.level)))


def test_what_modules_hold_is_part_of_the_equations():
    module, deeper = ModuleType("constants"), ModuleType("deeper")
    module.deeper, module.SIZE = deeper, 2.0
    deeper.half = lambda value: 0.5 * value
    block = with_module(module)
    first, data = equations(block), drawn(block)
    assert first.compiled
    np.testing.assert_array_equal(run(first, data, 0)[2][1], 0.5 * data.x[:, 0])
    module.SIZE = 3.0  # the same block, edited: as in a notebook
    second = equations(block)
    np.testing.assert_array_equal(run(second, data, 0)[2][0], 3.0 * data.u[:, 0])
    deeper.half = lambda value: 0.25 * value
    np.testing.assert_array_equal(run(equations(block), data, 0)[2][1], 0.25 * data.x[:, 0])
    assert len({first.outputs, second.outputs, equations(block).outputs}) == 3


def test_arrays_and_records_that_equations_name_are_told_apart():
    class Table(NamedTuple):
        low: float
        high: float

    def with_table(table, array):
        return a_block(lambda p, x, u: Offers(table.high * u.given, array[1] * x.level))

    kinds = [(Table(1.0, 2.0), np.array([1.0, 2.0])), (Table(1.0, 3.0), np.array([1.0, 2.0]))]
    kinds.append((Table(1.0, 2.0), np.array([1.0, 4.0])))
    found = [equations(with_table(*one)) for one in kinds]
    assert all(one.compiled for one in found)
    assert len({one.outputs for one in found}) == 3
    data = drawn(with_table(*kinds[1]))
    np.testing.assert_array_equal(run(found[1], data, 0)[2][0], 3.0 * data.u[:, 0])


def test_values_that_no_text_tells_apart_are_compiled_in_memory_alone():
    class Kind(Enum):
        ONE = 1
        TWO = 2

    def of(kind):
        return a_block(lambda p, x, u: Offers(u.given if kind is Kind.ONE else x.level, p.one))

    found = [equations(of(kind)) for kind in Kind]
    for one, kind, name in zip(found, Kind, ("u", "x"), strict=True):
        assert one.compiled
        assert [held._cache.cache_path for held in one.keep.held] == [None, None]
        data = drawn(of(kind))
        np.testing.assert_array_equal(run(one, data, 0)[2][0], getattr(data, name)[:, 0])


def test_functions_that_the_user_compiled_may_be_called():
    from numba import njit

    def scaled(by):
        scale = njit(lambda value: by * value)
        return a_block(lambda p, x, u: Offers(scale(u.given), x.level))

    found = [equations(scaled(by)) for by in (2.0, 3.0)]
    for one, by in zip(found, (2.0, 3.0), strict=True):
        data = drawn(scaled(by))
        assert one.compiled
        np.testing.assert_array_equal(run(one, data, 0)[2][0], by * data.u[:, 0])


def test_where_nothing_can_be_written_equations_are_compiled_in_memory(monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    found = equations(times(23.0))
    assert found.compiled
    assert [held._cache.cache_path for held in found.keep.held] == [None, None]
    agree(times(23.0), found)


def test_threads_that_ask_at_once_get_the_same():
    block, found = times(17.0), []
    threads = [threading.Thread(target=lambda: found.append(equations(block))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1


# -- what one process leaves behind for the next

OWN = """
from typing import NamedTuple

import helpers
from helpers import filled
from menaquinone.declare import Array, Block, output, param, reads, state

FACTOR = 1.0


class Parameters(NamedTuple):
    lost: Array = param(0.1, "1/h", "loss", source="assumed: for the test")


class State(NamedTuple):
    level: Array = state("nmol/L", "level")


class Inputs(NamedTuple):
    given: Array = reads("nmol/L", "given")


class Outputs(NamedTuple):
    out: Array = output("nmol/L", "level")


def rates(p, x, u):
    return State(level=filled(u) - p.lost * x.level)


def outputs(p, x, u):
    return Outputs(FACTOR * x.level + helpers.shift(u.given))


def made(by):
    class Outputs(NamedTuple):
        out: Array = output("nmol/L", "level")

    def outputs(p, x, u):
        return Outputs(by * x.level)

    return Block("made", Parameters, State, rates, Inputs, Outputs, outputs)


own = Block("own", Parameters, State, rates, Inputs, Outputs, outputs)
curved = Block("curved", Parameters, State, rates, Inputs, Outputs, outputs, affine=False)
two, three = made(2.0), made(3.0)
scope = dict(globals())
exec("def typed(p, x, u): return Outputs(5.0 * x.level + helpers.shift(0.0))", scope)
typed = Block("typed", Parameters, State, rates, Inputs, Outputs, scope["typed"])
"""

HELPERS = """
def filled(u):
    return 1.0 * u.given


def shift(value):
    return 10.0 * deep(value)


def deep(value):
    return value + 1.0
"""

RUN = """
import ctypes
import json
import sys
import numpy as np
import own
from menaquinone.solve.equations import LANES, equations

I = ctypes.c_int64
results, hits = {}, {}
for name in sys.argv[1:]:
    block = getattr(own, name)
    found = equations(block)
    p, board, x = np.full(LANES, 0.5), np.full(2 * LANES, 3.0), np.full(LANES, 7.0)
    a, b = np.zeros(LANES), np.zeros(LANES)
    rows = np.array([[0, 0, 0], [LANES, 0, 0]])
    start = [p.ctypes.data, rows.ctypes.data, board.ctypes.data, 1, 1, x.ctypes.data]
    ctypes.CFUNCTYPE(None, *[I] * 7)(found.outputs)(*start, rows[1:].ctypes.data)
    mode = 1 if block.affine else 2
    ctypes.CFUNCTYPE(None, *[I] * 9)(found.coefficients)(*start, a.ctypes.data, b.ctypes.data, mode)
    assert found.compiled
    results[name] = [float(one) for one in (a[0], b[0], board[LANES])]
    hits[name] = [one.cache_hits for one in found.keep.held]
paths = {one._cache.cache_path for one in found.keep.held}
print(json.dumps({"results": results, "hits": hits, "paths": sorted(map(str, paths))}))
"""

ALL = ("own", "curved", "two", "three", "typed")
RIGHT = {
    "own": [-0.5, 3.0, 47.0],
    "curved": [-0.5, 3.0, 47.0],
    "two": [-0.5, 3.0, 14.0],
    "three": [-0.5, 3.0, 21.0],
    "typed": [-0.5, 3.0, 45.0],
}


@pytest.fixture
def folder(tmp_path):
    for name, text in (("own", OWN), ("helpers", HELPERS), ("run", RUN)):
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def fresh(folder, *names, package=None, **environment):
    """Ask for equations in a process of its own."""
    package = Path(mk.__file__).parent if package is None else package
    wanted = os.environ | {"PYTHONPATH": os.pathsep.join([str(package.parent), str(folder)])}
    wanted |= {"NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"} | environment
    done = subprocess.run(
        [sys.executable, str(folder / "run.py"), *names], capture_output=True, text=True, check=False, env=wanted
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def edit(folder, name, old, new):
    text = (folder / f"{name}.py").read_text()
    assert old in text
    (folder / f"{name}.py").write_text(text.replace(old, new))


def test_the_second_process_compiles_nothing(folder):
    first, second = fresh(folder, *ALL), fresh(folder, *ALL)
    assert first["results"] == second["results"] == RIGHT
    assert {hit for one in first["hits"].values() for hit in one} <= {0, 1}
    assert first["hits"]["own"] == [0, 0]
    assert all(one == [1, 1] for one in second["hits"].values())


def test_an_edit_recompiles_what_rests_on_it_and_nothing_else(folder):
    fresh(folder, "own", "two")
    edit(folder, "own", "by * x.level", "by * x.level + 0.5")
    after = fresh(folder, "own", "two")
    assert after["results"] == {"own": RIGHT["own"], "two": [-0.5, 3.0, 14.5]}
    assert after["hits"] == {"own": [1, 1], "two": [0, 0]}
    edit(folder, "helpers", "value + 1.0", "value + 2.0")  # two calls away, in another file
    after = fresh(folder, "own", "two")
    assert after["results"]["own"] == [-0.5, 3.0, 57.0]
    assert after["hits"] == {"own": [0, 0], "two": [1, 1]}
    edit(folder, "own", "FACTOR = 1.0", "FACTOR = 2.0")
    edit(folder, "helpers", "1.0 * u.given", "4.0 * u.given")
    assert fresh(folder, "own")["results"]["own"] == [-0.5, 12.0, 64.0]
    edit(folder, "own", "FACTOR = 2.0", "FACTOR = 1.0")
    edit(folder, "helpers", "4.0 * u.given", "1.0 * u.given")
    edit(folder, "helpers", "value + 2.0", "value + 1.0")
    back = fresh(folder, "own")
    assert back["results"]["own"] == RIGHT["own"]
    assert back["hits"]["own"] == [1, 1]  # as it was, and still there


@pytest.fixture
def copied(tmp_path):
    """Copy the package, with a file where the folder of compiled code would be: nobody can write there."""
    package = tmp_path / "elsewhere" / "menaquinone"
    shutil.copytree(Path(mk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "solve" / "__pycache__").write_text("")
    return package


def test_a_package_that_cannot_be_written_to_leaves_compiled_code_with_the_user(folder, copied):
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "own_cache"), "LOCALAPPDATA": str(folder / "own_cache")}
    first, second = (fresh(folder, "own", package=copied, NUMBA_CACHE_DIR="", **home) for _ in range(2))
    assert first["results"] == second["results"] == {"own": RIGHT["own"]}
    assert first["hits"]["own"] == [0, 0]
    assert second["hits"]["own"] == [1, 1]
    assert all(folder in Path(path).parents and copied not in Path(path).parents for path in second["paths"])


def test_damaged_files_are_left_alone(folder):
    fresh(folder, "own")
    damaged = [*(folder / "cache").rglob("*few_*.nbi"), *(folder / "cache").rglob("*offered_*.nbc")]
    assert len(damaged) == 2
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-20])
    found = fresh(folder, "own")
    assert found["results"] == {"own": RIGHT["own"]}
    assert found["hits"]["own"] == [0, 0]


def test_the_loops_themselves_are_part_of_what_is_compiled(folder, tmp_path):
    package = tmp_path / "edited" / "menaquinone"
    shutil.copytree(Path(mk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert fresh(folder, "own", package=package)["hits"]["own"] == [0, 0]
    loops = package / "solve" / "_pointers.py"
    loops.write_text(loops.read_text() + "\n# edited\n")
    assert fresh(folder, "own", package=package)["hits"]["own"] == [0, 0]
