"""Compiled events and covariates of a window."""

import numpy as np

from menaquinone.solve._algebra import L, rows_of
from menaquinone.solve._compiled import inner
from menaquinone.solve._grid import after
from menaquinone.solve._kinds import ALIKE, CLOSE, IDLE, PT, START, STEP, TINY
from menaquinone.solve._vectors import fma, load, splat, store, sub
from menaquinone.solve.tableau import POINTS


@inner
def _note(plan, panel, kind, slot, lane, value, e):
    if lane >= 0:
        plan.values[e, lane] = value
    following, head, tail = plan.following, plan.head, plan.tail
    following[e], plan.kinds[e], plan.slots[e], plan.lanes[e] = -1, kind, slot, lane
    if head[panel] < 0:
        head[panel] = e
    else:
        following[tail[panel]] = e
    tail[panel] = e


@inner
def _gather_alike(agenda, crowd, plan, state, first):
    """Do what ``gather_events`` does where all lanes step side by side: an event of all is one."""
    which, begin, end, K = plan.schedule[0], plan.left[0], plan.right[0], plan.size[1]
    time, order, taken, values, settled = agenda.time, agenda.order, crowd.taken, plan.values, state.settled
    at = after(time, agenda.event_from[which], agenda.event_from[which + 1], begin - 2 * TINY)
    k, e, room = 0, 0, plan.kinds.size
    while at < agenda.event_from[which + 1] and time[at] < end - TINY:
        while k < K - 1 and plan.starts[k, 0] < time[at] - TINY:
            k += 1
        target, kind, dose = agenda.target[at], agenda.kind[at], agenda.dose[at]
        slot = agenda.slot[which, target] if target >= 0 else -1
        early = order[at] != START and time[at] <= begin + TINY
        for lane in range(L):
            skip = early and settled[lane] != 0
            if taken.shape[1] > 0 and dose >= 0:
                skip = skip or taken[first + lane, dose] == 0
            value = agenda.value[at] * crowd.share[target, first + lane] if target >= 0 else 0.0
            if kind == 2:
                if not skip:
                    if e < room:
                        _note(plan, k, kind, slot, lane, value, e)
                    e += 1
            elif e < room:
                values[e, lane] = 0.0 if skip else value
        if kind != 2:
            if e < room:
                _note(plan, k, kind, slot, -1, 0.0, e)
            e += 1
        at += 1
    return e


@inner
def gather_events(agenda, crowd, plan, state, first):
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
    if plan.size[ALIKE]:
        return _gather_alike(agenda, crowd, plan, state, first)
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
                at = after(time, begin_event, end_event, begin - 2 * TINY)
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


@inner
def _still(work, row):
    meta = work.meta
    for k in range(4):
        meta[row, k] = 0


@inner
def lay_covariates(program, plan, tile, work):
    """Write covariates and values at time 0 to their rows of the board."""
    left, entry, board, points = plan.left, tile.entry, work.board, work.points
    entries, covariates = program.entries, program.covariates
    for e in range(entries.size):
        row = entries[e]
        _still(work, row)
        for lane in range(L):
            board[row * points[0] * L + lane] = entry[e, lane]
    for c in range(covariates.shape[0]):
        rule, row = covariates[c, 0], covariates[c, 1]
        knots, levels = tile.knots[c], tile.levels[c]
        if rule == 2:
            _lay_line(plan, work, row, knots, levels)
            continue
        _still(work, row)
        for lane in range(L):
            place = 0
            while place + 1 < knots.shape[0] and knots[place + 1, lane] <= left[lane] + TINY:
                place += 1
            if rule == 1 and place + 1 < knots.shape[0]:
                place += 1
            board[row * points[0] * L + lane] = levels[place, lane]


@inner
def _lay_line(plan, work, row, knots, levels):
    """Write a covariate that goes straight from knot to knot: windows end at knots."""
    meta, board, base, J, K = work.meta, work.board, row * work.points[0] * L, plan.size[0], plan.size[1]
    meta[row, 0], meta[row, 1] = K * PT * L, L
    meta[row, 2], meta[row, 3] = J * K * PT * L, L
    work.top[0] = 0
    line = rows_of(work, 5)  # knot, level there, slope, hours, hours of a panel
    for lane in range(L):
        left, place = plan.left[lane], 0
        while place + 2 < knots.shape[0] and knots[place + 1, lane] <= left + TINY and knots[place + 2, lane] < np.inf:
            place += 1
        line[0, lane], line[1, lane] = knots[place, lane], levels[place, lane]
        line[2, lane] = (levels[place + 1, lane] - levels[place, lane]) / (knots[place + 1, lane] - knots[place, lane])
    knot, level, slope = load(line, 0), load(line, L), load(line, 2 * L)
    for panel in range(J * K):
        for lane in range(L):
            stands = plan.kind[lane] == CLOSE
            line[3, lane] = plan.left[lane] if stands else plan.starts[panel, lane]
            line[4, lane] = 0.0 if stands else plan.widths[panel, lane]
        start, width = sub(load(line, 3 * L), knot), load(line, 4 * L)
        for point in range(PT):
            at = fma(width, splat(POINTS[point]), start)
            store(board, base + (panel * PT + point) * L, fma(at, slope, level))
    for o in range(plan.size[2]):
        for lane in range(L):
            periods = plan.at[o, lane] if o < plan.boundaries[lane] else 0
            line[3, lane] = plan.left[lane] + periods * plan.length[lane]
        at = sub(load(line, 3 * L), knot)
        store(board, base + (J * K * PT + o) * L, fma(at, slope, level))
