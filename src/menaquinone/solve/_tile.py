"""Compiled driver of the cascade: sixteen subjects on their way through time, each with its own windows and panels."""

import numpy as np
from numba import njit

from menaquinone.solve._algebra import BEGINS, OPTIONS, L, S, copy, fill
from menaquinone.solve._basis import BASE_SAMPLES, tabulate
from menaquinone.solve._records import invoke_march, refer
from menaquinone.solve._stages import (
    CLOSE,
    IDLE,
    LEAP,
    MOST_ITERATED,
    NEVER,
    PT,
    STEP,
)
from menaquinone.solve.program import (
    DOSED,
    FIRST_INPUT,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    FIRST_STATE,
    INPUTS,
    LEVEL,
    MEMBERS,
    PARAMETERS,
    STATES,
    STEADY,
    WHEN,
    Tile,
)
from menaquinone.solve.tableau import LAGRANGE, POINTS

TINY = 5e-10
"""Times (h) closer than this are one."""
LONGEST = 8766.0
"""Marks repeat after this long without a disturbance (h)."""
_DENSE, _DENSE_DRIFTING = 4, 8
"""Periods stepped before the first leap, and where something goes on changing beside what fades."""
_LEAST_LEAP = BASE_SAMPLES + 4
_MOST_STEPS = 16
"""Periods stepped before a leap is tried again."""
_MOST_SAMPLES = 16
_MOST_BOUNDARIES = 256
_MOST_MARKS = 512
_MOST_CUTS = 2048
_MOST_TRIES = 16
_MOST_BREAKS, _MOST_SHOWN = 12, 64
"""Breaks and output times in a stepped window."""
_MOST_PANELS = 4096
"""A lane that asks for more panels than this in a window has no solution to be found."""
_MOST_PARTS, _POWER = 4.0, 6.0
"""Parts that a panel is cut into at once, at most, and how fast estimates fall with the width of a panel."""
_GONE = 1e-4
"""A transient that has fallen to this share of the tolerance is over."""
_FADED = 1e-6
_FAR = 3.0
"""A transient falls by e to this power in one leap where something else goes on changing."""
_LATE_FROM = 4.0
"""Where a transient has fallen by e to this power, one leap may do for the rest of it and for what goes on."""
_LATE = np.array([0.0, 0.29, 1.39, 3.5, 0.25, 0.55, 0.85, 1.0])
"""Its samples: four in times of the transient, four in parts of the leap."""
RESET, START = 1, 2
PANELS, EVENTS, ROWS, RAW = 1, 2, 3, 4
"""Arrays that may turn out too small."""


# grids ----------------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _after(times, first, last, at):
    """Return the first place in times[first:last] (rising) that lies beyond ``at`` by more than TINY."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if times[middle] > at + TINY:
            high = middle
        else:
            low = middle + 1
    return low


@njit(**OPTIONS)
def lay(begin, length, clock, breaks, b, b_end, times, o, o_end, cuts, c_end, marks, m_end, raw, lane, n):
    """Lay panels of one lane from panel n on; return how many there are then, -1 if there is no room.

    Every break, output time and cut is the edge of a panel; marks count from each break.
    """
    starts, widths, clocks = raw.starts, raw.widths, raw.clocks
    end, at, reading, c = begin + length, begin, clock, 0
    room = starts.shape[1]
    while at < end - TINY:
        while b < b_end and breaks[b] <= at + TINY:
            b += 1
        while o < o_end and times[o] <= at + TINY:
            o += 1
        while c < c_end and begin + cuts[c] <= at + TINY:
            c += 1
        to = end
        if b < b_end and breaks[b] < to - TINY:
            to = breaks[b]
        if o < o_end and times[o] < to - TINY:
            to = times[o]
        if c < c_end and begin + cuts[c] < to - TINY:
            to = begin + cuts[c]
        restart = b < b_end and breaks[b] <= to + TINY
        gap = np.rint((to - at) * 1e9) / 1e9
        stop, tiny, now = reading + gap, 1e-6 * gap, reading
        mark = _after(marks, 0, m_end, now + tiny)
        while now < stop:
            following = marks[mark] if mark < m_end else LONGEST * (np.floor(now / LONGEST + 1e-6) + 1.0)
            if not following < stop - tiny:
                following = stop
            if n >= room:
                return -1
            starts[lane, n] = at + (now - reading)
            widths[lane, n] = np.rint((following - now) * 1e9) / 1e9
            clocks[lane, n] = now
            n += 1
            now = following
            mark += 1
        at = to
        reading = 0.0 if restart else stop
    return n


@njit(**OPTIONS)
def _clock(breaks, first, last, at):
    """Return the hours since the last break, 0 at one."""
    place = _after(breaks, first, last, at)
    if place == first:
        return LONGEST
    since = at - breaks[place - 1]
    return 0.0 if since <= TINY else np.rint(since * 1e9) / 1e9


@njit(**OPTIONS)
def _lay_lane(agenda, plan, state, times, raw, lane):
    """Lay one lane's panels, all samples; return whether there was room."""
    plan_length, left, nodes, count = plan.length, plan.left, plan.nodes, raw.laid
    plain, starts, widths, clocks = raw.plain, raw.starts, raw.widths, raw.clocks
    cycle_from, cycle, agenda_breaks = agenda.cycle_from, agenda.cycle, agenda.breaks
    s = state.orbit[lane] if plan.kind[lane] == CLOSE else -1
    marks, m_end = state.marks[lane], state.many_marks[lane]
    cuts, c_end = state.cuts[lane], state.many_cuts[lane]
    if s >= 0:
        first, last = cycle_from[s], cycle_from[s + 1]
        if last - first > raw.spare.size:
            return False
        breaks = raw.spare
        for c in range(last - first):
            breaks[c] = cycle[first + c, 0]
        clock = LONGEST
        if last > first:
            clock = 0.0 if breaks[0] <= TINY else plan_length[lane] - breaks[last - first - 1]
        n = lay(0.0, plan_length[lane], clock, breaks, 0, last - first, times, 0, 0, cuts, c_end, marks, m_end, raw,
                lane, 0)  # fmt: skip
        count[0, lane] = n
        return n >= 0
    which = plan.schedule[lane]
    first, last = agenda.break_from[which], agenda.break_from[which + 1]
    length = plan.right[lane] - left[lane] if plan.kind[lane] == STEP else plan_length[lane]
    n = 0
    for j in range(plan.samples[lane]):
        begin = left[lane] + (nodes[j, lane] * plan_length[lane] if j > 0 else 0.0)
        o = _after(times, 0, times.size, begin)
        o_end = _after(times, o, times.size, begin + length)
        inside = o_end > o and times[o] < begin + length - TINY
        at = n
        if j > 0 and not inside and count[0, lane] == plain[0]:
            for k in range(count[0, lane]):
                if n >= starts.shape[1]:
                    return False
                starts[lane, n] = begin + (starts[lane, k] - left[lane])
                widths[lane, n], clocks[lane, n] = widths[lane, k], clocks[lane, k]
                n += 1
        else:
            b = _after(agenda_breaks, first, last, begin)
            clock = _clock(agenda_breaks, first, last, begin)
            n = lay(begin, length, clock, agenda_breaks, b, last, times, o, o_end, cuts, c_end, marks, m_end, raw,
                    lane, n)  # fmt: skip
            if n < 0:
                return False
        count[j, lane] = n - at
        if j == 0:
            plain[0] = -1 if inside else n
    return True


@njit(**OPTIONS)
def _align(plan, raw, table):
    """Put the panels of all lanes side by side, padded with panels of no width; note their rows in the table.

    Returns whether the table has rows for all widths.
    """
    kind, samples, starts, widths = plan.kind, plan.samples, plan.starts, plan.widths
    rows, plan_place, used, table_widths = plan.rows, plan.place, table.used, table.widths
    done, raw_count, raw_starts, raw_widths = table.done, raw.laid, raw.starts, raw.widths
    J, K = plan.size[0], plan.size[1]
    same = True
    for lane in range(L):
        at = 0
        for j in range(J):
            count = raw_count[j, lane] if kind[lane] != IDLE and j < samples[lane] else 0
            end = 0.0
            for k in range(K):
                panel = j * K + k
                if k < count:
                    starts[panel, lane], widths[panel, lane] = raw_starts[lane, at + k], raw_widths[lane, at + k]
                    end = starts[panel, lane] + widths[panel, lane]
                    if j > 0 and (count != raw_count[0, lane] or widths[panel, lane] != widths[k, lane]):
                        same = False
                else:
                    starts[panel, lane], widths[panel, lane] = end, 0.0
            at += count
    plan.size[3] = 1 if same else 0
    for panel in range(J * K):
        place, before = -2, 0
        for lane in range(L):
            rows[panel, lane] = 0
            if kind[lane] == IDLE:  # what becomes of it is of no interest, and no reason to gather
                continue
            width = widths[panel, lane]
            row = 0
            if width > 0.0:
                guess = before
                if 0 < guess < used[lane] and table_widths[guess, lane] == width:
                    row = guess
                else:
                    row = 1
                    while row < used[lane] and table_widths[row, lane] != width:
                        row += 1
                    if row == used[lane]:
                        if row == table_widths.shape[0]:
                            return False
                        table_widths[row, lane] = width
                        used[lane] += 1
                        for member in range(done.size):
                            done[member] = min(done[member], row)
            rows[panel, lane], before = row, row
            place = row if place == -2 else (place if place == row else -1)
        plan_place[panel] = max(place, -1)
    return True


@njit(**OPTIONS)
def _forget(table):
    """Start the table of widths afresh."""
    used, done = table.used, table.done
    fill(table.widths, 0.0)
    for lane in range(L):
        used[lane] = 1
    for member in range(done.size):
        done[member] = 0


# windows --------------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _outputs_of_leap(times, left, period, count, plan, lane):
    """Sort the output times of a leap: boundaries into ``at``, periods that hold others into the nodes behind the base.

    Returns the periods that fit, the boundaries and the samples.
    """
    at, nodes = plan.at, plan.nodes
    o = _after(times, 0, times.size, left)
    boundaries, samples = 0, BASE_SAMPLES
    while o < times.size and times[o] <= left + count * period + TINY:
        number = np.int64(np.floor((times[o] - left) / period + 1e-9))
        off = times[o] - (left + number * period)
        if abs(off) <= TINY:
            if boundaries == at.shape[0]:
                return number - 1, boundaries, samples
            at[boundaries, lane] = number
            boundaries += 1
        elif samples == BASE_SAMPLES or nodes[samples - 1, lane] != number:
            if samples == nodes.shape[0]:
                return number - 1, boundaries, samples
            nodes[samples, lane] = number
            samples += 1
        o += 1
    return count, boundaries, samples


@njit(**OPTIONS)
def _nodes(plan, lane, count, ratio, drifts, late, rtol):
    """Choose the sampled periods of a leap: evenly in what fades by ratio in a period, in time where nothing does."""
    nodes = plan.nodes
    last = count - 1
    bend = np.log(ratio) if ratio < 1.0 else 0.0
    low = ratio**last if ratio < 1.0 else 0.0
    for q in range(BASE_SAMPLES):
        share = 0.5 * (1.0 + np.cos(np.pi * q / (BASE_SAMPLES - 1)))
        if bend < 0.0:
            number = np.log(low + (1.0 - low) * share) / bend if q < BASE_SAMPLES - 1 else last
        else:
            number = last * (1.0 - share)
        if late:
            number = _LATE[q] / -bend if q < 4 else _LATE[q] * last
        nodes[q, lane] = np.int64(np.rint(min(number, last)))
    nodes[0, lane], nodes[BASE_SAMPLES - 1, lane] = 0, last
    for q in range(1, BASE_SAMPLES):
        nodes[q, lane] = max(nodes[q, lane], nodes[q - 1, lane] + 1)
    for q in range(BASE_SAMPLES - 2, -1, -1):
        nodes[q, lane] = min(nodes[q, lane], nodes[q + 1, lane] - 1)
    most = count
    plan.fade[lane] = ratio
    plan.drifts[lane] = 0.0 if ratio < 1.0 else 1.0
    plan.both[lane], plan.late[lane] = 1.0 if drifts and ratio < 1.0 else 0.0, 1.0 if late else 0.0
    if bend < 0.0 and not drifts:
        most = min(count, np.int64(np.ceil(np.log(_GONE * rtol) / bend)) + 1)
    plan.iterated[lane] = most if most <= MOST_ITERATED else -1


@njit(**OPTIONS)
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
            count = min(count, max(np.int64(_FAR / bend), _LEAST_LEAP))
        elif -np.log(_GONE * rtol) / bend + 2 > MOST_ITERATED:
            count = min(count, MOST_ITERATED)
    if drifts:
        count = min(count, MOST_ITERATED)
    boundaries, samples = 0, BASE_SAMPLES
    for _ in range(8):  # outputs may allow fewer periods than asked for
        if count < _LEAST_LEAP:
            return False
        fits, boundaries, samples = _outputs_of_leap(times, left, period, count, plan, lane)
        if fits >= count:
            break
        count = fits
    if fits < count:
        return False
    _nodes(plan, lane, count, ratio, drifts, late, rtol)
    extra = BASE_SAMPLES
    for j in range(BASE_SAMPLES, samples):  # periods that are sampled anyway need no second sample
        known = False
        for q in range(BASE_SAMPLES):
            known = known or nodes[q, lane] == nodes[j, lane]
        if not known:
            nodes[extra, lane] = nodes[j, lane]
            extra += 1
    plan.kind[lane], plan.periods[lane], plan.samples[lane], plan.boundaries[lane] = LEAP, count, extra, boundaries
    plan.length[lane] = period
    plan.right[lane] = left + count * period
    return True


@njit(**OPTIONS)
def _dense(leaps):
    return _DENSE_DRIFTING if leaps == 2 else _DENSE


@njit(**OPTIONS)
def _choose(agenda, crowd, plan, state, times, subject, lane, settings, leaps):
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
    b = _after(agenda.breaks, agenda.break_from[which], b_end, left)
    if b + _MOST_BREAKS < b_end:
        right[lane] = min(right[lane], agenda.breaks[b + _MOST_BREAKS])
    o = _after(times, 0, times.size, left)
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
            o = _after(times, 0, times.size, left)
            if o < times.size and times[o] <= limit:
                phase = (times[o] - left) % period
                if TINY < phase < period - TINY:
                    right[lane] = min(right[lane], left + phase)
                    return
        if hold[lane] == 0 and min(count, reach[lane]) >= _LEAST_LEAP:
            count = min(count, reach[lane])
            if _try_leap(plan, state, slowest[subject], leaps == 2, times, lane, count, begin, period,
                         rtol):  # fmt: skip
                return
        lasting[lane] = 0
        whole = (
            left + min(count, hold[lane] if hold[lane] > 0 else (1 if left <= begin + TINY else _dense(leaps) - 1)) * period
        )
        if whole <= left + window:
            right[lane] = min(right[lane], whole)
        return


@njit(**OPTIONS)
def _sort_stops(plan):
    """List every lane's samples, boundaries and end in the order of the periods; tabulate."""
    kind, boundaries, stops, at = plan.kind, plan.boundaries, plan.stops, plan.at
    samples, nodes, count = plan.samples, plan.nodes, plan.periods
    J, O, most = plan.size[0], plan.size[2], 0
    for lane in range(L):
        if kind[lane] == LEAP:
            most = max(most, plan.iterated[lane], 1)
    if most > 0:
        tabulate(plan, most)
    for lane in range(L):
        n = 0
        if kind[lane] == LEAP:
            for o in range(boundaries[lane]):
                stops[0, n, lane], stops[1, n, lane] = at[o, lane], J + o
                n += 1
            for slot in range(samples[lane] + 1):
                number = nodes[slot, lane] if slot < samples[lane] else count[lane]
                place = n
                while place > 0 and stops[0, place - 1, lane] > number:
                    stops[0, place, lane] = stops[0, place - 1, lane]
                    stops[1, place, lane] = stops[1, place - 1, lane]
                    place -= 1
                stops[0, place, lane] = number
                stops[1, place, lane] = slot if slot < samples[lane] else J + O
                n += 1
        if n < stops.shape[1]:
            stops[0, n, lane] = -1


# what happens and what is known ---------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _note(plan, panel, kind, slot, lane, value, e):
    following, head, tail = plan.following, plan.head, plan.tail
    following[e], plan.kinds[e], plan.slots[e] = -1, kind, slot
    plan.lanes[e], plan.values[e] = lane, value
    if head[panel] < 0:
        head[panel] = e
    else:
        following[tail[panel]] = e
    tail[panel] = e


@njit(**OPTIONS)
def _events(agenda, crowd, plan, state, first):
    """Write the events of all lanes to the panels at whose start they happen; return their number.

    What exceeds the room is only counted.
    """
    head, schedule, kind, starts = plan.head, plan.schedule, plan.kind, plan.starts
    samples, right, plan_length, state_orbit = plan.samples, plan.right, plan.length, state.orbit
    settled, cycle_from, cycle, agenda_slot = state.settled, agenda.cycle_from, agenda.cycle, agenda.slot
    event_from, time, order, dose = agenda.event_from, agenda.time, agenda.order, agenda.dose
    agenda_target, agenda_value, agenda_kind, crowd_share = agenda.target, agenda.value, agenda.kind, crowd.share
    taken = crowd.taken
    J, K = plan.size[0], plan.size[1]
    for panel in range(J * K):
        head[panel] = -1
    e, room = 0, plan.kinds.size
    for lane in range(L):
        which = schedule[lane]
        if kind[lane] == CLOSE:
            orbit = state_orbit[lane]
            k = 0
            for c in range(cycle_from[orbit], cycle_from[orbit + 1]):
                while k < K - 1 and starts[k, lane] < cycle[c, 0] - TINY:
                    k += 1
                if e < room:
                    target = np.int64(cycle[c, 2])
                    share = crowd_share[target, first + lane]
                    slot = agenda_slot[which, target]
                    _note(plan, k, np.int64(cycle[c, 1]), slot, lane, cycle[c, 3] * share, e)
                e += 1
        elif kind[lane] != IDLE:
            begin_event, end_event = event_from[which], event_from[which + 1]
            for j in range(samples[lane]):
                begin = starts[j * K, lane]
                length = right[lane] - begin if kind[lane] == STEP else plan_length[lane]
                at = _after(time, begin_event, end_event, begin - 2 * TINY)
                k = 0
                while at < end_event and time[at] < begin + length - TINY:
                    skip = settled[lane] != 0 and order[at] != START and time[at] <= begin + TINY
                    if taken.shape[1] > 0 and dose[at] >= 0:
                        skip = skip or taken[first + lane, dose[at]] == 0
                    if not skip:
                        while k < K - 1 and starts[j * K + k, lane] < time[at] - TINY:
                            k += 1
                        if e < room:
                            target = agenda_target[at]
                            value, slot = 0.0, -1
                            if target >= 0:
                                value = agenda_value[at] * crowd_share[target, first + lane]
                                slot = agenda_slot[which, target]
                            _note(plan, j * K + k, agenda_kind[at], slot, lane, value, e)
                        e += 1
                    at += 1
    return e


@njit(**OPTIONS)
def _still(work, row):
    meta = work.meta
    for k in range(4):
        meta[row, k] = 0


@njit(**OPTIONS)
def _covariates(program, plan, tile, work):
    """Write covariates and values at time 0 to their rows of the board."""
    left, starts, widths, at = plan.left, plan.starts, plan.widths, plan.at
    boundaries, length, kind, entry = plan.boundaries, plan.length, plan.kind, tile.entry
    tile_knots, tile_levels, board, points = tile.knots, tile.levels, work.board, work.points
    meta, entries, covariates = work.meta, program.entries, program.covariates
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    for e in range(entries.size):
        row = entries[e]
        _still(work, row)
        for lane in range(L):
            board[row * points[0] * L + lane] = entry[e, lane]
    for c in range(covariates.shape[0]):
        rule, row = covariates[c, 0], covariates[c, 1]
        knots, levels = tile_knots[c], tile_levels[c]
        base = row * points[0] * L
        if rule == 2:
            meta[row, 0], meta[row, 1] = K * PT * L, L
            meta[row, 2], meta[row, 3] = J * K * PT * L, L
        else:
            _still(work, row)
        for lane in range(L):
            place = 0
            if rule != 2:
                while place + 1 < knots.shape[0] and knots[place + 1, lane] <= left[lane] + TINY:
                    place += 1
                if rule == 1 and place + 1 < knots.shape[0]:
                    place += 1
                board[base + lane] = levels[place, lane]
                continue
            for q in range(J * K * PT + O):
                if q < J * K * PT:
                    panel = q // PT
                    hours = starts[panel, lane] + widths[panel, lane] * POINTS[q % PT]
                else:
                    o = q - J * K * PT
                    hours = left[lane] + (at[o, lane] if o < boundaries[lane] else 0) * length[lane]
                if kind[lane] == CLOSE:
                    hours = left[lane]
                place = 0
                while (
                    place + 2 < knots.shape[0]
                    and knots[place + 1, lane] <= hours
                    and np.isfinite(knots[place + 2, lane])
                ):
                    place += 1
                slope = (levels[place + 1, lane] - levels[place, lane]) / (knots[place + 1, lane] - knots[place, lane])
                board[base + q * L + lane] = levels[place, lane] + (hours - knots[place, lane]) * slope


# control --------------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _marked(marks, many, at):
    place = _after(marks, 0, many, at + 1e-6)
    return place > 0 and abs(marks[place - 1] - at) <= 1e-6


@njit(**OPTIONS)
def _insert(values, many, value):
    """Insert into the first ``many`` of a rising list, unless it is there or there is no room; return how many now."""
    place = many
    while place > 0 and values[place - 1] > value:
        place -= 1
    if many == values.size or (place > 0 and abs(values[place - 1] - value) <= TINY):
        return many
    for k in range(many, place, -1):
        values[k] = values[k - 1]
    values[place] = value
    return many + 1


@njit(**OPTIONS)
def _refine(plan, state, raw, lane):
    """Halve a lane's bad panels: by a mark for good where a panel lies between marks, by a cut elsewhere.

    Windows at the beginning of a stretch, which is unlike the rest, are cut only.
    """
    starts, plan_ratio, many_marks, marks = plan.starts, plan.ratio, state.many_marks, state.marks
    lasting, many_cuts, cuts, count = state.lasting, state.many_cuts, state.cuts, raw.laid
    widths, clocks, raw_starts = raw.widths, raw.clocks, raw.starts
    K = plan.size[1]
    at, old = 0, many_marks[lane]
    laid = raw.spare
    for k in range(old):
        laid[k] = marks[lane, k]
    for j in range(plan.samples[lane]):
        begin = starts[j * K, lane]
        for k in range(count[j, lane]):
            ratio = plan_ratio[j * K + k, lane]
            if not ratio <= 1.0:
                width, clock = widths[lane, at + k], clocks[lane, at + k]
                between = _marked(laid, old, clock) and _marked(laid, old, clock + width) and clock + width <= LONGEST
                parts = 2.0  # an estimate falls with the sixth power of the width
                while parts < _MOST_PARTS and np.isfinite(ratio) and ratio > parts**_POWER:
                    parts += 1.0
                for part in range(1, np.int64(parts)):
                    step = width * (part / parts)
                    if between and lasting[lane] != 0:
                        inside = np.rint((clock + step) * 1e9) / 1e9
                        many_marks[lane] = _insert(marks[lane], many_marks[lane], inside)
                    else:
                        inside = np.rint((raw_starts[lane, at + k] - begin + step) * 1e9) / 1e9
                        many_cuts[lane] = _insert(cuts[lane], many_cuts[lane], inside)
                if not np.isfinite(ratio):
                    return  # what lies behind says nothing
        at += count[j, lane]


@njit(**OPTIONS)
def _share_at(values, level):
    """Return the share of a panel at which rising values (points,) reach a level, by bisection on their interpolant."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        value = 0.0
        for point in range(PT):
            weight = 0.0
            for k in range(S, -1, -1):
                weight = weight * middle + LAGRANGE[point, k]
            value += weight * values[point]
        if value < level:
            low = middle
        else:
            high = middle
    return high


@njit(**OPTIONS)
def _onsets(program, plan, tile, state, work, lane, raw):
    """Look for states of one lane that begin to exist in its window.

    In a stepped window their times become cuts; a leap is shortened to end before. Returns whether anything was found.
    """
    kind, nodes, starts, widths = plan.kind, plan.nodes, plan.starts, plan.widths
    left, since, p, meta = plan.left, tile.since, tile.p, work.meta
    board, reach, hold, many_cuts = work.board, state.reach, state.hold, state.many_cuts
    cuts, raw_count, stage, feed = state.cuts, raw.laid, program.stage, program.feed
    found = False
    K, points = plan.size[1], work.points[0]
    values = raw.spare
    for i in range(stage.shape[0]):
        columns = stage[i]
        if columns[WHEN] < 0:
            continue
        for member in range(columns[MEMBERS]):
            everyone = columns[FIRST_MEMBER] + member
            if since[everyone, lane] != np.inf:
                continue
            row = feed[columns[FIRST_INPUT] + member * columns[INPUTS] + columns[WHEN]]
            level = p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] + columns[LEVEL], lane]
            base, by_sample, by_point = row * points * L + lane, meta[row, 0], meta[row, 1]
            if kind[lane] == LEAP:
                done, below = 0, board[base]
                for q in range(BASE_SAMPLES):
                    value = board[base + q * by_sample + (K * PT - 1) * by_point]
                    number = nodes[q, lane] + 1
                    if value >= level:
                        share = (level - below) / (value - below) if value > below else 0.0
                        count = max(done, np.int64(np.floor(done + share * (number - done))) - 1)
                        reach[lane] = count
                        if count < _LEAST_LEAP:
                            hold[lane] = 3
                        found = True
                        break
                    done, below = number, value
                continue
            k = 0
            while k < raw_count[0, lane] and not board[base + (k * PT + S) * by_point] >= level:
                k += 1
            if k == raw_count[0, lane]:
                continue
            for point in range(PT):
                values[point] = board[base + (k * PT + point) * by_point]
            at = starts[k, lane] + _share_at(values, level) * widths[k, lane]
            at = np.rint(at * 1e9) / 1e9
            since[everyone, lane] = at
            many_cuts[lane] = _insert(cuts[lane], many_cuts[lane], at - left[lane])
            found = True
    return found


@njit(**OPTIONS)
def _sweep(address, program, plan, tile, table, work, settings):
    """March every stage once."""
    leap_ratio, left, right, kind = plan.leap_ratio, plan.left, plan.right, plan.kind
    starts, tile_since, program_stage = plan.starts, tile.since, program.stage
    J, K = plan.size[0], plan.size[1]
    fill(plan.ratio[: J * K], 0.0)
    for lane in range(L):
        leap_ratio[lane] = 0.0
    _covariates(program, plan, tile, work)
    begins = work.whole[BEGINS]
    for stage in range(program_stage.shape[0]):
        columns = program_stage[stage]
        for member in range(columns[MEMBERS]):
            for lane in range(L):
                begins[lane] = -1
                since = tile_since[columns[FIRST_MEMBER] + member, lane]
                if columns[WHEN] >= 0 and since > left[lane] - TINY:
                    begins[lane] = NEVER
                    if since < right[lane] - TINY and kind[lane] == STEP:
                        k = 0
                        while k < K - 1 and starts[k, lane] < since - TINY:
                            k += 1
                        begins[lane] = k
            invoke_march(address, program, plan, tile, table, work, stage, member, settings[0], settings[1], begins)


@njit(**OPTIONS)
def _capture(program, plan, work, times, lane, place, until, captured):
    """Copy the outputs of one lane at all output times of its window, up to ``until``."""
    left, boundaries, kind, plan_at = plan.left, plan.boundaries, plan.kind, plan.at
    length, nodes, starts, widths = plan.length, plan.nodes, plan.starts, plan.widths
    meta, board, wanted = work.meta, work.board, program.wanted
    K, points = plan.size[1], work.points[0]
    o = _after(times, 0, times.size, left[lane])
    boundary = 0
    while o < times.size and times[o] <= min(plan.right[lane], until) + TINY:
        at, j, k = times[o], 0, 0
        on_boundary = boundary < boundaries[lane] and kind[lane] == LEAP
        if on_boundary:
            on_boundary = abs(at - left[lane] - plan_at[boundary, lane] * length[lane]) <= TINY
        if not on_boundary:
            if kind[lane] == LEAP:
                number = np.int64(np.floor((at - left[lane]) / length[lane] + 1e-9))
                while nodes[j, lane] != number:
                    j += 1
            while k < K - 1 and starts[j * K + k, lane] + widths[j * K + k, lane] < at - 2 * TINY:
                k += 1
        for w in range(wanted.size):
            row = wanted[w]
            place_of = row * points * L + lane
            if on_boundary:
                place_of += meta[row, 2] + boundary * meta[row, 3]
            else:
                place_of += j * meta[row, 0] + (k * PT + S) * meta[row, 1]
            captured[o, w, place] = board[place_of]
        boundary += on_boundary
        o += 1


@njit(**OPTIONS)
def _act(program, agenda, crowd, tile, which, lane, subject, e):
    """Let one action take place at once: the end of an infusion or a reset before a steady state."""
    x, r, rest, base = tile.x, tile.r, tile.rest, tile.base
    stage = program.stage
    if agenda.order[e] == RESET:
        for i in range(stage.shape[0]):
            columns = stage[i]
            if columns[DOSED]:
                for s in range(columns[FIRST_STATE], columns[FIRST_STATE] + columns[MEMBERS] * columns[STATES]):
                    x[s, lane], r[s, lane] = rest[s, lane], base[s, lane]
        return
    if crowd.taken.shape[1] > 0 and crowd.taken[subject, agenda.dose[e]] == 0:
        return
    slot = agenda.slot[which, agenda.target[e]]
    r[slot, lane] += agenda.value[e] * crowd.share[agenda.target[e], subject]


@njit(**OPTIONS)
def _open_orbits(program, agenda, crowd, plan, tile, state, first):
    """Begin with the lanes that wait for a steady state: what ends there ends, what is reset is reset."""
    schedule, pending, time, agenda_time = plan.schedule, state.pending, state.time, agenda.time
    event_from, order = agenda.event_from, agenda.order
    for lane in range(L):
        if pending[lane] < 0:
            continue
        which = schedule[lane]
        at = _after(agenda_time, event_from[which], event_from[which + 1], time[lane] - 2 * TINY)
        while at < event_from[which + 1] and agenda_time[at] <= time[lane] + TINY:
            if order[at] != START:
                _act(program, agenda, crowd, tile, which, lane, first + lane, at)
            at += 1
    copy(tile.kept, tile.r)


@njit(**OPTIONS)
def _seek_orbits(agenda, crowd, plan, tile, state, first, turn):
    """Set the windows of waiting lanes to one period: of all doses that go on, or (turn 1) of the new ones alone."""
    kind, left, right, samples = plan.kind, plan.left, plan.right, plan.samples
    boundaries, count, nodes, length = plan.boundaries, plan.periods, plan.nodes, plan.length
    schedule, x, r, base = plan.schedule, tile.x, tile.r, tile.base
    pending, time, state_orbit, agenda_orbit = state.pending, state.time, state.orbit, agenda.orbit
    running_from, running, agenda_slot, share = agenda.running_from, agenda.running, agenda.slot, crowd.share
    for lane in range(L):
        orbit = pending[lane]
        if orbit < 0:
            continue
        kind[lane], left[lane], right[lane] = CLOSE, time[lane], time[lane]
        samples[lane], boundaries[lane], count[lane], nodes[0, lane] = 1, 0, 1, 0
        length[lane] = agenda_orbit[orbit, 1]
        state_orbit[lane] = 2 * orbit + turn
        for s in range(x.shape[0]):
            r[s, lane] = base[s, lane] if turn == 0 else 0.0
        for q in range(running_from[2 * orbit + turn], running_from[2 * orbit + turn + 1]):
            target = np.int64(running[q, 0])
            slot = agenda_slot[schedule[lane], target]
            if slot >= 0:
                r[slot, lane] += running[q, 1] * share[target, first + lane]


@njit(**OPTIONS)
def _judge_orbits(plan, state, raw, adaptive, outcome):
    """Refine the panels of orbits that ask for it; return whether any does."""
    ratio, leap_ratio, pending, tries = plan.ratio, plan.leap_ratio, state.pending, state.tries
    time, count = state.time, raw.laid
    again = False
    for lane in range(L):
        if pending[lane] < 0 or outcome[0, lane] != 0.0:
            continue
        bad = False
        for k in range(count[0, lane]):
            bad = bad or not ratio[k, lane] <= 1.0
        lost = leap_ratio[lane] > 0.0  # there is none
        if lost or (bad and adaptive):
            tries[lane] += 1
            if lost or tries[lane] >= _MOST_TRIES:
                outcome[0, lane], outcome[1, lane] = 1.0, time[lane]
            else:
                _refine(plan, state, raw, lane)
                again = True
    return again


@njit(**OPTIONS)
def _put_on_orbits(program, agenda, tile, state, outcome):
    """Move the waiting lanes to their orbits.

    Amounts by the new doses alone, which linear kinetics lets us add, tissue pools and proteins to the joint orbit.
    """
    x, rest, x_next, settled = tile.x, tile.rest, tile.x_next, tile.settled
    peak, pending, state_settled, tries = tile.peak, state.pending, state.settled, state.tries
    finished, stage, orbit = state.finished, program.stage, agenda.orbit
    for i in range(stage.shape[0]):
        columns = stage[i]
        for s in range(columns[FIRST_STATE], columns[FIRST_STATE] + columns[MEMBERS] * columns[STATES]):
            for lane in range(L):
                if pending[lane] >= 0:
                    if columns[DOSED]:
                        replaces = orbit[pending[lane], 2] != 0.0
                        x[s, lane] = (rest[s, lane] if replaces else x[s, lane]) + x_next[s, lane]
                    elif columns[STEADY]:
                        x[s, lane] = settled[s, lane]
                    peak[s, lane] = max(peak[s, lane], abs(x[s, lane]))
    for lane in range(L):
        if pending[lane] >= 0:
            state_settled[lane], pending[lane], tries[lane] = 1, -1, 0
            finished[lane] = 1 if outcome[0, lane] != 0.0 else finished[lane]


@njit(**OPTIONS)
def _prepare(agenda, crowd, plan, table, work, state, raw, times, first, need):
    """Lay the panels of the chosen windows and note what happens in them; need (2,) says which array is too small."""
    samples, kind, boundaries, widths = plan.samples, plan.kind, plan.boundaries, table.widths
    starts, count = raw.starts, raw.laid
    J, O = 1, 0
    for lane in range(L):
        J = max(J, samples[lane])
        if kind[lane] == LEAP:
            O = max(O, boundaries[lane])
    K = 1
    for lane in range(L):
        if kind[lane] != IDLE:
            if not _lay_lane(agenda, plan, state, times, raw, lane):
                need[0], need[1] = RAW, 2 * starts.shape[1]
                return False
            for j in range(samples[lane]):
                K = max(K, count[j, lane])
    plan.size[0], plan.size[1], plan.size[2] = J, K, O
    if work.points[1] < J * K:
        need[0], need[1] = PANELS, 2 * J * K
        return False
    if not _align(plan, raw, table):
        _forget(table)
        if not _align(plan, raw, table):
            need[0], need[1] = ROWS, 2 * widths.shape[0]
            return False
    _sort_stops(plan)
    events = _events(agenda, crowd, plan, state, first)
    if events > plan.kinds.size:
        need[0], need[1] = EVENTS, 2 * events
        return False
    return True


@njit(**OPTIONS)
def _people(crowd, space, since, number):
    """Return sixteen people."""
    return Tile(
        crowd.parameters[number], space[0], space[1], crowd.base[number], crowd.rest[number], crowd.noise[number],
        space[2], space[3], space[4], space[5], crowd.idle[number], since, crowd.entry[number], crowd.knots[number],
        crowd.levels[number], space[6], space[7],
    )  # fmt: skip


@njit(**OPTIONS)
def _enter(crowd, plan, state, tile, marks, number):
    """Put sixteen people at time 0."""
    schedule, time, many_marks, pending = plan.schedule, state.time, state.many_marks, state.pending
    refused, edge, settled, reach = state.refused, state.edge, state.settled, state.reach
    hold, tries, anchored, finished = state.hold, state.tries, state.anchored, state.finished
    many_cuts, state_marks, crowd_schedule = state.many_cuts, state.marks, crowd.schedule
    copy(tile.x, crowd.x[number])
    copy(tile.r, tile.base)
    copy(tile.peak, tile.x)
    copy(tile.since, crowd.onset[number])
    for s in range(tile.x.shape[0]):
        for lane in range(L):
            tile.peak[s, lane] = abs(tile.peak[s, lane])
    for lane in range(L):
        schedule[lane] = crowd_schedule[number * L + lane]
        time[lane], many_marks[lane], pending[lane] = 0.0, marks.size, -1
        refused[lane] = 0
        edge[lane], settled[lane], reach[lane], hold[lane] = 0, 0, 0, 0
        tries[lane], anchored[lane], finished[lane], many_cuts[lane] = 0, 0, 0, 0
        for k in range(marks.size):
            state_marks[lane, k] = marks[k]


@njit(**OPTIONS)
def _accept(agenda, edges, plan, tile, state, leaps, lane):
    """Move one lane to the end of its window; edges: of this person's windows."""
    kind, count, left, x = plan.kind, plan.periods, plan.left, tile.x
    r, x_next, r_next, peak = tile.r, tile.x_next, tile.r_next, tile.peak
    peak_next, reach, refused, hold = tile.peak_next, state.reach, state.refused, state.hold
    anchored, edge, stretch = state.anchored, state.edge, agenda.stretch
    right, which = plan.right[lane], plan.schedule[lane]
    for s in range(x.shape[0]):
        x[s, lane], r[s, lane] = x_next[s, lane], r_next[s, lane]
        peak[s, lane] = max(peak[s, lane], peak_next[s, lane])
    if kind[lane] == LEAP:
        reach[lane] = max(reach[lane], 32 * count[lane])
        refused[lane] = 0
    elif hold[lane] > 0:
        hold[lane] = 0
        reach[lane] = max(reach[lane], 2 * _LEAST_LEAP)
    anchored[lane] = 1
    began = False
    for q in range(agenda.stretch_from[which], agenda.stretch_from[which + 1]):
        begin = stretch[q, 0]
        if abs(begin - right) <= TINY:
            began = True
        elif (
            begin <= left[lane] + TINY
            and right <= stretch[q, 2] + TINY
            and kind[lane] == STEP
            and (reach[lane] == 0 and right - begin >= (_dense(leaps) - 0.5) * stretch[q, 1])
        ):
            reach[lane] = NEVER
    if began:
        reach[lane], anchored[lane] = 0, 0
    if edges[edge[lane]] <= right + TINY:
        right = edges[edge[lane]]
        anchored[lane] = 0
    state.time[lane], state.tries[lane], state.many_cuts[lane], state.settled[lane] = right, 0, 0, 0


@njit(**OPTIONS)
def _leap_refused(plan, state, lane, lost):
    """Shorten a lane's leap, or have a few periods stepped first, which makes a transient smaller."""
    hold = state.hold
    ratio = plan.leap_ratio[lane]
    usable = np.isfinite(ratio) and not lost
    state.many_cuts[lane], state.refused[lane] = 0, state.refused[lane] + 1
    fade = 1.0 - plan.fade[lane]  # lost by the transient in a period
    if usable and state.refused[lane] == 1 and 0.05 < fade < 1.0 and plan.fade[lane] ** plan.periods[lane] < 0.5:
        steps = np.int64(np.ceil(np.log(2.0 * ratio) / (BASE_SAMPLES - 1) / -np.log(1.0 - fade)))
        if steps <= _MOST_STEPS:
            hold[lane] = max(steps, 1)
            return
    shrink = min(max(0.9 * ratio ** (-1.0 / BASE_SAMPLES), 0.1), 0.6) if usable else 0.2
    state.reach[lane] = np.int64(plan.periods[lane] * shrink)
    hold[lane] = 3 if state.reach[lane] < _LEAST_LEAP else 0


@njit(**OPTIONS)
def _decide(program, plan, tile, state, work, raw, times, lane, subject, adaptive, captured, outcome):
    """Return whether to accept a lane's window; else it is noted how to try again, or that the lane has failed.

    outcome (2, L) gets the status and the time of a failure.
    """
    plan_ratio, starts, tries, hold = plan.ratio, plan.starts, state.tries, state.hold
    many_cuts, finished, count = state.many_cuts, state.finished, raw.laid
    K = plan.size[1]
    bad, lost, where, panels = False, False, 0, 0
    for j in range(plan.samples[lane]):
        panels += count[j, lane]
        for k in range(count[j, lane]):
            ratio = plan_ratio[j * K + k, lane]
            if (not ratio <= 1.0 and adaptive) or not np.isfinite(ratio):
                where = where if bad else j * K + k
                lost = lost or not np.isfinite(ratio)
                bad = True
    leaping = plan.kind[lane] == LEAP
    if leaping and (lost or not plan.leap_ratio[lane] <= 1.0):
        _leap_refused(plan, state, lane, lost)
        return False
    if not bad:
        return not _onsets(program, plan, tile, state, work, lane, raw)
    tries[lane] += 1
    if leaping and tries[lane] > _MOST_TRIES:
        tries[lane], hold[lane], many_cuts[lane] = 0, 3, 0
    elif not leaping and (tries[lane] >= (_MOST_TRIES if adaptive else 1) or panels > _MOST_PANELS):
        ratio = plan_ratio[where, lane]
        outcome[0, lane], outcome[1, lane] = 1.0 if np.isfinite(ratio) else 2.0, starts[where, lane]
        _capture(program, plan, work, times, lane, subject, starts[where, lane], captured)
        finished[lane] = 1
    else:
        _refine(plan, state, raw, lane)
    return False


@njit(**OPTIONS)
def _look_around(agenda, crowd, plan, state, times, first, turn, settings, leaps):
    """Choose the windows of all lanes; return whether any goes on and whether any waits for a steady state."""
    kind, samples, boundaries, schedule = plan.kind, plan.samples, plan.boundaries, plan.schedule
    time, finished, settled, pending = state.time, state.finished, state.settled, state.pending
    orbit_from, orbit = agenda.orbit_from, agenda.orbit
    going, waiting = False, False
    for lane in range(L):
        kind[lane], samples[lane], boundaries[lane] = IDLE, 1, 0
        if time[lane] >= settings[3] - TINY:
            finished[lane] = 1
        if finished[lane] != 0:
            continue
        going = True
        which = schedule[lane]
        for q in range(orbit_from[which], orbit_from[which + 1]):
            if turn < 0 and abs(orbit[q, 0] - time[lane]) <= TINY and settled[lane] == 0:
                pending[lane] = q
        waiting = waiting or pending[lane] >= 0
    if going and not waiting:
        for lane in range(L):
            if finished[lane] == 0:
                _choose(agenda, crowd, plan, state, times, first + lane, lane, settings, leaps)
        _part(plan, state)
    return going, waiting


@njit(**OPTIONS)
def _part(plan, state):
    """Let leaping lanes wait while others step, and all wait for those that try again: panels are of one shape then."""
    kind, samples, boundaries, tries = plan.kind, plan.samples, plan.boundaries, state.tries
    stepping, again = False, False
    for lane in range(L):
        stepping = stepping or kind[lane] == STEP
        again = again or (kind[lane] == STEP and tries[lane] > 0)
    for lane in range(L):
        if stepping and (kind[lane] == LEAP or (again and tries[lane] == 0)):
            kind[lane], samples[lane], boundaries[lane] = IDLE, 1, 0


@njit(**OPTIONS)
def run(march, program_, agenda_, crowd_, times, settings, switches, marks, plan_, state_, raw_, work_, table_, space,
        since, number, captured, status, failed_at, statistics, stop, need):  # fmt: skip
    """Take people from time 0 to the horizon, sixteen at a time, from tile ``number`` on.

    march: address of the compiled march of a member. settings: tolerance, horizon for memory, longest window, horizon;
    switches: adaptive, leaps. captured (times, wanted, n), status and failed_at (n,) receive what is found;
    statistics (6,) counts windows, sweeps, panels, leaps, leaps tried, people; stop (1,): anything but 0 ends the run
    early; need (2,): which array is too small for the tile whose number is returned, and what it should hold.
    """
    program, agenda, crowd, plan = refer(program_), refer(agenda_), refer(crowd_), refer(plan_)
    state, raw, work, table = refer(state_), refer(raw_), refer(work_), refer(table_)
    adaptive, leaps = switches[0] != 0, 0
    if switches[1] != 0 and crowd.taken.shape[1] == 0 and program.counts[7] != 0:
        leaps = 1
        for c in range(program.covariates.shape[0]):  # 2: something goes on changing for good
            leaps = 2 if program.covariates[c, 0] == 2 else leaps
    outcome = work.outcome
    while number * L < crowd.schedule.size:
        first = number * L
        tile = refer(_people(crowd, space, since, number))
        _enter(crowd, plan, state, tile, marks, number)
        _forget(table)
        fill(outcome, 0.0)
        turn = -1
        while stop[0] == 0:
            going, waiting = _look_around(agenda, crowd, plan, state, times, first, turn, settings, leaps)
            if not going:
                break
            if waiting:
                if turn < 0:
                    _open_orbits(program, agenda, crowd, plan, tile, state, first)
                    turn = 0
                _seek_orbits(agenda, crowd, plan, tile, state, first, turn)
            if not _prepare(agenda, crowd, plan, table, work, state, raw, times, first, need):
                return number
            _sweep(march, program, plan, tile, table, work, settings)
            statistics[1] += 1
            statistics[2] += plan.size[0] * plan.size[1]
            if waiting:
                if turn == 0 and _judge_orbits(plan, state, raw, adaptive, outcome):
                    continue
                if turn == 0:
                    copy(tile.settled, tile.x_next)
                    for lane in range(L):
                        state.many_cuts[lane] = 0
                else:
                    copy(tile.r, tile.kept)
                    _put_on_orbits(program, agenda, tile, state, outcome)
                turn = 1 if turn == 0 else -1
                continue
            for lane in range(L):
                if plan.kind[lane] != IDLE:
                    leap = plan.kind[lane] == LEAP
                    statistics[4] += leap
                    if _decide(program, plan, tile, state, work, raw, times, lane, first + lane, adaptive, captured,
                               outcome):  # fmt: skip
                        _capture(program, plan, work, times, lane, first + lane, np.inf, captured)
                        _accept(agenda, crowd.edges[first + lane], plan, tile, state, leaps, lane)
                        statistics[0] += 1
                        statistics[3] += leap
        for lane in range(L):
            status[first + lane] = np.int64(outcome[0, lane])
            failed_at[first + lane] = outcome[1, lane] if outcome[0, lane] > 0 else np.nan
        copy(crowd.x[number], tile.x)  # not read again: where they end
        copy(crowd.onset[number], tile.since)
        statistics[5] += L
        number += 1
    return number
