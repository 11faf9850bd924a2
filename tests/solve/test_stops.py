"""Where the periods of a leap lead: samples, boundaries and the end, against maps done one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from tests.solve.records import record

from menaquinone.solve import _stops as stops
from menaquinone.solve._algebra import COUNTS
from menaquinone.solve._compiled import OPTIONS
from menaquinone.solve._kinds import IDLE, LEAP
from menaquinone.solve._records import refer
from menaquinone.solve.equations import LANES
from menaquinone.solve.program import Plan, Work

SAMPLES, BOUNDARIES, PERIODS, OWN = 4, 9, 60, 20
SLOTS = SAMPLES + BOUNDARIES + 1


@njit(**OPTIONS)
def picked(plan_, work_, n, reach, iterated, still, square, g):
    plan, work = refer(plan_), refer(work_)
    stops.lay_stops(plan)
    stops.pick(plan, work, n, reach, iterated, still, square, g)


def made(rng, spacing):
    """Return a plan of leaps: some lanes idle, boundaries evenly spaced in some, fewer of them in others."""
    periods = rng.integers(PERIODS // 2, PERIODS + 1, LANES)
    at, boundaries = np.zeros((BOUNDARIES, LANES), int), np.zeros(LANES, int)
    nodes, samples = np.zeros((SAMPLES, LANES), int), rng.integers(2, SAMPLES + 1, LANES)
    alike = np.arange(5, PERIODS // 2, spacing)[:BOUNDARIES]
    for lane in range(LANES):
        own = alike if rng.random() < 0.8 else np.sort(rng.choice(np.arange(1, periods[lane]), BOUNDARIES, False))
        own = own[: rng.integers(0, BOUNDARIES) if rng.random() < 0.1 else BOUNDARIES]
        at[: len(own), lane], boundaries[lane] = own, len(own)
        nodes[: samples[lane], lane] = [0, periods[lane] - 1, *rng.integers(1, periods[lane] - 1, samples[lane] - 2)]
    count, three = np.zeros((3, SLOTS, LANES), int), np.zeros((3, LANES), int)
    return record(
        Plan, size=np.array([SAMPLES, 1, BOUNDARIES, 0, 0]), kind=np.where(rng.random(LANES) < 0.1, IDLE, LEAP),
        periods=periods, samples=samples, boundaries=boundaries, nodes=nodes, at=at, known=count, times=count.copy(),
        enters=np.zeros((3, BOUNDARIES, LANES), int), does=np.zeros((3, SLOTS), int), doublings=np.zeros(3, int),
        own=three, often=np.zeros(LANES, int), bounds=np.zeros(LANES, int),
        iterated=np.minimum(rng.integers(-1, OWN + 1, LANES) if rng.random() < 0.5 else at[1], periods),
    )  # fmt: skip


def led(square, g, track, iterated, lane, number):
    """Return the state of one lane after so many periods: looked up, or led on by equal maps."""
    x = track[min(number, iterated), :, lane]
    for _ in range(number - iterated):
        x = square[:, :, lane] @ x + g[:, lane]
    return x


@pytest.mark.parametrize("who", ["equal", "fading", "mixed"])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 3), spacing=st.integers(1, 4))
def test_every_stop_is_where_so_many_periods_lead(who, seed, n, spacing):
    rng = np.random.default_rng(seed)
    plan, still = made(rng, spacing), (rng.random(LANES) < 0.1).astype(int)
    fading = np.maximum(plan.iterated, 0)
    iterated = {"equal": np.zeros_like(fading), "fading": fading}.get(who, np.where(rng.random(LANES) < 0.5, 0, fading))
    reach = np.tril(np.ones((n, n), np.uint8))
    square = rng.uniform(0.1, 0.9, (n, n, LANES)) * (reach != 0)[..., None] / n
    g, track = rng.uniform(0, 1, (n, LANES)), rng.uniform(0, 5, (PERIODS + 1, n, LANES))
    before = rng.uniform(0, 1, (SLOTS, n, LANES))
    work = record(
        Work, z=before.copy(), track=track, whole=np.zeros((COUNTS + 1, LANES), int), top=np.zeros(1, int),
        scratch=np.full(4096 * LANES, np.nan),
    )  # fmt: skip
    picked(plan, work, n, reach, iterated, still, square, g)
    assert work.top[0] == 0
    for lane in range(LANES):
        if plan.kind[lane] != LEAP or still[lane]:  # samples and end stay as they were
            kept = [*range(SAMPLES), SLOTS - 1]
            assert (work.z[kept, :, lane] == before[kept, :, lane]).all()
            continue
        wanted = {slot: plan.nodes[slot, lane] for slot in range(plan.samples[lane])}
        wanted |= {SAMPLES + o: plan.at[o, lane] for o in range(plan.boundaries[lane])}
        wanted[SLOTS - 1] = plan.periods[lane]
        for slot, number in wanted.items():
            assert work.z[slot, :, lane] == pytest.approx(
                led(square, g, track, iterated[lane], lane, number), rel=1e-11
            )
