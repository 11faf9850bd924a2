"""Compiled search for the periodic orbit of doses that have gone on for long."""

import numpy as np

from menaquinone.solve._algebra import L, copy
from menaquinone.solve._compiled import inner
from menaquinone.solve._control import refine
from menaquinone.solve._grid import after
from menaquinone.solve._kinds import CLOSE, MOST_TRIES, RESET, START, TINY
from menaquinone.solve.program import DOSED, FIRST_STATE, MEMBERS, STATES, STEADY


@inner
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


@inner
def open_orbits(program, agenda, crowd, plan, tile, state, first):
    """Begin with the lanes that wait for a steady state: what ends there ends, what is reset is reset."""
    schedule, pending, time, agenda_time = plan.schedule, state.pending, state.time, agenda.time
    event_from, order = agenda.event_from, agenda.order
    for lane in range(L):
        if pending[lane] < 0:
            continue
        which = schedule[lane]
        at = after(agenda_time, event_from[which], event_from[which + 1], time[lane] - 2 * TINY)
        while at < event_from[which + 1] and agenda_time[at] <= time[lane] + TINY:
            if order[at] != START:
                _act(program, agenda, crowd, tile, which, lane, first + lane, at)
            at += 1
    copy(tile.kept, tile.r)


@inner
def seek_orbits(agenda, crowd, plan, tile, state, first, turn):
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


@inner
def judge_orbits(plan, state, raw, adaptive, outcome):
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
        lost = leap_ratio[lane] > 0.0  # there is none, unless panels were too wide to see it
        if lost or (bad and adaptive):
            tries[lane] += 1
            if not (bad and adaptive) or tries[lane] >= MOST_TRIES:
                outcome[0, lane], outcome[1, lane] = 1.0, time[lane]
            else:
                refine(plan, state, raw, lane)
                again = True
    return again


@inner
def put_on_orbits(program, agenda, tile, state, outcome):
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
