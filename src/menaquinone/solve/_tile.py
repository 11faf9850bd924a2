"""Compiled driver of the cascade: sixteen subjects on their way through time, each with its own windows and panels."""

import numpy as np

from menaquinone.solve._algebra import BEGINS, L, copy, fill, zeros_of
from menaquinone.solve._compiled import inner, whole
from menaquinone.solve._control import accept, capture, decide, deliver, show, take
from menaquinone.solve._events import gather_events, lay_covariates
from menaquinone.solve._grid import align, forget, keep_step, lay_lanes
from menaquinone.solve._kinds import EVENTS, FIRST_BASE, IDLE, LEAP, MOST_BASE, PANELS, RAW, ROWS, TINY
from menaquinone.solve._onsets import begin
from menaquinone.solve._records import claim, invoke_march, refer
from menaquinone.solve._steady import judge_orbits, open_orbits, put_on_orbits, seek_orbits
from menaquinone.solve._vectors import largest, load, store
from menaquinone.solve._windows import choose, part, tabulate_leaps
from menaquinone.solve.marks import QUICK
from menaquinone.solve.program import MEMBERS, Tile


@inner
def _sweep(address, program, plan, tile, state, raw, table, work, settings):
    """March every stage once."""
    leap_ratio, J, K = plan.leap_ratio, plan.size[0], plan.size[1]
    fill(plan.ratio[: J * K], 0.0)
    fill(plan.terms, 0.0)
    for lane in range(L):
        leap_ratio[lane] = 0.0
    lay_covariates(program, plan, tile, work)
    begins = work.whole[BEGINS]
    for stage in range(program.stage.shape[0]):
        for member in range(program.stage[stage, MEMBERS]):
            begin(program, plan, tile, state, work, raw, stage, member, begins)
            invoke_march(address, program, plan, tile, table, work, stage, member, settings[0], settings[1], begins)


@inner
def _prepare(agenda, crowd, plan, table, work, state, raw, times, first, need):
    """Lay the panels of the chosen windows and note what happens in them; need (2,) says which array is too small."""
    samples, kind, boundaries, widths = plan.samples, plan.kind, plan.boundaries, table.widths
    count = raw.laid
    J, O = 1, 0
    for lane in range(L):
        J = max(J, samples[lane])
        if kind[lane] == LEAP:
            O = max(O, boundaries[lane])
    if not lay_lanes(agenda, plan, state, times, raw):
        need[0], need[1] = RAW, 2 * raw.starts.shape[1]
        return False
    keep_step(plan, raw)
    K = 1
    for lane in range(L):
        if kind[lane] != IDLE:
            for j in range(samples[lane]):
                K = max(K, count[j, lane])
    plan.size[0], plan.size[1], plan.size[2] = J, K, O
    if work.points[1] < J * K:
        need[0], need[1] = PANELS, 2 * J * K
        return False
    if not align(plan, raw, table):
        forget(table)
        if not align(plan, raw, table):
            need[0], need[1] = ROWS, 2 * widths.shape[0]
            return False
    tabulate_leaps(plan)
    show(plan, times)
    events = gather_events(agenda, crowd, plan, state, first)
    if events > plan.kinds.size:
        need[0], need[1] = EVENTS, 2 * events
        return False
    return True


@inner
def _people(crowd, space, since, number):
    """Return sixteen people."""
    return Tile(
        crowd.parameters[number], space[0], space[1], crowd.base[number], crowd.rest[number], crowd.noise[number],
        space[2], space[3], space[4], space[5], crowd.idle[number], since, crowd.entry[number], crowd.knots[number],
        crowd.levels[number], space[6], space[7],
    )  # fmt: skip


@inner
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
        time[lane], many_marks[lane], pending[lane] = 0.0, 0, -1
        # also read where a steady state is sought before the first window is chosen
        refused[lane], state.lasting[lane] = 0, 0
        edge[lane], settled[lane], reach[lane], hold[lane] = 0, 0, 0, 0
        state.base[lane], plan.base[lane], state.span[lane] = plan.size[FIRST_BASE], MOST_BASE, 0
        tries[lane], anchored[lane], finished[lane], many_cuts[lane] = 0, 0, 0, 0
        quick = 1 if crowd.quickest[number * L + lane] >= QUICK else 0
        while many_marks[lane] < marks.shape[1] and marks[quick, many_marks[lane]] < np.inf:
            state_marks[lane, many_marks[lane]] = marks[quick, many_marks[lane]]
            many_marks[lane] += 1


@inner
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
                may = 0 if crowd.misses[first + lane] != 0 else leaps
                choose(agenda, crowd, plan, state, times, first + lane, lane, settings, may)
        part(plan, state)
    return going, waiting


@inner
def _found(program, agenda, plan, tile, state, raw, turn, adaptive, outcome):
    """Take what a sweep has found of periodic orbits; return the turn that follows, -1 behind the last."""
    if turn == 0:
        if judge_orbits(plan, state, raw, adaptive, outcome):
            return 0
        copy(tile.settled, tile.x_next)
        for lane in range(L):  # others may be about to try again
            if state.pending[lane] >= 0:
                state.many_cuts[lane] = 0
        return 1
    copy(tile.r, tile.kept)
    put_on_orbits(program, agenda, tile, state, outcome)
    return -1


@inner
def _judge(program, agenda, crowd, plan, tile, state, work, raw, times, first, adaptive, leaps, noted, outcome,
           statistics):  # fmt: skip
    """Let lanes go on whose windows hold, and note how the others try again."""
    work.top[0] = 0
    worst = zeros_of(work, 1)
    for panel in range(plan.size[0] * plan.size[1]):
        store(worst, 0, largest(load(worst, 0), load(plan.ratio, panel * L)))
    for lane in range(L):
        if plan.kind[lane] != IDLE:
            leap = plan.kind[lane] == LEAP
            statistics[4] += leap
            bad = not worst[0, lane] <= 1.0
            if decide(program, plan, tile, state, work, raw, times, lane, bad, adaptive, noted, outcome):
                capture(plan, times, lane, np.inf, noted)
                accept(agenda, crowd.edges[first + lane], plan, tile, state, leaps, lane)
                statistics[0] += 1
                statistics[3] += leap


@whole
def run(march, program_, agenda_, crowd_, times, settings, switches, marks, plan_, state_, raw_, work_, table_, space,
        since, counted, number, noted, found, whole, rows, places, status, failed_at, statistics, stop,
        need):  # fmt: skip
    """Take people from time 0 to the horizon, sixteen at a time, as long as there are tiles that no thread has taken.

    march: address of the compiled march of a member. counted (2,): how many tiles have been taken and how many have
    been solved, by whomever; number: the tile to begin with, -1 for the next that nobody has taken. settings:
    tolerance, horizon for memory, longest window, horizon;
    switches: adaptive, leaps, samples of a first leap. noted (times + 2, L) and found (times x wanted x L): scratch of
    ``capture`` and ``take``, from which outputs go to the whole as ``deliver`` says. status and failed_at (n,) receive
    what they are called after; statistics (7,) counts windows, sweeps, panels, leaps, leaps tried, people and, of the
    panels, those of leaps; stop (1,): anything but 0 ends the run early; need (2,): which array is too small for the
    tile whose number is returned, and what it should hold.
    """
    program, agenda, crowd, plan = refer(program_), refer(agenda_), refer(crowd_), refer(plan_)
    state, raw, work, table = refer(state_), refer(raw_), refer(work_), refer(table_)
    adaptive, leaps = switches[0] != 0, 0
    if switches[1] != 0 and program.counts[7] != 0:
        leaps = 1
        for c in range(program.covariates.shape[0]):  # 2: something goes on changing for good
            leaps = 2 if program.covariates[c, 0] == 2 else leaps
    outcome = work.outcome
    plan.size[FIRST_BASE] = switches[2]
    while stop[0] == 0:
        if number < 0:
            number = claim(counted, 0)
        if number * L >= crowd.schedule.size:
            break
        first = number * L
        tile = refer(_people(crowd, space, since, number))
        _enter(crowd, plan, state, tile, marks, number)
        forget(table)
        fill(outcome, 0.0)
        for place in range(found.size):
            found[place] = np.nan  # it stays missing behind a failure
        turn = -1
        while stop[0] == 0:
            going, waiting = _look_around(agenda, crowd, plan, state, times, first, turn, settings, leaps)
            if not going:
                break
            if waiting:
                if turn < 0:
                    open_orbits(program, agenda, crowd, plan, tile, state, first)
                    turn = 0
                seek_orbits(agenda, crowd, plan, tile, state, first, turn)
            if not _prepare(agenda, crowd, plan, table, work, state, raw, times, first, need):
                return number
            _sweep(march, program, plan, tile, state, raw, table, work, settings)
            statistics[1] += 1
            statistics[2] += plan.size[0] * plan.size[1]
            for lane in range(L):
                if plan.kind[lane] == LEAP:
                    statistics[6] += plan.size[0] * plan.size[1]
                    break
            if waiting:
                turn = _found(program, agenda, plan, tile, state, raw, turn, adaptive, outcome)
                continue
            _judge(program, agenda, crowd, plan, tile, state, work, raw, times, first, adaptive, leaps, noted, outcome,
                   statistics)  # fmt: skip
            take(program, plan, work, noted, found)
        for lane in range(L):
            status[first + lane] = np.int64(outcome[0, lane])
            failed_at[first + lane] = outcome[1, lane] if outcome[0, lane] > 0 else np.nan
        deliver(found, whole, rows, places, first)
        copy(crowd.x[number], tile.x)  # not read again: where they end
        copy(crowd.onset[number], tile.since)
        statistics[5] += L
        claim(counted, 1)
        number = -1
    return number
