"""Compiled driver of the cascade: sixteen subjects on their way through time, each with its own windows and panels."""

import numpy as np
from numba import njit

from menaquinone.solve._algebra import OPTIONS, L, S, copy, fill
from menaquinone.solve._calls import invoke_march
from menaquinone.solve._structs import (
    AgendaStruct,
    CrowdStruct,
    LanesStruct,
    PlanStruct,
    ProgramStruct,
    RawStruct,
    TableStruct,
    TileStruct,
    WorkStruct,
)
from menaquinone.solve._stages import (
    BASE_SAMPLES,
    CLOSE,
    IDLE,
    LEAP,
    MOST_ITERATED,
    NEVER,
    ORDER,
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
)
from menaquinone.solve.tableau import LAGRANGE, POINTS

TINY = 5e-10
"""Times (h) closer than this are one."""
LONGEST = 8766.0
"""Marks repeat after this long without a disturbance (h)."""
_DENSE = 4
"""Periods stepped before the first leap."""
_LEAST_LEAP = BASE_SAMPLES + 4
_MOST_STEPS = 16
"""Periods stepped before a leap is tried again."""
_MOST_SAMPLES = 16
_MOST_BOUNDARIES = 256
_MOST_MARKS = 512
_MOST_CUTS = 2048
_MOST_TRIES = 16
_MOST_PANELS = 4096
"""A lane that asks for more panels than this in a window has no solution to be found."""
_GONE = 1e-14
"""A transient that has fallen to this share of itself is over."""
_FADED = 1e-6
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
    end, at, reading, c = begin + length, begin, clock, 0
    room = raw.starts.shape[1]
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
            if mark < m_end:
                following = marks[mark]
            else:
                following = LONGEST * (np.floor(now / LONGEST + 1e-6) + 1.0)
            if not following < stop - tiny:
                following = stop
            if n >= room:
                return -1
            raw.starts[lane, n] = at + (now - reading)
            raw.widths[lane, n] = np.rint((following - now) * 1e9) / 1e9
            raw.clocks[lane, n] = now
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
    s = state.orbit[lane] if plan.kind[lane] == CLOSE else -1
    marks, m_end = state.marks[lane], state.many_marks[lane]
    cuts, c_end = state.cuts[lane], state.many_cuts[lane]
    if s >= 0:
        first, last = agenda.cycle_from[s], agenda.cycle_from[s + 1]
        breaks = np.empty(last - first)
        for c in range(last - first):
            breaks[c] = agenda.cycle[first + c, 0]
        clock = LONGEST
        if last > first:
            clock = 0.0 if breaks[0] <= TINY else plan.length[lane] - breaks[-1]
        n = lay(0.0, plan.length[lane], clock, breaks, 0, last - first, times, 0, 0, cuts, c_end, marks, m_end, raw,
                lane, 0)  # fmt: skip
        raw.count[0, lane] = n
        return n >= 0
    which = plan.schedule[lane]
    first, last = agenda.break_from[which], agenda.break_from[which + 1]
    length = plan.right[lane] - plan.left[lane] if plan.kind[lane] == STEP else plan.length[lane]
    n = 0
    for j in range(plan.samples[lane]):
        begin = plan.left[lane] + (plan.nodes[j, lane] * plan.length[lane] if j > 0 else 0.0)
        o = _after(times, 0, times.size, begin)
        o_end = _after(times, o, times.size, begin + length)
        inside = o_end > o and times[o] < begin + length - TINY
        at = n
        if j > 0 and not inside and raw.count[0, lane] == raw.plain[0]:
            for k in range(raw.count[0, lane]):
                if n >= raw.starts.shape[1]:
                    return False
                raw.starts[lane, n] = begin + (raw.starts[lane, k] - plan.left[lane])
                raw.widths[lane, n], raw.clocks[lane, n] = raw.widths[lane, k], raw.clocks[lane, k]
                n += 1
        else:
            b = _after(agenda.breaks, first, last, begin)
            clock = _clock(agenda.breaks, first, last, begin)
            n = lay(begin, length, clock, agenda.breaks, b, last, times, o, o_end, cuts, c_end, marks, m_end, raw,
                    lane, n)  # fmt: skip
            if n < 0:
                return False
        raw.count[j, lane] = n - at
        if j == 0:
            raw.plain[0] = -1 if inside else n
    return True


@njit(**OPTIONS)
def _align(plan, raw, table):
    """Put the panels of all lanes side by side, padded with panels of no width; note their rows in the table.

    Returns whether the table has rows for all widths.
    """
    J, K = plan.size[0], plan.size[1]
    same = True
    for lane in range(L):
        at = 0
        for j in range(J):
            count = raw.count[j, lane] if plan.kind[lane] != IDLE and j < plan.samples[lane] else 0
            end = 0.0
            for k in range(K):
                panel = j * K + k
                if k < count:
                    plan.starts[panel, lane], plan.widths[panel, lane] = raw.starts[lane, at + k], raw.widths[lane, at + k]
                    end = plan.starts[panel, lane] + plan.widths[panel, lane]
                    if j > 0 and (count != raw.count[0, lane] or plan.widths[panel, lane] != plan.widths[k, lane]):
                        same = False
                else:
                    plan.starts[panel, lane], plan.widths[panel, lane] = end, 0.0
            at += count
    plan.size[3] = 1 if same else 0
    for panel in range(J * K):
        place = plan.rows[panel, 0]
        for lane in range(L):
            width = plan.widths[panel, lane]
            row = 0
            if width > 0.0:
                guess = plan.rows[panel, lane - 1] if lane > 0 else 0
                if 0 < guess < table.used[lane] and table.widths[guess, lane] == width:
                    row = guess
                else:
                    row = 1
                    while row < table.used[lane] and table.widths[row, lane] != width:
                        row += 1
                    if row == table.used[lane]:
                        if row == table.widths.shape[0]:
                            return False
                        table.widths[row, lane] = width
                        table.used[lane] += 1
                        for member in range(table.done.size):
                            table.done[member] = min(table.done[member], row)
            plan.rows[panel, lane] = row
            place = row if lane == 0 else (place if place == row else -1)
        plan.place[panel] = place
    return True


@njit(**OPTIONS)
def _forget(table):
    """Start the table of widths afresh."""
    fill(table.widths, 0.0)
    for lane in range(L):
        table.used[lane] = 1
    for member in range(table.done.size):
        table.done[member] = 0


# windows --------------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _outputs_of_leap(times, left, period, count, plan, lane):
    """Sort the output times of a leap: boundaries into ``at``, periods that hold others into the nodes behind the base.

    Returns the periods that fit, the boundaries and the samples.
    """
    o = _after(times, 0, times.size, left)
    boundaries, samples = 0, BASE_SAMPLES
    while o < times.size and times[o] <= left + count * period + TINY:
        number = np.int64(np.floor((times[o] - left) / period + 1e-9))
        off = times[o] - (left + number * period)
        if abs(off) <= TINY:
            if boundaries == plan.at.shape[0]:
                return number - 1, boundaries, samples
            plan.at[boundaries, lane] = number
            boundaries += 1
        elif samples == BASE_SAMPLES or plan.nodes[samples - 1, lane] != number:
            if samples == plan.nodes.shape[0]:
                return number - 1, boundaries, samples
            plan.nodes[samples, lane] = number
            samples += 1
        o += 1
    return count, boundaries, samples


@njit(**OPTIONS)
def _nodes(plan, lane, count, ratio):
    """Choose the sampled periods of a leap and the variable of interpolation: ratio^n, or n where ratio is 1."""
    last = count - 1
    bend = np.log(ratio) if ratio < 1.0 else 0.0
    low = ratio**last if ratio < 1.0 else 0.0
    for q in range(BASE_SAMPLES):
        share = 0.5 * (1.0 + np.cos(np.pi * q / (BASE_SAMPLES - 1)))
        if bend < 0.0:
            number = np.log(low + (1.0 - low) * share) / bend if q < BASE_SAMPLES - 1 else last
        else:
            number = last * (1.0 - share)
        plan.nodes[q, lane] = np.int64(np.rint(min(number, last)))
    plan.nodes[0, lane], plan.nodes[BASE_SAMPLES - 1, lane] = 0, last
    for q in range(1, BASE_SAMPLES):
        plan.nodes[q, lane] = max(plan.nodes[q, lane], plan.nodes[q - 1, lane] + 1)
    for q in range(BASE_SAMPLES - 2, -1, -1):
        plan.nodes[q, lane] = min(plan.nodes[q, lane], plan.nodes[q + 1, lane] - 1)
    most = count
    if bend < 0.0:
        most = min(count, np.int64(np.ceil(np.log(_GONE) / bend)) + 1)
    plan.iterated[lane] = most if most <= MOST_ITERATED else -1
    for q in range(BASE_SAMPLES):
        number = plan.nodes[q, lane]
        plan.node_omega[q, lane] = ratio**number if bend < 0.0 else number / last


@njit(**OPTIONS)
def _swings(plan, lane, ratio):
    """Tabulate the variable of interpolation and how far the last terms of the interpolant swing."""
    for k in range(2):
        plan.swing[k, lane], plan.before[k, lane] = 0.0, 0.0
    last = plan.count[lane] - 1
    for number in range(max(plan.iterated[lane], 0)):
        omega = ratio**number if ratio < 1.0 else number / last
        plan.omega[number, lane] = omega
        product = 1.0
        for q in range(BASE_SAMPLES - 2):
            product *= omega - plan.node_omega[ORDER[q], lane]
        plan.before[0, lane] += abs(product)
        plan.before[1, lane] = max(plan.before[1, lane], abs(product))
        product *= omega - plan.node_omega[ORDER[BASE_SAMPLES - 2], lane]
        plan.swing[0, lane] += abs(product)
        plan.swing[1, lane] = max(plan.swing[1, lane], abs(product))


@njit(**OPTIONS)
def _try_leap(plan, state, slowest, times, lane, count, begin, period):
    """Set a lane's window to a leap if enough periods fit; return whether they do."""
    left = plan.left[lane]
    ratio = np.exp(-slowest * period)
    if np.exp(-slowest * (left - begin)) < _FADED or not ratio < 0.9999:
        ratio = 1.0
    elif np.log(_GONE) / np.log(ratio) + 2 > MOST_ITERATED:
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
    _nodes(plan, lane, count, ratio)
    extra = BASE_SAMPLES
    for j in range(BASE_SAMPLES, samples):  # periods that are sampled anyway need no second sample
        known = False
        for q in range(BASE_SAMPLES):
            known = known or plan.nodes[q, lane] == plan.nodes[j, lane]
        if not known:
            plan.nodes[extra, lane] = plan.nodes[j, lane]
            extra += 1
    plan.kind[lane], plan.count[lane], plan.samples[lane], plan.boundaries[lane] = LEAP, count, extra, boundaries
    plan.length[lane] = period
    plan.right[lane] = left + count * period
    _swings(plan, lane, ratio)
    return True


@njit(**OPTIONS)
def _choose(agenda, crowd, plan, state, times, subject, lane, window, leaps):
    """Choose a lane's next window, from where it stands."""
    left, which = state.time[lane], plan.schedule[lane]
    edges = crowd.edges[subject]
    while state.edge[lane] < edges.size - 1 and edges[state.edge[lane]] <= left + TINY:
        state.edge[lane] += 1
    edge = edges[state.edge[lane]]
    plan.left[lane], plan.kind[lane], plan.samples[lane], plan.boundaries[lane] = left, STEP, 1, 0
    plan.count[lane], plan.nodes[0, lane], plan.iterated[lane] = 1, 0, 0
    state.lasting[lane] = 1
    plan.right[lane] = min(edge, left + window)
    for q in range(agenda.stretch_from[which], agenda.stretch_from[which + 1]):
        begin, period, end = agenda.stretch[q, 0], agenda.stretch[q, 1], agenda.stretch[q, 2]
        if begin > left + TINY:
            plan.right[lane] = min(plan.right[lane], begin)
            return
        if not leaps or left + period > end + TINY:
            continue
        limit = min(edge, end)
        count = np.int64(np.floor((limit - left) / period + 1e-9))
        if count < 1:
            return
        if state.anchored[lane] == 0:
            o = _after(times, 0, times.size, left)
            if o < times.size and times[o] <= limit:
                phase = (times[o] - left) % period
                if TINY < phase < period - TINY:
                    plan.right[lane] = min(plan.right[lane], left + phase)
                    return
        if state.hold[lane] == 0 and min(count, state.reach[lane]) >= _LEAST_LEAP:
            count = min(count, state.reach[lane])
            if _try_leap(plan, state, crowd.slowest[subject], times, lane, count, begin, period):
                return
        state.lasting[lane] = 0
        whole = left + min(count, state.hold[lane] if state.hold[lane] > 0 else (1 if left <= begin + TINY else _DENSE - 1)) * period
        if whole <= left + window:
            plan.right[lane] = min(plan.right[lane], whole)
        return


@njit(**OPTIONS)
def _sort_stops(plan):
    """List every lane's samples, boundaries and end in the order of the periods."""
    J, O = plan.size[0], plan.size[2]
    for lane in range(L):
        n = 0
        if plan.kind[lane] == LEAP:
            for o in range(plan.boundaries[lane]):
                plan.stops[0, n, lane], plan.stops[1, n, lane] = plan.at[o, lane], J + o
                n += 1
            for slot in range(plan.samples[lane] + 1):
                number = plan.nodes[slot, lane] if slot < plan.samples[lane] else plan.count[lane]
                place = n
                while place > 0 and plan.stops[0, place - 1, lane] > number:
                    plan.stops[0, place, lane] = plan.stops[0, place - 1, lane]
                    plan.stops[1, place, lane] = plan.stops[1, place - 1, lane]
                    place -= 1
                plan.stops[0, place, lane] = number
                plan.stops[1, place, lane] = slot if slot < plan.samples[lane] else J + O
                n += 1
        if n < plan.stops.shape[1]:
            plan.stops[0, n, lane] = -1


# what happens and what is known ---------------------------------------------------------------------------------------


@njit(**OPTIONS)
def _note(plan, panel, kind, slot, lane, value, e):
    plan.following[e], plan.kinds[e], plan.slots[e] = -1, kind, slot
    plan.lanes[e], plan.values[e] = lane, value
    if plan.head[panel] < 0:
        plan.head[panel] = e
    else:
        plan.following[plan.tail[panel]] = e
    plan.tail[panel] = e


@njit(**OPTIONS)
def _events(agenda, crowd, plan, state, first):
    """Write the events of all lanes to the panels at whose start they happen; return their number.

    What exceeds the room is only counted.
    """
    J, K = plan.size[0], plan.size[1]
    for panel in range(J * K):
        plan.head[panel] = -1
    e, room = 0, plan.kinds.size
    for lane in range(L):
        which = plan.schedule[lane]
        if plan.kind[lane] == CLOSE:
            orbit = state.orbit[lane]
            k = 0
            for c in range(agenda.cycle_from[orbit], agenda.cycle_from[orbit + 1]):
                while k < K - 1 and plan.starts[k, lane] < agenda.cycle[c, 0] - TINY:
                    k += 1
                if e < room:
                    target = np.int64(agenda.cycle[c, 2])
                    share = crowd.share[target, first + lane]
                    slot = agenda.slot[which, target]
                    _note(plan, k, np.int64(agenda.cycle[c, 1]), slot, lane, agenda.cycle[c, 3] * share, e)
                e += 1
        elif plan.kind[lane] != IDLE:
            begin_event, end_event = agenda.event_from[which], agenda.event_from[which + 1]
            for j in range(plan.samples[lane]):
                begin = plan.starts[j * K, lane]
                length = plan.right[lane] - begin if plan.kind[lane] == STEP else plan.length[lane]
                at = _after(agenda.time, begin_event, end_event, begin - 2 * TINY)
                k = 0
                while at < end_event and agenda.time[at] < begin + length - TINY:
                    skip = state.settled[lane] != 0 and agenda.order[at] != START and agenda.time[at] <= begin + TINY
                    if crowd.taken.shape[1] > 0 and agenda.dose[at] >= 0:
                        skip = skip or crowd.taken[first + lane, agenda.dose[at]] == 0
                    if not skip:
                        while k < K - 1 and plan.starts[j * K + k, lane] < agenda.time[at] - TINY:
                            k += 1
                        if e < room:
                            target = agenda.target[at]
                            value, slot = 0.0, -1
                            if target >= 0:
                                value = agenda.value[at] * crowd.share[target, first + lane]
                                slot = agenda.slot[which, target]
                            _note(plan, j * K + k, agenda.kind[at], slot, lane, value, e)
                        e += 1
                    at += 1
    return e


@njit(**OPTIONS)
def _still(work, row):
    for k in range(4):
        work.meta[row, k] = 0


@njit(**OPTIONS)
def _covariates(program, plan, tile, work):
    """Write covariates and values at time 0 to their rows of the board."""
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    for e in range(program.entries.size):
        row = program.entries[e]
        _still(work, row)
        for lane in range(L):
            work.board[row * work.points[0] * L + lane] = tile.entry[e, lane]
    for c in range(program.covariates.shape[0]):
        rule, row = program.covariates[c, 0], program.covariates[c, 1]
        knots, levels = tile.knots[c], tile.levels[c]
        base = row * work.points[0] * L
        if rule == 2:
            work.meta[row, 0], work.meta[row, 1] = K * PT * L, L
            work.meta[row, 2], work.meta[row, 3] = J * K * PT * L, L
        else:
            _still(work, row)
        for lane in range(L):
            place = 0
            if rule != 2:
                while place + 1 < knots.shape[0] and knots[place + 1, lane] <= plan.left[lane] + TINY:
                    place += 1
                if rule == 1 and place + 1 < knots.shape[0]:
                    place += 1
                work.board[base + lane] = levels[place, lane]
                continue
            for q in range(J * K * PT + O):
                if q < J * K * PT:
                    panel = q // PT
                    hours = plan.starts[panel, lane] + plan.widths[panel, lane] * POINTS[q % PT]
                else:
                    o = q - J * K * PT
                    hours = plan.left[lane] + (plan.at[o, lane] if o < plan.boundaries[lane] else 0) * plan.length[lane]
                if plan.kind[lane] == CLOSE:
                    hours = plan.left[lane]
                place = 0
                while place + 2 < knots.shape[0] and knots[place + 1, lane] <= hours and np.isfinite(knots[place + 2, lane]):
                    place += 1
                slope = (levels[place + 1, lane] - levels[place, lane]) / (knots[place + 1, lane] - knots[place, lane])
                work.board[base + q * L + lane] = levels[place, lane] + (hours - knots[place, lane]) * slope


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
    """Halve a lane's bad panels: by a mark for good where a panel lies between marks, by a cut elsewhere and in windows
    that are the beginning of a stretch, which is unlike the rest."""
    J, K = plan.size[0], plan.size[1]
    at, old = 0, state.many_marks[lane]
    laid = np.empty(old)
    for k in range(old):
        laid[k] = state.marks[lane, k]
    for j in range(plan.samples[lane]):
        begin = plan.starts[j * K, lane]
        for k in range(raw.count[j, lane]):
            ratio = plan.ratio[j * K + k, lane]
            if not ratio <= 1.0:
                width, clock = raw.widths[lane, at + k], raw.clocks[lane, at + k]
                between = _marked(laid, old, clock) and _marked(laid, old, clock + width) and clock + width <= LONGEST
                if between and state.lasting[lane] != 0:
                    state.many_marks[lane] = _insert(
                        state.marks[lane], state.many_marks[lane], np.rint((clock + 0.5 * width) * 1e9) / 1e9
                    )
                else:
                    middle = raw.starts[lane, at + k] - begin + 0.5 * width
                    state.many_cuts[lane] = _insert(state.cuts[lane], state.many_cuts[lane], middle)
                if not np.isfinite(ratio):
                    return  # what lies behind says nothing
        at += raw.count[j, lane]


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
    found = False
    K, points = plan.size[1], work.points[0]
    values = np.empty(PT)
    for i in range(program.stage.shape[0]):
        columns = program.stage[i]
        if columns[WHEN] < 0:
            continue
        for member in range(columns[MEMBERS]):
            everyone = columns[FIRST_MEMBER] + member
            if tile.since[everyone, lane] != np.inf:
                continue
            row = program.feed[columns[FIRST_INPUT] + member * columns[INPUTS] + columns[WHEN]]
            level = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] + columns[LEVEL], lane]
            base, by_sample, by_point = row * points * L + lane, work.meta[row, 0], work.meta[row, 1]
            if plan.kind[lane] == LEAP:
                done, below = 0, work.board[base]
                for q in range(BASE_SAMPLES):
                    value = work.board[base + q * by_sample + (K * PT - 1) * by_point]
                    number = plan.nodes[q, lane] + 1
                    if value >= level:
                        share = (level - below) / (value - below) if value > below else 0.0
                        count = max(done, np.int64(np.floor(done + share * (number - done))) - 1)
                        state.reach[lane] = count
                        if count < _LEAST_LEAP:
                            state.hold[lane] = 3
                        found = True
                        break
                    done, below = number, value
                continue
            k = 0
            while k < raw.count[0, lane] and not work.board[base + (k * PT + S) * by_point] >= level:
                k += 1
            if k == raw.count[0, lane]:
                continue
            for point in range(PT):
                values[point] = work.board[base + (k * PT + point) * by_point]
            at = plan.starts[k, lane] + _share_at(values, level) * plan.widths[k, lane]
            at = np.rint(at * 1e9) / 1e9
            tile.since[everyone, lane] = at
            state.many_cuts[lane] = _insert(state.cuts[lane], state.many_cuts[lane], at - plan.left[lane])
            found = True
    return found


@njit(**OPTIONS)
def _sweep(address, program, plan, tile, table, work, settings):
    """March every stage once."""
    J, K = plan.size[0], plan.size[1]
    fill(plan.ratio[: J * K], 0.0)
    for lane in range(L):
        plan.leap_ratio[lane] = 0.0
    _covariates(program, plan, tile, work)
    begins = np.empty(L, np.int64)
    for stage in range(program.stage.shape[0]):
        columns = program.stage[stage]
        for member in range(columns[MEMBERS]):
            for lane in range(L):
                begins[lane] = -1
                since = tile.since[columns[FIRST_MEMBER] + member, lane]
                if columns[WHEN] >= 0 and since > plan.left[lane] - TINY:
                    begins[lane] = NEVER
                    if since < plan.right[lane] - TINY and plan.kind[lane] == STEP:
                        k = 0
                        while k < K - 1 and plan.starts[k, lane] < since - TINY:
                            k += 1
                        begins[lane] = k
            invoke_march(
                address, program, plan, tile, table, work, stage, member, settings[0], settings[1], begins
            )


@njit(**OPTIONS)
def _capture(program, plan, work, times, lane, place, until, captured):
    """Copy the outputs of one lane at all output times of its window, up to ``until``."""
    J, K, points = plan.size[0], plan.size[1], work.points[0]
    o = _after(times, 0, times.size, plan.left[lane])
    boundary = 0
    while o < times.size and times[o] <= min(plan.right[lane], until) + TINY:
        at, j, k = times[o], 0, 0
        on_boundary = boundary < plan.boundaries[lane] and plan.kind[lane] == LEAP
        if on_boundary:
            on_boundary = abs(at - plan.left[lane] - plan.at[boundary, lane] * plan.length[lane]) <= TINY
        if not on_boundary:
            if plan.kind[lane] == LEAP:
                number = np.int64(np.floor((at - plan.left[lane]) / plan.length[lane] + 1e-9))
                while plan.nodes[j, lane] != number:
                    j += 1
            while k < K - 1 and plan.starts[j * K + k, lane] + plan.widths[j * K + k, lane] < at - TINY:
                k += 1
        for w in range(program.wanted.size):
            row = program.wanted[w]
            place_of = row * points * L + lane
            if on_boundary:
                place_of += work.meta[row, 2] + boundary * work.meta[row, 3]
            else:
                place_of += j * work.meta[row, 0] + (k * PT + S) * work.meta[row, 1]
            captured[o, w, place] = work.board[place_of]
        boundary += on_boundary
        o += 1


@njit(**OPTIONS)
def _act(program, agenda, crowd, tile, which, lane, subject, e):
    """Let one action take place at once: the end of an infusion or a reset before a steady state."""
    if agenda.order[e] == RESET:
        for i in range(program.stage.shape[0]):
            columns = program.stage[i]
            if columns[DOSED]:
                for s in range(columns[FIRST_STATE], columns[FIRST_STATE] + columns[MEMBERS] * columns[STATES]):
                    tile.x[s, lane], tile.r[s, lane] = tile.rest[s, lane], tile.base[s, lane]
        return
    if crowd.taken.shape[1] > 0 and crowd.taken[subject, agenda.dose[e]] == 0:
        return
    slot = agenda.slot[which, agenda.target[e]]
    tile.r[slot, lane] += agenda.value[e] * crowd.share[agenda.target[e], subject]


@njit(**OPTIONS)
def _open_orbits(program, agenda, crowd, plan, tile, state, first):
    """Begin with the lanes that wait for a steady state: what ends there ends, what is reset is reset."""
    for lane in range(L):
        if state.pending[lane] < 0:
            continue
        which = plan.schedule[lane]
        at = _after(agenda.time, agenda.event_from[which], agenda.event_from[which + 1], state.time[lane] - 2 * TINY)
        while at < agenda.event_from[which + 1] and agenda.time[at] <= state.time[lane] + TINY:
            if agenda.order[at] != START:
                _act(program, agenda, crowd, tile, which, lane, first + lane, at)
            at += 1
    copy(tile.kept, tile.r)


@njit(**OPTIONS)
def _seek_orbits(agenda, crowd, plan, tile, state, first, turn):
    """Set the windows of waiting lanes to one period: of all doses that go on, or (turn 1) of the new ones alone."""
    for lane in range(L):
        orbit = state.pending[lane]
        if orbit < 0:
            continue
        plan.kind[lane], plan.left[lane], plan.right[lane] = CLOSE, state.time[lane], state.time[lane]
        plan.samples[lane], plan.boundaries[lane], plan.count[lane], plan.nodes[0, lane] = 1, 0, 1, 0
        plan.length[lane] = agenda.orbit[orbit, 1]
        state.orbit[lane] = 2 * orbit + turn
        for s in range(tile.x.shape[0]):
            tile.r[s, lane] = tile.base[s, lane] if turn == 0 else 0.0
        for q in range(agenda.running_from[2 * orbit + turn], agenda.running_from[2 * orbit + turn + 1]):
            target = np.int64(agenda.running[q, 0])
            slot = agenda.slot[plan.schedule[lane], target]
            if slot >= 0:
                tile.r[slot, lane] += agenda.running[q, 1] * crowd.share[target, first + lane]


@njit(**OPTIONS)
def _judge_orbits(plan, state, raw, adaptive, outcome):
    """Refine the panels of orbits that ask for it; return whether any does."""
    again = False
    for lane in range(L):
        if state.pending[lane] < 0 or outcome[0, lane] != 0.0:
            continue
        bad = False
        for k in range(raw.count[0, lane]):
            bad = bad or not plan.ratio[k, lane] <= 1.0
        lost = plan.leap_ratio[lane] > 0.0  # there is none
        if lost or (bad and adaptive):
            state.tries[lane] += 1
            if lost or state.tries[lane] >= _MOST_TRIES:
                outcome[0, lane], outcome[1, lane] = 1.0, state.time[lane]
            else:
                _refine(plan, state, raw, lane)
                again = True
    return again


@njit(**OPTIONS)
def _put_on_orbits(program, agenda, tile, state, outcome):
    """Move the waiting lanes to their orbits: amounts by the new doses alone, which linear kinetics lets us add, tissue
    pools and proteins to the joint orbit."""
    for i in range(program.stage.shape[0]):
        columns = program.stage[i]
        for s in range(columns[FIRST_STATE], columns[FIRST_STATE] + columns[MEMBERS] * columns[STATES]):
            for lane in range(L):
                if state.pending[lane] >= 0:
                    if columns[DOSED]:
                        replaces = agenda.orbit[state.pending[lane], 2] != 0.0
                        tile.x[s, lane] = (tile.rest[s, lane] if replaces else tile.x[s, lane]) + tile.x_next[s, lane]
                    elif columns[STEADY]:
                        tile.x[s, lane] = tile.settled[s, lane]
                    tile.peak[s, lane] = max(tile.peak[s, lane], abs(tile.x[s, lane]))
    for lane in range(L):
        if state.pending[lane] >= 0:
            state.settled[lane], state.pending[lane], state.tries[lane] = 1, -1, 0
            state.finished[lane] = 1 if outcome[0, lane] != 0.0 else state.finished[lane]


@njit(**OPTIONS)
def _prepare(agenda, crowd, plan, table, work, state, raw, times, first, need):
    """Lay the panels of the chosen windows and note what happens in them; need (2,) says which array is too small."""
    J, O = 1, 0
    for lane in range(L):
        J = max(J, plan.samples[lane])
        if plan.kind[lane] == LEAP:
            O = max(O, plan.boundaries[lane])
    K = 1
    for lane in range(L):
        if plan.kind[lane] != IDLE:
            if not _lay_lane(agenda, plan, state, times, raw, lane):
                need[0], need[1] = RAW, 2 * raw.starts.shape[1]
                return False
            for j in range(plan.samples[lane]):
                K = max(K, raw.count[j, lane])
    plan.size[0], plan.size[1], plan.size[2] = J, K, O
    if J * K > work.points[1]:
        need[0], need[1] = PANELS, 2 * J * K
        return False
    if not _align(plan, raw, table):
        _forget(table)
        if not _align(plan, raw, table):
            need[0], need[1] = ROWS, 2 * table.widths.shape[0]
            return False
    _sort_stops(plan)
    events = _events(agenda, crowd, plan, state, first)
    if events > plan.kinds.size:
        need[0], need[1] = EVENTS, 2 * events
        return False
    return True


@njit(**OPTIONS)
def _enter(crowd, plan, state, marks, space, since, number):
    """Load sixteen people at time 0."""
    tile = TileStruct(
        crowd.parameters[number], space[0], space[1], crowd.base[number], crowd.x[number], crowd.noise[number],
        space[2], space[3], space[4], space[5], crowd.idle[number], since, crowd.entry[number], crowd.knots[number],
        crowd.levels[number], space[6], space[7],
    )  # fmt: skip
    copy(tile.x, tile.rest)
    copy(tile.r, tile.base)
    copy(tile.peak, tile.rest)
    copy(since, crowd.onset[number])
    for s in range(tile.x.shape[0]):
        for lane in range(L):
            tile.peak[s, lane] = abs(tile.peak[s, lane])
    for lane in range(L):
        plan.schedule[lane] = crowd.schedule[number * L + lane]
        state.time[lane], state.many_marks[lane], state.pending[lane] = 0.0, marks.size, -1
        state.refused[lane] = 0
        state.edge[lane], state.settled[lane], state.reach[lane], state.hold[lane] = 0, 0, 0, 0
        state.tries[lane], state.anchored[lane], state.finished[lane], state.many_cuts[lane] = 0, 0, 0, 0
        for k in range(marks.size):
            state.marks[lane, k] = marks[k]
    return tile


@njit(**OPTIONS)
def _accept(agenda, edges, plan, tile, state, lane):
    """Move one lane to the end of its window; edges: of this person's windows."""
    right, which = plan.right[lane], plan.schedule[lane]
    for s in range(tile.x.shape[0]):
        tile.x[s, lane], tile.r[s, lane] = tile.x_next[s, lane], tile.r_next[s, lane]
        tile.peak[s, lane] = max(tile.peak[s, lane], tile.peak_next[s, lane])
    if plan.kind[lane] == LEAP:
        state.reach[lane] = max(state.reach[lane], 8 * plan.count[lane])
        state.refused[lane] = 0
    elif state.hold[lane] > 0:
        state.hold[lane] = 0
        state.reach[lane] = max(state.reach[lane], 2 * _LEAST_LEAP)
    state.anchored[lane] = 1
    began = False
    for q in range(agenda.stretch_from[which], agenda.stretch_from[which + 1]):
        begin = agenda.stretch[q, 0]
        if abs(begin - right) <= TINY:
            began = True
        elif begin <= plan.left[lane] + TINY and right <= agenda.stretch[q, 2] + TINY and plan.kind[lane] == STEP:
            if state.reach[lane] == 0 and right - begin >= (_DENSE - 0.5) * agenda.stretch[q, 1]:
                state.reach[lane] = NEVER
    if began:
        state.reach[lane], state.anchored[lane] = 0, 0
    if edges[state.edge[lane]] <= right + TINY:
        right = edges[state.edge[lane]]
        state.anchored[lane] = 0
    state.time[lane], state.tries[lane], state.many_cuts[lane], state.settled[lane] = right, 0, 0, 0


@njit(**OPTIONS)
def _leap_refused(plan, state, lane, lost):
    """Shorten a lane's leap, or have a few periods stepped first: a transient is leaped more easily when it is smaller."""
    ratio = plan.leap_ratio[lane]
    usable = np.isfinite(ratio) and not lost
    state.many_cuts[lane], state.refused[lane] = 0, state.refused[lane] + 1
    fade = 1.0 - plan.node_omega[1, lane] if plan.nodes[1, lane] == 1 else 0.0  # lost by the transient in a period
    if usable and state.refused[lane] == 1 and 0.05 < fade < 1.0 and plan.node_omega[BASE_SAMPLES - 1, lane] < 0.5:
        steps = np.int64(np.ceil(np.log(2.0 * ratio) / (BASE_SAMPLES - 1) / -np.log(1.0 - fade)))
        if steps <= _MOST_STEPS:
            state.hold[lane] = max(steps, 1)
            return
    shrink = min(max(0.9 * ratio ** (-1.0 / BASE_SAMPLES), 0.1), 0.6) if usable else 0.2
    state.reach[lane] = np.int64(plan.count[lane] * shrink)
    state.hold[lane] = 3 if state.reach[lane] < _LEAST_LEAP else 0


@njit(**OPTIONS)
def _decide(program, plan, tile, state, work, raw, times, lane, subject, adaptive, captured, outcome):
    """Return whether to accept a lane's window; else it is noted how to try again, or that the lane has failed.

    outcome (2, L) gets the status and the time of a failure.
    """
    K = plan.size[1]
    bad, lost, where, panels = False, False, 0, 0
    for j in range(plan.samples[lane]):
        panels += raw.count[j, lane]
        for k in range(raw.count[j, lane]):
            ratio = plan.ratio[j * K + k, lane]
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
    state.tries[lane] += 1
    if leaping and state.tries[lane] > _MOST_TRIES:
        state.tries[lane], state.hold[lane], state.many_cuts[lane] = 0, 3, 0
    elif not leaping and (state.tries[lane] >= (_MOST_TRIES if adaptive else 1) or panels > _MOST_PANELS):
        ratio = plan.ratio[where, lane]
        outcome[0, lane], outcome[1, lane] = 1.0 if np.isfinite(ratio) else 2.0, plan.starts[where, lane]
        _capture(program, plan, work, times, lane, subject, plan.starts[where, lane], captured)
        state.finished[lane] = 1
    else:
        _refine(plan, state, raw, lane)
    return False


@njit(**OPTIONS)
def _look_around(agenda, crowd, plan, state, times, first, turn, settings, leaps):
    """Choose the windows of all lanes; return whether any goes on and whether any waits for a steady state."""
    going, waiting = False, False
    for lane in range(L):
        plan.kind[lane], plan.samples[lane], plan.boundaries[lane] = IDLE, 1, 0
        if state.time[lane] >= settings[3] - TINY:
            state.finished[lane] = 1
        if state.finished[lane] != 0:
            continue
        going = True
        which = plan.schedule[lane]
        for q in range(agenda.orbit_from[which], agenda.orbit_from[which + 1]):
            if turn < 0 and abs(agenda.orbit[q, 0] - state.time[lane]) <= TINY and state.settled[lane] == 0:
                state.pending[lane] = q
        waiting = waiting or state.pending[lane] >= 0
    if going and not waiting:
        for lane in range(L):
            if state.finished[lane] == 0:
                _choose(agenda, crowd, plan, state, times, first + lane, lane, settings[2], leaps)
        _part(plan)
    return going, waiting


@njit(**OPTIONS)
def _part(plan):
    """Let leaping lanes wait while others step: windows of one kind have panels of one shape."""
    stepping = False
    for lane in range(L):
        stepping = stepping or plan.kind[lane] == STEP
    for lane in range(L):
        if stepping and plan.kind[lane] == LEAP:
            plan.kind[lane], plan.samples[lane], plan.boundaries[lane] = IDLE, 1, 0


@njit(**OPTIONS)
def run(march, program_, agenda_, crowd_, times, settings, switches, marks, plan_, state_, raw_, work_, table_, space,
        since, number, captured, status, failed_at, statistics, stop, need):  # fmt: skip
    """Take people from time 0 to the horizon, sixteen at a time, from tile ``number`` on.

    march: address of the compiled march of a member. settings: tolerance, horizon for memory, longest window, horizon;
    switches: adaptive, leaps. captured (times, wanted, n), status and failed_at (n,) receive what is found;
    statistics (6,) counts windows, sweeps, panels, leaps, leaps tried, people; stop (1,): anything but 0 ends the run
    early; need (2,): which array is too small for the tile whose number is returned, and what it should hold.
    """
    # the records by reference
    program = ProgramStruct(program_.stage, program_.feed, program_.sums, program_.terms, program_.acts, program_.reach, program_.felt, program_.then, program_.covariates, program_.entries, program_.wanted, program_.counts)
    agenda = AgendaStruct(agenda_.break_from, agenda_.breaks, agenda_.event_from, agenda_.time, agenda_.order, agenda_.kind, agenda_.value, agenda_.dose, agenda_.target, agenda_.slot, agenda_.stretch_from, agenda_.stretch, agenda_.orbit_from, agenda_.orbit, agenda_.cycle_from, agenda_.cycle, agenda_.running_from, agenda_.running)
    crowd = CrowdStruct(crowd_.schedule, crowd_.parameters, crowd_.x, crowd_.base, crowd_.noise, crowd_.share, crowd_.taken, crowd_.edges, crowd_.knots, crowd_.levels, crowd_.entry, crowd_.idle, crowd_.onset, crowd_.slowest)
    plan = PlanStruct(plan_.size, plan_.left, plan_.right, plan_.kind, plan_.count, plan_.samples, plan_.schedule, plan_.boundaries, plan_.length, plan_.nodes, plan_.at, plan_.starts, plan_.widths, plan_.rows, plan_.place, plan_.omega, plan_.node_omega, plan_.iterated, plan_.stops, plan_.swing, plan_.before, plan_.ratio, plan_.leap_ratio, plan_.head, plan_.tail, plan_.following, plan_.kinds, plan_.slots, plan_.lanes, plan_.values)
    state = LanesStruct(state_.time, state_.edge, state_.settled, state_.reach, state_.hold, state_.tries, state_.anchored, state_.finished, state_.marks, state_.many_marks, state_.cuts, state_.many_cuts, state_.orbit, state_.pending, state_.lasting, state_.refused)
    raw = RawStruct(raw_.starts, raw_.widths, raw_.clocks, raw_.count, raw_.plain)
    work = WorkStruct(work_.board, work_.meta, work_.reads, work_.writes, work_.a, work_.b, work_.keep, work_.psi, work_.path, work_.z, work_.bounds, work_.g, work_.square, work_.track, work_.newton, work_.points)
    table = TableStruct(table_.widths, table_.used, table_.begin, table_.done, table_.data, table_.known, table_.a)
    adaptive, leaps = switches[0] != 0, switches[1] != 0 and crowd.taken.shape[1] == 0 and program.counts[7] != 0
    outcome = np.zeros((2, L))
    while number * L < crowd.schedule.size:
        first = number * L
        tile = _enter(crowd, plan, state, marks, space, since, number)
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
                        _accept(agenda, crowd.edges[first + lane], plan, tile, state, lane)
                        statistics[0] += 1
                        statistics[3] += leap
        for lane in range(L):
            status[first + lane] = np.int64(outcome[0, lane])
            failed_at[first + lane] = outcome[1, lane] if outcome[0, lane] > 0 else np.nan
        statistics[5] += L
        number += 1
    return number
