"""Compiled panels: where they begin and how wide they are, lane by lane, then side by side."""

import numpy as np

from menaquinone.solve._algebra import L, fill
from menaquinone.solve._compiled import inner
from menaquinone.solve._kinds import ALIKE, CLOSE, IDLE, LONGEST, SAME, STEP, TINY


@inner
def after(times, first, last, at):
    """Return the first place in times[first:last] (rising) that lies beyond ``at`` by more than TINY."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if times[middle] > at + TINY:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def insert(values, many, value):
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


@inner
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
        mark = after(marks, 0, m_end, now + tiny)
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


@inner
def _clock(breaks, first, last, at):
    """Return the hours since the last break, 0 at one."""
    place = after(breaks, first, last, at)
    if place == first:
        return LONGEST
    since = at - breaks[place - 1]
    return 0.0 if since <= TINY else np.rint(since * 1e9) / 1e9


@inner
def _as_before(plan, state, raw, lane):
    """Lay one lane's panels as those of a lane before it that steps likewise; return which one, -1 for none."""
    kind, left, right, schedule, marks = plan.kind, plan.left, plan.right, plan.schedule, state.marks
    many, starts, widths, clocks = state.many_marks[lane], raw.starts, raw.widths, raw.clocks
    if kind[lane] != STEP or state.many_cuts[lane] != 0:
        return -1
    for one in range(lane):
        same = kind[one] == STEP and state.many_cuts[one] == 0 and state.many_marks[one] == many
        same = same and left[one] == left[lane] and right[one] == right[lane] and schedule[one] == schedule[lane]
        for mark in range(many if same else 0):
            same = same and marks[one, mark] == marks[lane, mark]
        if same:
            for k in range(raw.laid[0, one]):
                starts[lane, k], widths[lane, k], clocks[lane, k] = starts[one, k], widths[one, k], clocks[one, k]
            raw.laid[0, lane] = raw.laid[0, one]
            return one
    return -1


@inner
def lay_lanes(agenda, plan, state, times, raw):
    """Lay the panels of all lanes that go on; return whether there was room, and note whether all step side by side."""
    alike = plan.kind[0] == STEP
    for lane in range(L):
        before = _as_before(plan, state, raw, lane)
        alike = alike and (lane == 0 or before == 0)
        if plan.kind[lane] != IDLE and before < 0 and not _lay_lane(agenda, plan, state, times, raw, lane):
            return False
    plan.size[ALIKE] = 1 if alike else 0
    return True


@inner
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
        o = after(times, 0, times.size, begin)
        o_end = after(times, o, times.size, begin + length)
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
            b = after(agenda_breaks, first, last, begin)
            clock = _clock(agenda_breaks, first, last, begin)
            n = lay(begin, length, clock, agenda_breaks, b, last, times, o, o_end, cuts, c_end, marks, m_end, raw,
                    lane, n)  # fmt: skip
            if n < 0:
                return False
        count[j, lane] = n - at
        if j == 0:
            plain[0] = -1 if inside else n
    return True


@inner
def keep_step(plan, raw):
    """Let stepping lanes come to every break side by side, by panels of no width before it.

    Else lanes with finer panels would fall behind the others, and every panel would need propagators of its own. Lanes
    that meet unlike breaks go on as they are.
    """
    starts, widths, clocks, laid, most = raw.starts, raw.widths, raw.clocks, raw.laid, raw.spare
    segments = 0
    if plan.size[ALIKE]:
        return
    for lane in range(L):
        if plan.kind[lane] == IDLE:
            continue
        if plan.kind[lane] != STEP:
            return
        segment, count = 0, 0
        for k in range(laid[0, lane] + 1):
            if k == laid[0, lane] or (k > 0 and clocks[lane, k] == 0.0):
                most[segment] = count if segment >= segments else max(most[segment], count)
                segment, count = segment + 1, 0
                if segments == 0 and segment == most.size:
                    return
            count += 1
        if segments not in (0, segment):
            return
        segments = segment
    total = np.int64(most[:segments].sum())
    if total > starts.shape[1]:
        return
    for lane in range(L):
        source, into = laid[0, lane] - 1, total - 1
        if plan.kind[lane] == IDLE or into == source:
            continue
        for segment in range(segments - 1, -1, -1):
            count = 1
            while source - count >= 0 and clocks[lane, source - count + 1] != 0.0:
                count += 1
            end = starts[lane, source] + widths[lane, source]
            for _ in range(np.int64(most[segment]) - count):
                starts[lane, into], widths[lane, into], clocks[lane, into] = end, 0.0, LONGEST
                into -= 1
            for _ in range(count):
                starts[lane, into], widths[lane, into] = starts[lane, source], widths[lane, source]
                clocks[lane, into] = clocks[lane, source]
                into, source = into - 1, source - 1
        laid[0, lane] = total


@inner
def _mixed(plan, table, panel):
    """Return -2 less the number of the mixed row that has the rows of a panel, -1 where there is no room for it."""
    rows, mixed, many = plan.rows, table.mixed, table.many
    for c in range(many[0]):
        same = True
        for lane in range(L):
            same = same and mixed[c, lane] == rows[panel, lane]
        if same:
            return -2 - c
    c = many[0]
    if c == mixed.shape[0]:
        return -1
    for lane in range(L):
        mixed[c, lane] = rows[panel, lane]
    many[0] += 1
    return -2 - c


@inner
def align(plan, raw, table):
    """Put the panels of all lanes side by side, padded with panels of no width; note their rows in the table.

    Returns whether the table has rows for all widths.
    """
    _transpose(plan, raw)
    if table.many[0] == table.mixed.shape[0]:  # make room for those of this window
        _forget_mixed(table)
    for panel in range(plan.size[0] * plan.size[1]):
        if not _one_row(plan, table, panel) and not _rows(plan, table, panel):
            return False
    return True


@inner
def _transpose(plan, raw):
    """Put panels that have been laid lane by lane side by side; note whether those of all samples are the same."""
    kind, samples, starts, widths = plan.kind, plan.samples, plan.starts, plan.widths
    raw_count, raw_starts, raw_widths = raw.laid, raw.starts, raw.widths
    J, K = plan.size[0], plan.size[1]
    plan.size[SAME] = 1
    if plan.size[ALIKE]:
        for k in range(K):
            for lane in range(L):
                starts[k, lane], widths[k, lane] = raw_starts[0, k], raw_widths[0, k]
        return
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
    plan.size[SAME] = 1 if same else 0


@inner
def _one_row(plan, table, panel):
    """Note the row of a panel that is equally wide in all lanes, if they have that width in one row of the table."""
    width, last = plan.widths[panel, 0], table.used[0]
    row = 1
    while row < last and table.widths[row, 0] != width:
        row += 1
    if row >= last:
        return False
    apart = 0
    for lane in range(L):
        apart += (plan.widths[panel, lane] != width) | (table.widths[row, lane] != width)
    if apart:
        return False
    for lane in range(L):
        plan.rows[panel, lane] = row
    plan.padded[panel], plan.place[panel] = 0, row
    return True


@inner
def _rows(plan, table, panel):
    """Note the rows of a panel, new ones where they are wanted; return whether the table has room."""
    widths, used, table_widths = plan.widths, table.used, table.widths
    place, before, narrow = -2, 0, False
    for lane in range(L):
        width, row = widths[panel, lane], 0
        if not width > 0.0:
            narrow = True
        else:
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
                    table.fresh[:, row] = 0
            place = row if place == -2 else (place if place == row else -1)
            before = row
        plan.rows[panel, lane] = row
    plan.padded[panel] = narrow
    plan.place[panel] = before if place != -1 else _mixed(plan, table, panel)
    return True


@inner
def _forget_mixed(table):
    """Start the list of mixed rows afresh."""
    table.many[0] = 0
    table.fresh[:, table.widths.shape[0] :] = 0


@inner
def forget(table):
    """Start the table of widths afresh."""
    fill(table.widths, 0.0)
    for lane in range(L):
        table.used[lane] = 1
    table.fresh[:, :] = 0
    _forget_mixed(table)
