"""What a block's equations depend on, as measured: held against equations called one number at a time."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.own_blocks import CURVED, VARYING, WHY, Parameters, Pools

import menaquinone as mk
from menaquinone.declare import Array, Block, output, param, reads, state
from menaquinone.solve.problem import wired
from menaquinone.solve.structure import elimination, structure
from menaquinone.solve.tableau import STAGES as NODES
from menaquinone.testing import strategies
from menaquinone.testing.sampling import Sampler

STAGES = {one.block.name: one for one in wired(mk.models.vitamin_k())}
BLOCKS = {name: one.block for name, one in STAGES.items()}
UNIT = 2.0**100


def steps_of(one):
    """Return the inputs that stand still inside a window: what is read at time 0 and what is held in steps."""
    return frozenset(wire.name for wire in one.wires if wire.at_entry or (wire.covariate and wire.of != "age"))


def samples(block, count=4, seed=3):
    sampler, rng = Sampler(block, (), frozenset(), {}), np.random.default_rng(seed)
    return [sampler.draw(rng) for _ in range(count)]


def affine_of(block, p, u):
    """Return A and b of an affine block at one set of numbers."""
    n = len(block.states)
    rates = lambda x: np.array([float(one) for one in block.rates(p, block.State(*x), u)])
    b = rates(np.zeros(n))
    return np.stack([(rates(UNIT * column) - b) / UNIT for column in np.eye(n)], axis=1), b


def varied(u, name, factor):
    return u._replace(**{name: getattr(u, name) * factor + (factor - 1)})


# The blocks of the library --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in BLOCKS.items() if one.states])
def test_a_state_acts_on_another_where_its_derivative_is_not_zero(name):
    block, found = BLOCKS[name], structure(BLOCKS[name], frozenset())
    acts = np.zeros((len(block.states), len(block.states)), bool)
    for one in samples(block):
        acts |= affine_of(block, one.p, one.u)[0] != 0
    assert np.array(found.acts, bool).tolist() == acts.tolist()


@pytest.mark.parametrize("held", [True, False], ids=["steps stand still", "everything moves"])
@pytest.mark.parametrize("name", [name for name, one in BLOCKS.items() if one.states])
def test_coefficients_move_where_an_input_moves_them(name, held):
    block, steps = BLOCKS[name], steps_of(STAGES[name]) if held else frozenset()
    found = structure(block, steps)
    a_moves = b_moves = False
    for one in samples(block):
        a, b = affine_of(block, one.p, one.u)
        for read in set(block.inputs) - steps:
            other_a, other_b = affine_of(block, one.p, varied(one.u, read, 1.25))
            a_moves = a_moves or not np.allclose(a, other_a, rtol=1e-9, atol=0)
            b_moves = b_moves or not np.allclose(b, other_b, rtol=1e-9, atol=0)
    assert (found.a_moves, found.b_moves) == (a_moves, b_moves)


@pytest.mark.parametrize("name", BLOCKS)
def test_an_output_is_felt_where_a_state_moves_it(name):
    block, found = BLOCKS[name], structure(BLOCKS[name], frozenset())
    felt = np.zeros((len(block.offers), len(block.states)), bool)
    for one in samples(block, 8):
        offered = lambda x, one=one: np.array([float(value) for value in block.outputs(one.p, x, one.u)])
        for k, state_ in enumerate(block.states):
            moved = one.x._replace(**{state_: getattr(one.x, state_) * 1.5 + 0.1})
            felt[:, k] |= offered(moved) != offered(one.x)
    assert np.array(found.felt, bool).reshape(felt.shape).tolist() == felt.tolist()


class Bounded(NamedTuple):
    above: Array = output("nmol", "amount above 40 nmol")
    below: Array = output("nmol", "amount, 0.1 nmol at most")


def bounded(p, x, u):
    return Bounded(np.maximum(x.free - 40.0, 0.0), np.minimum(x.bound, 0.1))


def test_an_output_that_a_bound_hides_from_most_amounts_is_felt():
    block = replace(VARYING, Outputs=Bounded, outputs=bounded)
    assert structure(block, frozenset()).felt == ((True, False), (False, True))


def test_the_library_as_it_stands():
    moves = {name: structure(one.block, steps_of(one)) for name, one in STAGES.items()}
    assert [name for name, one in moves.items() if one.a_moves] == []
    driven = ["tissue", "carboxylation", "hazard", "calcification", "stiffness", "bone"]
    assert [name for name, one in moves.items() if one.b_moves] == driven
    depots = np.array(moves["oral_pk"].acts)
    assert depots.sum(axis=1).tolist() == [1, 2, 2, 2, 2, 1, 4, 2]
    assert np.array(moves["tissue"].acts).tolist() == np.eye(2, dtype=bool).tolist()
    # what no state moves is the same in every period, and need not be kept period by period
    assert [any(one) for one in moves["hazard"].felt] == [True, False]
    assert [any(one) for one in moves["carboxylation"].felt] == [True, True, False]
    assert not any(map(any, moves["delivery"].felt))


def test_kidney_function_that_steps_moves_nothing_inside_a_window():
    block = BLOCKS["carboxylation"]
    assert structure(block, frozenset({"hydroquinone", "egfr"})).b_moves is False
    assert structure(block, frozenset({"egfr"})).b_moves is True


# Blocks of one's own --------------------------------------------------------------------------------------------------


def test_a_loss_that_an_input_raises_moves_the_matrix():
    found = structure(VARYING, frozenset())
    assert (found.a_moves, found.b_moves) == (True, False)
    assert found.acts == ((True, False), (True, True))
    assert [any(one) for one in found.felt] == [True, True]
    assert structure(VARYING, frozenset({"plasma_concentration"})).a_moves is False


def test_a_block_that_is_not_affine_always_moves():
    for steps in (frozenset(), frozenset({"plasma_concentration"})):
        found = structure(CURVED, steps)
        assert (found.a_moves, found.b_moves) == (True, True)
        assert found.acts == ((True, True), (True, True))


class Three(NamedTuple):
    one: Array = state("1", "one")
    two: Array = state("1", "two")
    three: Array = state("1", "three")


class Loss(NamedTuple):
    loss: Array = param(0.1, "1/h", "loss", source=WHY)


class Drive(NamedTuple):
    drive: Array = reads("1/h", "what drives")
    other: Array = reads("1/h", "what is only shown")


class Shown(NamedTuple):
    sum_of_two: Array = output("1", "two states")
    drive_shown: Array = output("1", "an input")
    difference: Array = output("1", "nothing after all")


def made(rates, outputs=None, *, affine=True):
    shown = outputs or (lambda p, x, u: Shown(x.one + x.three, u.other, x.one - x.one + u.other))
    return Block("own", Loss, Three, rates, Drive, Shown, shown, affine=affine)


def test_zeros_that_cancel_are_no_dependencies():
    found = structure(
        made(lambda p, x, u: Three(-p.loss * x.one, x.one - p.loss * x.two + (x.three - x.three), -x.three + u.drive)),
        frozenset(),
    )
    assert found.acts == ((True, False, False), (True, True, False), (False, False, True))
    assert (found.a_moves, found.b_moves) == (False, True)
    assert found.felt == ((True, False, True), (False, False, False), (False, False, False))


def test_an_input_that_only_outputs_read_moves_no_coefficient():
    block = made(lambda p, x, u: Three(-p.loss * x.one, -x.two, -x.three))
    found = structure(block, frozenset())
    assert (found.a_moves, found.b_moves) == (False, False)


def test_what_is_not_a_number_counts_as_a_dependency():
    # the logarithm of a negative number: nobody can say what it depends on
    block = made(
        lambda p, x, u: Three(-p.loss * x.one, -x.two, -x.three),
        lambda p, x, u: Shown(np.log(-1.0 - x.one), u.other, u.other),
    )
    assert structure(block, frozenset()).felt == ((True, True, True), (False, False, False), (False, False, False))
    curved = made(lambda p, x, u: Three(np.log(-1.0 - x.two), -x.two, -x.three), affine=False)
    assert structure(curved, frozenset()).acts[0] == (True, True, True)


def test_a_block_without_states_feels_nothing():
    assert structure(BLOCKS["delivery"], frozenset()).acts == ()


def test_it_is_measured_once():
    inputs, outputs = VARYING.Inputs, VARYING.Outputs
    same = Block("copy", Parameters, Pools, VARYING.rates, inputs, outputs, VARYING.outputs, over="form")
    assert structure(VARYING, frozenset()) is structure(VARYING, frozenset())
    assert structure(same, frozenset()) == structure(VARYING, frozenset())


@settings(max_examples=15)
@given(block=strategies.blocks(), seed=st.integers(0, 99))
def test_generated_blocks_depend_on_no_more_than_was_measured(block, seed):
    found = structure(block, frozenset())
    for one in samples(block, 2, seed):
        base = np.array([float(rate) for rate in block.rates(one.p, one.x, one.u)])
        for k, name in enumerate(block.states):
            moved = one.x._replace(**{name: getattr(one.x, name) * 1.5 + 0.1})
            changed = np.array([float(rate) for rate in block.rates(one.p, moved, one.u)]) != base
            assert not (changed & ~np.array(found.acts, bool)[:, k]).any()
        if not found.b_moves and not found.a_moves:
            for name in block.inputs:
                assert [*block.rates(one.p, one.x, varied(one.u, name, 2.0))] == pytest.approx(base, rel=1e-12)


@given(n=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_elimination_fills_nothing_that_is_marked_empty(n, seed):
    rng = np.random.default_rng(seed)
    acts = rng.random((n, n)) < 0.4
    used, filled, filters = elimination(acts)
    direct = acts | np.eye(n, dtype=bool)
    size = n * NODES
    # slopes join the nodes of one state, rates the states at one node
    joined = np.kron(np.eye(n), np.ones((NODES, NODES))) + np.kron(direct, np.eye(NODES)) > 0
    matrix = rng.uniform(0.1, 1, (size, size)) * joined + size * np.eye(size)
    right = np.repeat(np.concatenate([direct, np.ones((n, 1))], axis=1), NODES, axis=0)
    assert not np.linalg.solve(matrix, right)[~filled].any()
    for column in range(size):
        assert not matrix[column][~used[column]].any()
        factor = matrix[column + 1 :, column] / matrix[column, column]
        matrix[column + 1 :] -= factor[:, None] * matrix[column]
        matrix[column + 1 :, column] = 0.0
    assert (filters >= direct).all()
