"""Equations behind addresses give the numbers of the NumPy engine, lane by lane, compiled or not."""

import itertools
import re
import threading

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.calling import (
    BLOCKS,
    COEFFICIENTS,
    DEFAULT,
    OUTPUTS,
    J,
    Level,
    Offers,
    Q,
    a_block,
    agree,
    drawn,
    laid,
    quietly,
    run,
    simply,
)  # fmt: skip

from menaquinone.declare import Block
from menaquinone.solve.equations import LANES, _in_numpy, equations
from menaquinone.testing import strategies


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


def test_rates_that_are_not_affine_may_use_every_function_there_is():
    def rates(p, x, u):
        return Level(np.exp(-p.one * x.level) + np.sqrt(x.level) - np.log(1 + x.level) * x.level**2 / (p.two + u.given))

    block = a_block(lambda p, x, u: Offers(x.level**p.one, p.two), rates, affine=False)
    assert equations(block).compiled
    agree(block, equations(block))


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
