"""Compiled stops of a leap: the state at every sampled period, at every boundary where an output is wanted, at the end.

Periods whose maps differ have been done one by one and are looked up; behind them maps are equal and done as often as
it takes. Who is looked up where, and what leads from one boundary to the next, is the same for all members whose maps
differ for as long: it is noted once for a leap.
"""

import numpy as np

from menaquinone.solve._algebra import KNOWN, L, fill, move, rows_of
from menaquinone.solve._compiled import inner
from menaquinone.solve._kinds import LEAP
from menaquinone.solve._powers import double, doublings_of, joined, lead, step
from menaquinone.solve._vectors import load, select, store

_EQUAL, _FADING, _MIXED = 0, 1, 2
"""Of whom stops are noted: maps of all periods are equal, differ as long as the dose fades, or do in some lanes."""
_STEPS, _ANEW, _ENTERS, _LOOKS, _ALIKE = 1, 2, 4, 8, 16
"""What is done at a stop: a step, put together anew; from where own periods end; looked up, all at one number."""


@inner
def lay_stops(plan):
    """Note the stops of the leaps that lanes are about to make."""
    for lane in range(L):
        plan.own[_EQUAL, lane], plan.own[_FADING, lane] = 0, max(plan.iterated[lane], 0)
    _note_stops(plan, _EQUAL)
    _note_stops(plan, _FADING)


@inner
def _note_stops(plan, which):
    """Note the stops for members of which lanes have so many periods with maps of their own."""
    J, O, most, iterated = plan.size[0], plan.size[2], 0, plan.own[which]
    for lane in range(L):
        if plan.kind[lane] == LEAP:
            most = max(most, plan.periods[lane] - iterated[lane])
    plan.doublings[which] = max(doublings_of(most), 1)
    for slot in range(J):
        _note(plan, which, slot, plan.nodes[slot], slot)
    _note(plan, which, J + O, plan.periods, 0)
    _note_boundaries(plan, which)


@inner
def _note(plan, which, slot, numbers, sample):
    """Note a stop that is reached from where lanes' own periods end, of lanes that have a sample of that number."""
    known, times, steps, looks = plan.known[which, slot], plan.times[which, slot], 0, 0
    samples, iterated = plan.samples, plan.own[which]
    for lane in range(L):
        mine = 1 if plan.kind[lane] == LEAP and sample < samples[lane] else 0
        beyond = max(numbers[lane] - iterated[lane], 0) * mine
        known[lane] = numbers[lane] if mine and beyond == 0 else -1
        times[lane] = beyond
        steps, looks = steps | beyond, looks | (mine if beyond == 0 else 0)
    plan.does[which, slot] = (_STEPS if steps else 0) | (_LOOKS if looks else 0)


@inner
def _note_boundaries(plan, which):
    """Note what leads from boundary to boundary: as many periods nearly always, so that it is put together once.

    Lanes that are looked up take the step too, so that it is not put together anew when they come behind their own
    periods.
    """
    J, at, often, limit = plan.size[0], plan.at, plan.often, 1 << plan.doublings[which]
    bounds, own = plan.bounds, plan.own[which]
    for lane in range(L):
        often[lane], bounds[lane] = -1, plan.boundaries[lane] if plan.kind[lane] == LEAP else 0
    for o in range(plan.size[2]):
        known, times, enters = plan.known[which, J + o], plan.times[which, J + o], plan.enters[which, o]
        behind, looks, entering, differ, apart, later = 0, 0, 0, 0, 0, 1 if o > 0 else 0
        for lane in range(L):  # without a branch, so that it is done in vectors
            mine, number, before = np.int64(o < bounds[lane]), at[o, lane], at[o - later, lane] * later
            past = mine & np.int64(number > own[lane])
            enter = past & np.int64(before <= own[lane])
            periods = number - before + enter * (before - own[lane])
            # looked up, with hardly anything behind: the step goes nowhere
            goes = mine & np.int64(periods < limit)
            periods = goes * periods + (1 - goes) * max(often[lane], 0)
            known[lane] = (mine - past) * (number + 1) - 1
            times[lane], enters[lane] = periods, enter
            behind, entering, looks = behind | past, entering | enter, looks | (mine - past)
            differ = differ | (mine & np.int64(periods != often[lane]))
            apart = apart | (1 - (mine - past)) | (number ^ at[o, 0])
        anew = behind and differ
        if anew:
            for lane in range(L):
                often[lane] = times[lane]
        plan.does[which, J + o] = (
            (_STEPS if behind else 0) | (_ANEW if anew else 0) | (_ENTERS if entering else 0)
            | (_LOOKS if looks else 0) | (0 if apart else _ALIKE)
        )  # fmt: skip


@inner
def _noted(plan, iterated, still):
    """Return whose notes serve a member; lanes that do not go anywhere have no say."""
    equal, fading = True, True
    for lane in range(L):
        if plan.kind[lane] == LEAP and still[lane] == 0:
            equal = equal and iterated[lane] == 0
            fading = fading and iterated[lane] == plan.own[_FADING, lane]
    if equal:
        return _EQUAL
    if fading:
        return _FADING
    for lane in range(L):
        plan.own[_MIXED, lane] = iterated[lane]
    _note_stops(plan, _MIXED)
    return _MIXED


@inner
def _look_up(work, n, known, goes, into, at, mine):
    """Write what lanes (n, L) are after so many of their own periods, those that go anywhere: none where below 0."""
    track, numbers = work.track, work.whole[KNOWN]
    for lane in range(L):
        numbers[lane] = max(known[lane], 0)
        mine[n, lane] = goes[lane] if known[lane] >= 0 else 0.0
    asked = load(mine, n * L)
    for i in range(n):
        for lane in range(L):
            mine[i, lane] = track[numbers[lane], i, lane]
        store(into, at + i * L, select(asked, load(mine, i * L), load(into, at + i * L)))


@inner
def pick(plan, work, n, reach, iterated, still, square, g):
    """Fill z of leaping lanes: the state at every sample, every boundary and the end.

    square (n, n, L), g (n, L): the map of periods behind lanes' own.
    """
    z, track, top = work.z, work.track, work.top[0]
    J, size, wide = plan.size[0], plan.size[0] + plan.size[2], z.shape[1] * L
    which = _noted(plan, iterated, still)
    settled, now, mine, goes = rows_of(work, n), rows_of(work, n), rows_of(work, n + 1), rows_of(work, 1)
    for lane in range(L):
        goes[0, lane] = 1.0 if plan.kind[lane] == LEAP and still[lane] == 0 else 0.0
        for i in range(n):
            settled[i, lane] = track[iterated[lane], i, lane]
    count, scratch = plan.doublings[which], rows_of(work, 2 * n + 1)
    power, shift = rows_of(work, count * n * n), rows_of(work, count * n)
    double(n, reach, square, g, count, power, shift)
    for stop in range(J + 1):
        slot = stop if stop < J else size
        does = plan.does[which, slot]
        if does & _STEPS:
            move(settled, 0, now, 0, n)
            lead(n, reach, plan.times[which, slot], power, shift, now, scratch)
            for lane in range(L):
                mine[n, lane] = goes[0, lane] if plan.times[which, slot, lane] > 0 else 0.0
            asked = load(mine, n * L)
            for i in range(n):
                at = slot * wide + i * L
                store(z, at, select(asked, load(now, i * L), load(z, at)))
        if does & _LOOKS:
            _look_up(work, n, plan.known[which, slot], goes[0], z, slot * wide, mine)
    _pick_boundaries(plan, work, n, reach, which, power, shift, settled, now, mine, goes, scratch)
    work.top[0] = top


@inner
def _pick_boundaries(plan, work, n, reach, which, power, shift, settled, now, mine, goes, scratch):
    """Fill z of leaping lanes at every boundary."""
    z, track, J, wide = work.z, work.track, plan.size[0], work.z.shape[1] * L
    once, added, nothing = rows_of(work, n * n), rows_of(work, n), rows_of(work, plan.doublings[which] * n)
    fill(nothing, 0.0)
    move(settled, 0, now, 0, n)
    for o in range(plan.size[2]):
        slot, does = J + o, plan.does[which, J + o]
        if does & _ENTERS:
            for lane in range(L):
                mine[n, lane] = 1.0 if plan.enters[which, o, lane] else 0.0
            enters = load(mine, n * L)
            for i in range(n):
                store(now, i * L, select(enters, load(settled, i * L), load(now, i * L)))
        if does & _ANEW:
            joined(n, reach, plan.times[which, slot], power, shift, nothing, once, added, scratch)
        if does & _STEPS:
            step(n, reach, once, added, now, scratch)
        if does & _ALIKE:
            move(track, plan.known[which, slot, 0] * track.shape[1] * L, z, slot * wide, n)
            continue
        move(now, 0, z, slot * wide, n)
        if does & _LOOKS:
            _look_up(work, n, plan.known[which, slot], goes[0], z, slot * wide, mine)


__all__ = ["lay_stops", "pick"]
