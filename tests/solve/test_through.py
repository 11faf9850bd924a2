"""What propagators make of starts and inputs, node by node: against exponentials, and against one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from scipy.linalg import expm
from tests.solve.test_algebra import PT, Row, compartments, lanes, linked_of

from menaquinone.solve import _through as through
from menaquinone.solve._compiled import OPTIONS
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import POINTS, STAGES

PLAIN = OPTIONS
SEEDS = st.integers(0, 2**32 - 1)


@njit(**PLAIN)
def at_nodes(rows, row, n, linked, x, x_at, total, held, b, b_at, b_step, driven, out, out_at):
    for i in range(n):
        through.to_nodes(
            rows, row, n, i, linked, x, x_at, total, held, b, b_at, b_step, driven, out, out_at + i * LANES, n * LANES
        )


@njit(**PLAIN)
def at_end(rows, row, n, linked, x, x_at, total, held, b, b_at, b_step, driven, out, out_at):
    for i in range(n):
        through.to_end(
            rows, row, n, i, linked, x, x_at, total, held, b, b_at, b_step, driven, out, out_at + i * LANES, 0
        )


def led(how, one, x, total, b, *, held=1, driven=1, before=(0, 0, 0, 0)):
    """Return the states at the nodes, or at the end; ``before``: elements in front of what is read and written."""
    n = one.n
    flat = zip(before, (one.flat, x, b), strict=False)
    rows, x, given_ = (np.concatenate([np.full(skip, np.nan), np.ravel(part)]) for skip, part in flat)
    count = STAGES if how is at_nodes else 1
    out = np.full(before[3] + (count + 1) * n * LANES, np.nan)
    step = n * LANES if np.ndim(b) == 3 and len(b) > 1 else 0
    how(
        rows, before[0], n, one.reach, x, before[1], np.ascontiguousarray(total), held, given_, before[2], step, driven,
        out, before[3],
    )  # fmt: skip
    written = out[before[3] : before[3] + count * n * LANES]
    assert np.isnan(np.delete(out, np.s_[before[3] : before[3] + count * n * LANES])).all()  # and nothing else
    return written.reshape(count, n, LANES)


def drawn(seed, n):
    """Draw rates of pools of which some act on none, a width, a start, a constant input and an input at every point."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0, 1, (n, n)) * (rng.random((n, n)) < 0.6)
    x, total, b = rng.uniform(0, 5, (n, LANES)), rng.uniform(-1, 1, (n, LANES)), rng.uniform(-1, 1, (PT, n, LANES))
    return compartments(rates.ravel()), rng.uniform(0.1, 5), x, total, b


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 4), held=st.booleans())
def test_nodes_are_the_exact_solution_of_a_start_and_a_constant_input(seed, n, held):
    a, width, x, total, b = drawn(seed, n)
    found = led(at_nodes, Row(lanes(a), width), x, total, b, held=int(held), driven=0)
    for node, share in enumerate(POINTS[1:]):
        exact = expm(np.block([[a, np.eye(n)], [np.zeros((n, 2 * n))]]) * share * width)
        wanted = exact[:n, :n] @ x + (exact[:n, n:] @ total if held else 0.0)
        assert found[node] == pytest.approx(wanted, rel=1e-10, abs=1e-11)


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 3), power=st.integers(0, STAGES))
def test_nodes_are_the_exact_solution_of_an_input_that_is_a_power_of_time(seed, n, power):
    # x' = a x + b t^k as a constant linear system: the powers of t are states of their own
    a, width, x, total, b = drawn(seed, n)
    b = b[0] * POINTS[:, None, None] ** power
    found = led(at_nodes, Row(lanes(a), width), x, total, b, held=0)
    chain = np.zeros((n + power + 1, n + power + 1))
    chain[:n, :n], chain[n + 1 :, n:-1] = a * width, np.diag(np.arange(1.0, power + 1))
    for lane in (0, LANES - 1):
        chain[:n, -1] = width * b[-1, :, lane]
        start = np.concatenate([x[:, lane], [1.0], np.zeros(power)])
        for node, share in enumerate(POINTS[1:]):
            assert found[node, :, lane] == pytest.approx((expm(chain * share) @ start)[:n], rel=1e-9, abs=1e-9)


@given(seed=SEEDS, n=st.integers(1, 4), held=st.integers(0, 1), driven=st.integers(0, 1))
def test_the_end_is_the_last_node_to_the_bit(seed, n, held, driven):
    a, width, x, total, b = drawn(seed, n)
    one = Row(lanes(a), width)
    nodes, end = (led(how, one, x, total, b, held=held, driven=driven) for how in (at_nodes, at_end))
    assert end[0].tobytes() == nodes[-1].tobytes()


@given(seed=SEEDS, n=st.integers(1, 4))
def test_effects_add_up(seed, n):
    a, width, x, total, b = drawn(seed, n)
    one, zero = Row(lanes(a), width), np.zeros((n, LANES))
    parts = [
        led(at_nodes, one, x, total, b, held=0, driven=0),
        led(at_nodes, one, zero, total, b, held=1, driven=0),
        led(at_nodes, one, zero, total, b, held=0, driven=1),
    ]
    assert led(at_nodes, one, x, total, b) == pytest.approx(sum(parts), rel=1e-12, abs=1e-12)


@given(seed=SEEDS, n=st.integers(1, 4))
def test_an_input_that_stands_still_is_a_constant_input(seed, n):
    a, width, x, total, b = drawn(seed, n)
    one, still = Row(lanes(a), width), np.repeat(total[None], PT, axis=0)
    wanted = led(at_nodes, one, x, total, b, driven=0)
    assert led(at_nodes, one, x, total, still, held=0) == pytest.approx(wanted, rel=1e-10, abs=1e-11)
    # read at one point, which all others are
    assert led(at_nodes, one, x, total, total[None], held=0).tobytes() == led(
        at_nodes, one, x, total, still, held=0
    ).tobytes()  # fmt: skip


@given(
    seed=SEEDS,
    n=st.integers(1, 3),
    before=st.tuples(*[st.integers(0, 40)] * 4),
    how=st.sampled_from([at_nodes, at_end]),
)
def test_where_things_stand_does_not_matter(seed, n, before, how):
    a, width, x, total, b = drawn(seed, n)
    one = Row(lanes(a), width)
    assert led(how, one, x, total, b, before=before).tobytes() == led(how, one, x, total, b).tobytes()


@given(seed=SEEDS, n=st.integers(1, 4))
def test_what_is_nothing_is_not_read(seed, n):
    a, width, x, total, b = drawn(seed, n)
    one, missing = Row(lanes(a), width), [np.full_like(part, np.nan) for part in (total, b)]
    wanted = led(at_nodes, one, x, total, b, held=0, driven=0)
    assert led(at_nodes, one, x, *missing, held=0, driven=0).tobytes() == wanted.tobytes()
    everything = led(at_nodes, one, x, total, b)
    apart = ~linked_of(lanes(a))[1].astype(bool)  # states that never act on one another
    for part in (one.keep, one.hold, one.drive, one.defect):  # what they are views of is what is read
        part[..., apart, :] = np.nan
    assert led(at_nodes, one, x, total, b).tobytes() == everything.tobytes()


@given(seed=SEEDS, lane=st.integers(0, LANES - 1), bad=st.sampled_from([np.nan, np.inf]))
def test_whatever_is_wrong_with_a_lane_stays_there(seed, lane, bad):
    a, width, x, total, b = drawn(seed, 3)
    one, others = Row(lanes(a), width), np.arange(LANES) != lane
    before = led(at_nodes, one, x, total, b)
    for part in (x, total, b):
        part[..., lane] = bad
    assert led(at_nodes, one, x, total, b)[..., others].tobytes() == before[..., others].tobytes()
