"""Compiled judgement of windows: accepted, refined, shortened or given up; onsets found; outputs copied."""

import numpy as np

from menaquinone.solve._algebra import L, S
from menaquinone.solve._compiled import inner
from menaquinone.solve._grid import after, insert
from menaquinone.solve._kinds import FIRST_BASE, LEAP, LEAST_LEAP, LONGEST, MOST_BASE, MOST_TRIES, NEVER, PT, STEP, TINY
from menaquinone.solve._onsets import forget_onsets, look_for_onsets
from menaquinone.solve._vectors import expect, load, store
from menaquinone.solve._windows import dense
from menaquinone.solve.tableau import LEAST

_MOST_STEPS = 16
"""Periods stepped before a leap is tried again."""
_MOST_PANELS = 4096
"""A lane that asks for more panels than this in a window has no solution to be found."""
_LEAST_BASE, _SPARE = 3, 0.3
"""Samples of a leap at least; terms below this share of what is allowed show that fewer would do."""
_MOST_PARTS, _POWER = 4.0, 6.0
"""Parts that a panel is cut into at once, at most, and how fast estimates fall with the width of a panel."""
_AHEAD = 24
"""Rows of a result that are fetched before they are written: each is far from the others."""


@inner
def _marked(marks, many, at):
    place = after(marks, 0, many, at + 1e-6)
    return place > 0 and abs(marks[place - 1] - at) <= 1e-6


@inner
def refine(plan, state, raw, lane):
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
                        many_marks[lane] = insert(marks[lane], many_marks[lane], inside)
                    else:
                        inside = np.rint((raw_starts[lane, at + k] - begin + step) * 1e9) / 1e9
                        many_cuts[lane] = insert(cuts[lane], many_cuts[lane], inside)
                if not np.isfinite(ratio):
                    return  # what lies behind says nothing
        at += count[j, lane]


@inner
def _panel_at(plan, lane, at):
    """Return the panel of a lane's window in which a time lies: of a leap, in the sample of its period."""
    starts, widths, K = plan.starts, plan.widths, plan.size[1]
    j, k = 0, 0
    if plan.kind[lane] == LEAP:
        number = np.int64(np.floor((at - plan.left[lane]) / plan.length[lane] + 1e-9))
        while plan.nodes[j, lane] != number:
            j += 1
    while k < K - 1 and starts[j * K + k, lane] + widths[j * K + k, lane] < at - 2 * TINY:
        k += 1
    return j * K + k


@inner
def show(plan, times):
    """Mark the panels at whose end an output is wanted; at boundaries of a leap's periods outputs stand elsewhere."""
    left, K = plan.left, plan.size[1]
    for panel in range(plan.size[0] * K):
        plan.shown[panel] = 0
    if plan.size[2] > 0:  # what is the same in every period is at its boundaries as at its end
        plan.shown[K - 1] = 1
    for lane in range(L):
        leaping, boundary = plan.kind[lane] == LEAP, 0
        if not leaping and plan.kind[lane] != STEP:
            continue
        o = after(times, 0, times.size, left[lane])
        while o < times.size and times[o] <= plan.right[lane] + TINY:
            at = times[o]
            o += 1
            if leaping and boundary < plan.boundaries[lane]:
                here = left[lane] + plan.at[boundary, lane] * plan.length[lane]
                if abs(at - here) <= TINY:
                    boundary += 1
                    continue
            panel = _panel_at(plan, lane, at)
            plan.shown[panel] = plan.shown[panel % K] = 1  # the first sample's stands for all where all are equal


@inner
def capture(plan, times, lane, until, noted):
    """Note where the outputs of one lane stand at all output times of its window, up to ``until``.

    noted (times + 2, L): twice the number of a panel, or twice that of a boundary and 1; -1 for nothing. The last two
    rows: the first output time of which something is noted, and the one behind the last.
    """
    left, boundaries, kind, plan_at, length = plan.left, plan.boundaries, plan.kind, plan.at, plan.length
    o = after(times, 0, times.size, left[lane])
    boundary = 0
    while o < times.size and times[o] <= min(plan.right[lane], until) + TINY:
        at = times[o]
        on_boundary = boundary < boundaries[lane] and kind[lane] == LEAP
        if on_boundary:
            on_boundary = abs(at - left[lane] - plan_at[boundary, lane] * length[lane]) <= TINY
        noted[o, lane] = 2 * boundary + 1 if on_boundary else 2 * _panel_at(plan, lane, at)
        noted[times.size, lane] = min(noted[times.size, lane], o)
        boundary += on_boundary
        o += 1
        noted[times.size + 1, lane] = o


@inner
def take(program, plan, work, noted, found):
    """Copy the outputs that have been noted to found (times x wanted x L) and forget the notes.

    Windows of most tiles end together, so that most outputs stand side by side.
    """
    meta, board, wanted = work.meta, work.board, program.wanted
    K, points, many = plan.size[1], work.points[0], noted.shape[0] - 2
    begin, end = many, 0
    for lane in range(L):
        begin, end = min(begin, noted[many, lane]), max(end, noted[many + 1, lane])
        noted[many, lane], noted[many + 1, lane] = many, 0
    for o in range(begin, end):
        together = True
        for lane in range(1, L):
            together = together and noted[o, lane] == noted[o, 0]
        for lane in range(1 if together else L):
            place = noted[o, lane]
            if place < 0:
                continue
            on_boundary, number = place % 2 != 0, place // 2
            sample, point = number // K, number % K * PT + S
            for w in range(wanted.size):
                row = wanted[w]
                at = row * points * L
                if on_boundary:
                    at += meta[row, 2] + number * meta[row, 3]
                else:
                    at += sample * meta[row, 0] + point * meta[row, 1]
                if together:
                    store(found, (o * wanted.size + w) * L, load(board, at))
                else:
                    found[(o * wanted.size + w) * L + lane] = board[at + lane]
        for lane in range(L):
            noted[o, lane] = -1


@inner
def deliver(found, whole, rows, places, first):
    """Copy what is found of sixteen people (times x wanted x L) to the columns of the whole where the result has them.

    rows (wanted, 2): row of the whole at the first time, and rows from time to time; places (n,): a column for each
    person, from the one in lane 0 on. Lanes behind the last person repeat that person and go nowhere.
    """
    count = min(L, places.size - first)
    adjacent = count == L
    for lane in range(1, count):
        adjacent = adjacent and places[first + lane] == places[first] + lane
    wanted, wide = rows.shape[0], whole.shape[1]
    many, ahead = found.size // max(wanted * L, 1), _AHEAD // max(wanted, 1) + 1
    for o in range(many):
        for w in range(wanted):
            row, at = rows[w, 0] + o * rows[w, 1], o * wanted + w
            if adjacent:
                place = places[first]
                if o + ahead < many:
                    expect(whole, (row + ahead * rows[w, 1]) * wide + place)
                store(whole, row * wide + place, load(found, at * L))
            else:
                for lane in range(count):
                    whole[row, places[first + lane]] = found[at * L + lane]


@inner
def _base_after(plan, state, lane):
    """Return how many samples the next leap may begin with, from the terms that were needed in this one."""
    many, terms = plan.base[lane], plan.terms
    state.span[lane] = max(state.span[lane], plan.periods[lane])
    longer = state.span[lane] / plan.periods[lane]  # the next leap may be as long as the longest was
    while many > _LEAST_BASE:
        last = many - 2
        if terms[last, lane] * _credit(terms, last, lane) * longer ** (many - 1) > _SPARE:
            break
        many -= 1
    return _base_from(many)


@inner
def _credit(terms, last, lane):
    """Return what falling terms are credited where one of them is the last in use."""
    if last < _LEAST_BASE:
        return 1.0
    share = max(terms[last, lane] / terms[last - 1, lane], terms[last - 1, lane] / terms[last - 2, lane])
    return max(min(share, 1.0), LEAST)


@inner
def _base_beyond(plan, lane):
    """Return how many samples to try after too few, from how fast the terms fall: one more at least."""
    many, terms = plan.base[lane], plan.terms
    last, fall = terms[many - 1, lane], terms[many - 1, lane] / terms[many - 2, lane]
    if not fall < 1.0:
        return MOST_BASE
    many, last = many + 1, last * fall
    while many < MOST_BASE and last > _SPARE:
        last *= fall
        many += 1
    return _base_from(many)


@inner
def _base_from(many):
    """Return a number of samples that there is an order for."""
    return many if many < MOST_BASE - 1 else MOST_BASE


@inner
def accept(agenda, edges, plan, tile, state, leaps, lane):
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
        refused[lane], hold[lane] = 0, -min(hold[lane], 0)
        state.base[lane] = _base_after(plan, state, lane)
    elif hold[lane] > 0:
        hold[lane] = 0
        reach[lane] = max(reach[lane], 2 * LEAST_LEAP)
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
            and (reach[lane] == 0 and right - begin >= (dense(leaps) - 0.5) * stretch[q, 1])
        ):
            reach[lane] = NEVER
    if began:
        reach[lane], anchored[lane], state.span[lane] = 0, 0, 0
        state.base[lane] = plan.size[FIRST_BASE]
    if edges[edge[lane]] <= right + TINY:
        right = edges[edge[lane]]
        anchored[lane] = 0
    state.time[lane], state.tries[lane], state.many_cuts[lane], state.settled[lane] = right, 0, 0, 0


@inner
def _leap_refused(plan, state, lane, lost):
    """Shorten a lane's leap, or have a few periods stepped first, which makes a transient smaller."""
    hold = state.hold
    hold[lane] = max(hold[lane], 0)
    ratio = plan.leap_ratio[lane]
    usable = np.isfinite(ratio) and not lost
    if plan.base[lane] < MOST_BASE:
        state.base[lane], state.many_cuts[lane] = _base_beyond(plan, lane) if usable else MOST_BASE, 0
        return
    state.many_cuts[lane], state.refused[lane] = 0, state.refused[lane] + 1
    fade = 1.0 - plan.fade[lane]  # lost by the transient in a period
    if usable and state.refused[lane] == 1 and 0.05 < fade < 1.0 and plan.fade[lane] ** plan.periods[lane] < 0.5:
        steps = np.int64(np.ceil(np.log(2.0 * ratio) / (MOST_BASE - 1) / -np.log(1.0 - fade)))
        if steps <= _MOST_STEPS:
            hold[lane] = max(steps, 1)
            return
    shrink = min(max(0.9 * ratio ** (-1.0 / MOST_BASE), 0.1), 0.6) if usable else 0.2
    state.reach[lane] = np.int64(plan.periods[lane] * shrink)
    hold[lane] = 3 if state.reach[lane] < LEAST_LEAP else 0


@inner
def decide(program, plan, tile, state, work, raw, times, lane, suspect, adaptive, noted, outcome):
    """Return whether to accept a lane's window; else it is noted how to try again, or that the lane has failed.

    suspect: whether the estimate of any panel is beyond what is allowed. outcome (2, L) gets the status and the time of
    a failure.
    """
    plan_ratio, starts, tries, hold = plan.ratio, plan.starts, state.tries, state.hold
    many_cuts, finished, count = state.many_cuts, state.finished, raw.laid
    K = plan.size[1]
    bad, lost, where, panels = False, False, 0, 0
    for j in range(plan.samples[lane] if suspect else 0):
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
        return not look_for_onsets(program, plan, tile, state, work, lane, raw)
    if not leaping and tries[lane] == 0:
        forget_onsets(plan, tile, lane)
    tries[lane] += 1
    if leaping and tries[lane] > MOST_TRIES:
        tries[lane], hold[lane], many_cuts[lane] = 0, 3, 0
    elif not leaping and (tries[lane] >= (MOST_TRIES if adaptive else 1) or panels > _MOST_PANELS):
        ratio = plan_ratio[where, lane]
        outcome[0, lane], outcome[1, lane] = 1.0 if np.isfinite(ratio) else 2.0, starts[where, lane]
        capture(plan, times, lane, starts[where, lane], noted)
        finished[lane] = 1
    else:
        refine(plan, state, raw, lane)
    return False
