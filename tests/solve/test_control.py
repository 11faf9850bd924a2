"""Parts of the judgement of windows: onsets read off a leap, and that outputs are evaluated where somebody looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.solve.test_grid import record

from menaquinone.solve import _control as control
from menaquinone.solve import _onsets as onsets
from menaquinone.solve import _periods as periods
from menaquinone.solve._basis import PLACES
from menaquinone.solve._kinds import IDLE, LEAP, MOST_BASE, STEP
from menaquinone.solve.equations import LANES
from menaquinone.solve.program import Plan
from menaquinone.solve.tableau import LEAST

BASES = st.sampled_from([3, 4, 5, 6, 8])

# Onsets in leaps ------------------------------------------------------------------------------------------------------


def onset(rising, level, numbers, *, lane=3, beside=(0.0, 0.0)):
    """Return after how many periods an input reaches a level; known at time 0 and at the ends of numbered periods.

    beside: in what stands in front of the row on the board, and between the ends of samples, in elements.
    """
    many = len(numbers)
    plan = record(Plan, base=np.full(LANES, many), nodes=np.zeros((MOST_BASE, LANES), int))
    end, by_sample, base = 5 * LANES, 6 * LANES, int(beside[0]) * LANES + lane
    board = np.full(base + many * by_sample + end + LANES, np.nan)
    board[base] = rising(0.0)
    for q, number in enumerate(sorted(numbers)):  # samples stand in the order in which they are taken up
        place = PLACES[many, q]
        plan.nodes[place, lane] = number
        board[base + place * by_sample + end] = rising(number + 1.0)
    values = np.full(2 * (MOST_BASE + 1), np.nan)
    return onsets._onset_in_leap(plan, board, base, by_sample, end, level, values, lane)


@st.composite
def numbers(draw):
    """Draw the numbers of sampled periods."""
    many = draw(BASES)
    return draw(st.lists(st.integers(0, 400), min_size=many, max_size=many, unique=True).map(sorted))


@pytest.mark.accuracy
@given(
    numbers=numbers(), rates=st.tuples(st.floats(0.01, 1), st.floats(0, 0.1), st.floats(0, 0.01)),
    start=st.floats(-5, 5), share=st.floats(0.001, 0.999), lane=st.integers(0, LANES - 1), before=st.integers(0, 9),
)  # fmt: skip
def test_an_onset_is_where_a_cubic_reaches_the_level(numbers, rates, start, share, lane, before):
    rising = np.polynomial.Polynomial([start, *rates])  # in periods; it rises from 0 on
    at = share * (numbers[-1] + 1.0)
    found = onset(rising, rising(at), numbers, lane=lane, beside=(before, 0))
    assert found == pytest.approx(at, rel=1e-7, abs=1e-7)


@given(numbers=numbers(), start=st.floats(-5, 5), above=st.floats(1e-6, 10))
def test_what_is_never_reached_begins_never(numbers, start, above):
    rising = np.polynomial.Polynomial([start, 0.5])
    assert onset(rising, rising(numbers[-1] + 1.0) + above, numbers) == np.inf


@given(numbers=numbers(), start=st.floats(-5, 5), below=st.floats(0, 10))
def test_what_has_been_reached_before_begins_at_once(numbers, start, below):
    assert onset(np.polynomial.Polynomial([start, 0.5]), start - below, numbers) == 0.0


@given(numbers=numbers())
def test_what_is_no_number_begins_never(numbers):
    assert onset(lambda at: np.nan, 1.0, numbers) == np.inf


def test_what_stands_still_before_it_rises_is_found_where_it_rises():
    numbers = [0, 10, 20, 30, 40, 50, 60, 70]
    found = onset(lambda at: max(at - 41.0, 0.0), 1e-9, numbers)
    assert 31.0 <= found <= 51.0  # a cubic knows no corner; the samples around it are right


# How many samples a leap takes ----------------------------------------------------------------------------------------

TERMS = st.floats(0, 1e6) | st.floats(0, 1e-9)


def beyond(terms, many, lane=2):
    """Return how many samples are tried after a leap with so many was refused."""
    plan = record(Plan, base=np.full(LANES, many), terms=np.full((MOST_BASE, LANES), np.nan))
    plan.terms[1:, lane] = terms
    return control._base_beyond(plan, lane)


@given(terms=st.lists(TERMS, min_size=MOST_BASE - 1, max_size=MOST_BASE - 1), many=st.sampled_from([3, 4, 5, 6]))
def test_a_leap_that_is_refused_takes_more_samples_whatever_its_terms_say(terms, many):
    found = beyond(terms, many)
    assert many < found <= MOST_BASE
    assert found in (3, 4, 5, 6, 8)


def test_terms_that_fall_fast_ask_for_one_sample_more_and_slow_ones_for_all():
    falling = [1e5, 1e3, 1e1, 1e-1, 1e-3, 1e-5, 1e-7]
    assert beyond(falling, 4) == 5
    assert beyond([0.9**k for k in range(7)], 4) == MOST_BASE


@pytest.mark.parametrize("both", [0.0, 1.0])
@given(terms=st.tuples(TERMS, TERMS, TERMS))
def test_a_leap_is_off_by_what_the_first_term_left_out_may_be(both, terms):
    recent = np.repeat(np.array(terms)[:, None], LANES, axis=1)
    periods._leave_out(recent, np.full(LANES, both))
    (found,) = set(recent[0])
    last, second, third = terms
    if both or not second * third:
        assert found == last
        return
    share = min(1.0, max(last / second, second / third))
    assert found == pytest.approx(max(last * max(share, LEAST), second * share**2))
    assert found >= LEAST * last


def test_a_term_that_is_small_by_accident_does_not_vouch_for_the_next():
    recent = np.repeat([[1e-12], [1.0], [2.0]], LANES, axis=1)
    periods._leave_out(recent, np.zeros(LANES))
    assert recent[0, 0] == 0.25


# Where outputs are looked at ------------------------------------------------------------------------------------------

PERIOD, LEFT = 24.0, 100.0


@st.composite
def windows(draw):
    """Draw a plan of lanes that step or leap, and output times that stand at edges of its panels."""
    offsets = [*draw(st.lists(st.integers(1, 23), max_size=5, unique=True).map(sorted)), PERIOD]
    many = draw(BASES)
    nodes = draw(st.lists(st.integers(0, 90), min_size=many, max_size=many, unique=True).map(sorted))
    J, K = many, len(offsets) + draw(st.integers(0, 2))  # some panels have no width
    kind = np.array(draw(st.lists(st.sampled_from([STEP, LEAP, IDLE]), min_size=LANES, max_size=LANES)))
    starts, widths = np.zeros((J * K, LANES)), np.zeros((J * K, LANES))
    for j, number in enumerate(nodes):
        edges = LEFT + number * PERIOD + np.array([0.0, *offsets, *[PERIOD] * (K - len(offsets))])
        starts[j * K : (j + 1) * K] = edges[:-1, None]
        widths[j * K : (j + 1) * K] = np.diff(edges)[:, None]
    stepping = kind == STEP
    edges = LEFT + np.array([0.0, *offsets, *[PERIOD] * (K - len(offsets))])
    starts[:K, stepping], widths[:K, stepping] = edges[:-1, None], np.diff(edges)[:, None]
    inside = [LEFT + number * PERIOD + offset for number in nodes for offset in offsets[:-1]]
    at_boundaries = [LEFT + number * PERIOD for number in range(1, 92)]
    some = st.lists(st.sampled_from(at_boundaries), max_size=5, unique=True)
    times = {*(draw(st.lists(st.sampled_from(inside), max_size=8)) if inside else []), *draw(some)}
    right = np.where(stepping, LEFT + PERIOD, LEFT + 91 * PERIOD)
    boundaries = sorted(round((one - LEFT) / PERIOD) for one in times if (one - LEFT) % PERIOD == 0)
    at = np.zeros((max(len(boundaries), 1), LANES), int)
    at[: len(boundaries)] = np.array(boundaries, int)[:, None]
    leaping = kind == LEAP
    return record(
        Plan, size=np.array([J, K, len(boundaries) if leaping.any() else 0, 0, 0]), left=np.full(LANES, LEFT),
        right=right, kind=kind, boundaries=np.where(leaping, len(boundaries), 0), length=np.full(LANES, PERIOD),
        nodes=np.array(nodes)[:, None] * leaping, at=at, starts=starts, widths=widths,
        shown=np.full(J * K, 1, np.uint8),
    ), np.array(sorted(times))  # fmt: skip


@given(windows())
def test_whatever_is_noted_has_been_evaluated(window):
    plan, times = window
    control.show(plan, times)
    K, noted = plan.size[1], np.full((len(times) + 2, LANES), -1)
    noted[-2], noted[-1] = len(times), 0
    for lane in np.flatnonzero(plan.kind != IDLE):
        control.capture(plan, times, lane, np.inf, noted)
        wanted = noted[: len(times), lane][times <= plan.right[lane]]
        assert (wanted >= 0).all()
        for place, time in zip(wanted.tolist(), times.tolist(), strict=False):
            if (
                place % 2
            ):  # at a boundary of a leap: what does not change from period to period stands at a period's end
                assert plan.shown[K - 1]
                continue
            panel = place // 2
            assert plan.starts[panel, lane] + plan.widths[panel, lane] == pytest.approx(time, abs=1e-8)
            assert plan.shown[panel]
            assert plan.shown[panel % K]  # where all samples are equal, the first stands for all


@given(windows())
def test_nothing_is_evaluated_that_nobody_looks_at(window):
    plan, times = window
    control.show(plan, times)
    K, noted = plan.size[1], np.full((len(times) + 2, LANES), -1)
    for lane in np.flatnonzero(plan.kind != IDLE):
        control.capture(plan, times, lane, np.inf, noted)
    looked_at = {one // 2 for one in noted[: len(times)].ravel().tolist() if one >= 0 and one % 2 == 0}
    looked_at |= {one % K for one in looked_at} | ({K - 1} if plan.size[2] else set())
    assert set(np.flatnonzero(plan.shown).tolist()) == looked_at
