"""Compiled choice of every lane's next window: so many doses stepped, or so many periods leaped over."""

import numpy as np

from menaquinone.solve._algebra import L
from menaquinone.solve._basis import PLACES, tabulate
from menaquinone.solve._compiled import inner
from menaquinone.solve._grid import after
from menaquinone.solve._kinds import IDLE, LEAP, LEAST_LEAP, MOST_BASE, MOST_ITERATED, STEP, TINY
from menaquinone.solve._stops import lay_stops

_DENSE, _DENSE_DRIFTING = 7, 8
"""Periods stepped before the first leap, and where something goes on changing beside what fades."""
_MOST_BREAKS, _MOST_SHOWN = 12, 64
"""Breaks and output times in a stepped window."""
_GONE = 1e-4
"""A transient that has fallen to this share of the tolerance is over."""
_FADED = 1e-6
_FAR = 3.0
"""A transient falls by e to this power in one leap where something else goes on changing."""
_LATE_FROM = 4.0
"""Where a transient has fallen by e to this power, one leap may do for the rest of it and for what goes on."""
_LATE = np.array([0.0, 0.29, 1.39, 3.5, 0.25, 0.55, 0.85, 1.0])
"""Its samples: four in times of the transient, four in parts of the leap."""


@inner
def _outputs_of_leap(times, left, period, count, base, plan, lane):
    """Sort the output times of a leap: boundaries into ``at``, periods that hold others into the nodes behind the base.

    Returns the periods that fit, the boundaries and the samples.
    """
    at, nodes = plan.at, plan.nodes
    o = after(times, 0, times.size, left)
    boundaries, samples = 0, base
    while o < times.size and times[o] <= left + count * period + TINY:
        number = np.int64(np.floor((times[o] - left) / period + 1e-9))
        off = times[o] - (left + number * period)
        if abs(off) <= TINY:
            if boundaries == at.shape[0]:
                return number - 1, boundaries, samples
            at[boundaries, lane] = number
            boundaries += 1
        elif samples == base or nodes[samples - 1, lane] != number:
            if samples == nodes.shape[0]:
                return number - 1, boundaries, samples
            nodes[samples, lane] = number
            samples += 1
        o += 1
    return count, boundaries, samples


@inner
def _nodes(plan, lane, count, boundaries, base, ratio, drifts, late, rtol):
    """Choose the sampled periods of a leap: evenly in what fades by ratio in a period, in time where nothing does.

    And how many are iterated one by one: up to a boundary if one is near, from which on steps are alike.
    """
    nodes, places = plan.nodes, PLACES[base]
    last = count - 1
    bend = np.log(ratio) if ratio < 1.0 else 0.0
    low = ratio**last if ratio < 1.0 else 0.0
    for q in range(base):
        share = 0.5 * (1.0 + np.cos(np.pi * q / (base - 1)))
        if bend < 0.0:
            number = np.log(low + (1.0 - low) * share) / bend if q < base - 1 else last
        else:
            number = last * (1.0 - share)
        if late:
            number = _LATE[q] / -bend if q < 4 else _LATE[q] * last
        nodes[places[q], lane] = np.int64(np.rint(min(number, last)))
    nodes[places[0], lane], nodes[places[base - 1], lane] = 0, last
    for q in range(1, base):
        nodes[places[q], lane] = max(nodes[places[q], lane], nodes[places[q - 1], lane] + 1)
    for q in range(base - 2, -1, -1):
        nodes[places[q], lane] = min(nodes[places[q], lane], nodes[places[q + 1], lane] - 1)
    most = count
    plan.fade[lane] = ratio
    plan.drifts[lane] = 0.0 if ratio < 1.0 else 1.0
    plan.both[lane], plan.late[lane] = 1.0 if drifts and ratio < 1.0 else 0.0, 1.0 if late else 0.0
    if bend < 0.0 and not drifts:
        most = min(count, np.int64(np.ceil(np.log(_GONE * rtol) / bend)) + 1)
    for o in range(boundaries):
        if plan.at[o, lane] >= most:
            most = plan.at[o, lane] if plan.at[o, lane] <= most + most // 4 else most
            break
    plan.iterated[lane] = most if most <= MOST_ITERATED else -1


@inner
def _try_leap(plan, state, slowest, drifts, times, lane, count, begin, period, rtol):
    """Set a lane's window to a leap if enough periods fit; return whether they do."""
    nodes = plan.nodes
    left = plan.left[lane]
    ratio, late = np.exp(-slowest * period), False
    if np.exp(-slowest * (left - begin)) < _FADED or not ratio < 0.9999:
        ratio = 1.0
    else:
        bend = -np.log(ratio)
        late = drifts and left - begin > _LATE_FROM / slowest and count * bend > 2.0 * _LATE[3]
        if drifts and not late:
            count = min(count, max(np.int64(_FAR / bend), LEAST_LEAP))
        elif -np.log(_GONE * rtol) / bend + 2 > MOST_ITERATED:
            count = min(count, MOST_ITERATED)
    if drifts:
        count = min(count, MOST_ITERATED)
    # terms of two variables leave no order in which fewer would do
    base = MOST_BASE if late or (drifts and ratio < 1.0) else state.base[lane]
    boundaries, samples = 0, base
    for _ in range(8):  # outputs may allow fewer periods than asked for
        if count < LEAST_LEAP:
            return False
        fits, boundaries, samples = _outputs_of_leap(times, left, period, count, base, plan, lane)
        if fits >= count:
            break
        count = fits
    if fits < count:
        return False
    plan.base[lane] = base
    _nodes(plan, lane, count, boundaries, base, ratio, drifts, late, rtol)
    extra = base
    for j in range(base, samples):  # periods that are sampled anyway need no second sample
        known = False
        for q in range(base):
            known = known or nodes[q, lane] == nodes[j, lane]
        if not known:
            nodes[extra, lane] = nodes[j, lane]
            extra += 1
    plan.kind[lane], plan.periods[lane], plan.samples[lane], plan.boundaries[lane] = LEAP, count, extra, boundaries
    plan.length[lane] = period
    plan.right[lane] = left + count * period
    return True


@inner
def dense(leaps):
    return _DENSE_DRIFTING if leaps == 2 else _DENSE


@inner
def choose(agenda, crowd, plan, state, times, subject, lane, settings, leaps):
    """Choose a lane's next window, from where it stands."""
    right, state_edge, lasting, anchored = plan.right, state.edge, state.lasting, state.anchored
    hold, reach, stretch, slowest = state.hold, state.reach, agenda.stretch, crowd.slowest
    left, which, rtol, window = state.time[lane], plan.schedule[lane], settings[0], settings[2]
    edges = crowd.edges[subject]
    while state_edge[lane] < edges.size - 1 and edges[state_edge[lane]] <= left + TINY:
        state_edge[lane] += 1
    edge = edges[state_edge[lane]]
    plan.left[lane], plan.kind[lane], plan.samples[lane], plan.boundaries[lane] = left, STEP, 1, 0
    plan.periods[lane], plan.nodes[0, lane], plan.iterated[lane] = 1, 0, 0
    lasting[lane] = 1
    right[lane] = min(edge, left + window)
    b_end = agenda.break_from[which + 1]
    b = after(agenda.breaks, agenda.break_from[which], b_end, left)
    if b + _MOST_BREAKS < b_end:
        right[lane] = min(right[lane], agenda.breaks[b + _MOST_BREAKS])
    o = after(times, 0, times.size, left)
    if o + _MOST_SHOWN < times.size:
        right[lane] = min(right[lane], times[o + _MOST_SHOWN])
    for q in range(agenda.stretch_from[which], agenda.stretch_from[which + 1]):
        begin, period, end = stretch[q, 0], stretch[q, 1], stretch[q, 2]
        if begin > left + TINY:
            right[lane] = min(right[lane], begin)
            return
        if leaps == 0 or left + period > end + TINY:
            continue
        limit = min(edge, end)
        count = np.int64(np.floor((limit - left) / period + 1e-9))
        if count < 1:
            return
        if anchored[lane] == 0:
            o = after(times, 0, times.size, left)
            if o < times.size and times[o] <= limit:
                phase = (times[o] - left) % period
                if TINY < phase < period - TINY:
                    right[lane] = min(right[lane], left + phase)
                    return
        if hold[lane] <= 0 and min(count, reach[lane]) >= LEAST_LEAP:
            count = min(count, reach[lane])
            if _try_leap(plan, state, slowest[subject], leaps == 2, times, lane, count, begin, period,
                         rtol):  # fmt: skip
                return
        lasting[lane] = 0
        whole = (
            left
            + min(count, hold[lane] if hold[lane] > 0 else (1 if left <= begin + TINY else dense(leaps) - 1)) * period
        )
        if whole <= left + window:
            right[lane] = min(right[lane], whole)
        return


@inner
def tabulate_leaps(plan):
    """Fill what interpolation over the periods takes, where any lane leaps."""
    most = 0
    for lane in range(L):
        if plan.kind[lane] == LEAP:
            most = max(most, plan.iterated[lane], 1)
    if most > 0:
        tabulate(plan, most)
        lay_stops(plan)


@inner
def part(plan, state):
    """Let leaping lanes wait while others step, and all wait for those that try again: panels are of one shape then."""
    kind, samples, boundaries, tries = plan.kind, plan.samples, plan.boundaries, state.tries
    stepping, again = False, False
    for lane in range(L):
        stepping = stepping or kind[lane] == STEP
        again = again or (kind[lane] == STEP and tries[lane] > 0)
    for lane in range(L):
        if stepping and (kind[lane] == LEAP or (again and tries[lane] == 0)):
            kind[lane], samples[lane], boundaries[lane] = IDLE, 1, 0
