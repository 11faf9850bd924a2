"""What the compiled engine reads: a problem as plain arrays, first what all people share, then a block of people.

Nothing below this file knows a name; nothing above it knows an offset. States, parameters and outputs of one member
stand together, subjects on the last axis.
"""

from typing import NamedTuple

import numpy as np

(
    STATES, MEMBERS, FIRST_STATE, FIRST_PARAMETER, PARAMETERS, FIRST_INPUT, INPUTS, FIRST_ROW, OUTPUTS, COEFFICIENTS,
    EVALUATE, AFFINE, A_MOVES, B_MOVES, STEADY, WHEN, LEVEL, DOSED, FIRST_MEMBER, MASK, THEN, USED, FILLED,
    COLUMNS,
) = range(24)  # fmt: skip
"""Columns of ``Program.stage``."""


class Program(NamedTuple):
    """The model: tables that chain the stages.

    Attributes
    ----------
    stage : ndarray (stages, COLUMNS) of int64
        One row for each stage, columns as named above.
    feed : ndarray (inputs,)
        Row of the board that every input of every member reads.
    sums : ndarray (inputs, 2)
        First term and number of terms of inputs that are sums; 0 terms for a plain read.
    terms : ndarray
        Rows of the board that sums add up.
    acts, reach : ndarray of uint8
        For each stage (n, n) from its MASK on: which states act on which, at once and in the long run.
    used, filled, filters : ndarray of uint8
        For each stage (n s, n s) from its USED on, (n s, n + 1) from its FILLED on and (n, n) from its MASK on: what
        can become nonzero in the elimination of the collocation equations, their right sides and the error's filter.
    felt : ndarray (rows,) of uint8
        Whether an output depends on a state of its own block.
    read : ndarray (rows,) of uint8
        Whether other members read a row of the board.
    heeded : ndarray (states,) of uint8
        Whether anything that other members read depends on a state.
    then : ndarray
        States at onset.
    covariates : ndarray (c, 2)
        Rule (0 previous, 1 next, 2 linear) and row of the board.
    entries : ndarray (e,)
        Rows of the board that hold values at time 0.
    wanted : ndarray (w,)
        Rows of the board to keep.
    counts : ndarray (8,)
        Rows of the board, states, parameters, members, states of the largest block, inputs of the widest, outputs of
        the widest, whether every stage with states is affine.
    """

    stage: np.ndarray
    feed: np.ndarray
    sums: np.ndarray
    terms: np.ndarray
    acts: np.ndarray
    reach: np.ndarray
    used: np.ndarray
    filled: np.ndarray
    filters: np.ndarray
    felt: np.ndarray
    read: np.ndarray
    heeded: np.ndarray
    then: np.ndarray
    covariates: np.ndarray
    entries: np.ndarray
    wanted: np.ndarray
    counts: np.ndarray


class Agenda(NamedTuple):
    """What happens when, for every distinct schedule; ``*_from`` hold where each schedule's rows begin.

    Attributes
    ----------
    break_from, breaks
        Times at which a panel has to end, h.
    event_from, time, order, kind, value, dose, target
        As in ``Actions``.
    slot : ndarray (schedules, targets)
        State that a target is.
    stretch_from, stretch : ndarray (s, 3)
        Begin, period and end of stretches in which everything repeats.
    orbit_from, orbit : ndarray (o, 3)
        Time, period and whether amounts are replaced.
    cycle_from, cycle : ndarray (e, 4)
        For each orbit first the joint doses, then the new ones: time, kind, target, value.
    running_from, running : ndarray (r, 2)
        Likewise: target and rate of what is on when the period begins.
    """

    break_from: np.ndarray
    breaks: np.ndarray
    event_from: np.ndarray
    time: np.ndarray
    order: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    dose: np.ndarray
    target: np.ndarray
    slot: np.ndarray
    stretch_from: np.ndarray
    stretch: np.ndarray
    orbit_from: np.ndarray
    orbit: np.ndarray
    cycle_from: np.ndarray
    cycle: np.ndarray
    running_from: np.ndarray
    running: np.ndarray


class Crowd(NamedTuple):
    """A block of people, n of them, a multiple of the lanes L; (t, .., L) holds tile after tile of L people.

    Attributes
    ----------
    schedule : ndarray (n,)
        Which schedule each is on.
    parameters, x, rest, base, noise : ndarray (t, .., L)
        Parameters; states at time 0 (where people end, after a run); states that a reset leads to; input rate of the
        habitual diet; share of a state that passes for rounding.
    share : ndarray (targets, n)
        Fraction of a dose that arrives.
    taken : ndarray (n, doses) of uint8
        Whether a dose is taken; no columns where all are.
    misses : ndarray (n,) of uint8
        Whether doses of the person's schedule may be missed.
    edges : ndarray (n, e)
        Times at which a window has to end, the horizon last and repeated.
    knots, levels : ndarray (t, c, k, L)
        Covariates: times and values, padded with infinity and the last value.
    entry : ndarray (t, e, L)
        Values at time 0.
    idle : ndarray (t, members, L) of uint8
        Members to which nothing ever happens.
    onset : ndarray (t, members, L)
        -inf where the states of a block with an onset exist at time 0, else inf.
    slowest, quickest : ndarray (n,)
        Slowest and quickest loss rate among the dosed amounts, 1/h; 0 where nothing is dosed.
    """

    schedule: np.ndarray
    parameters: np.ndarray
    x: np.ndarray
    rest: np.ndarray
    base: np.ndarray
    noise: np.ndarray
    share: np.ndarray
    taken: np.ndarray
    misses: np.ndarray
    edges: np.ndarray
    knots: np.ndarray
    levels: np.ndarray
    entry: np.ndarray
    idle: np.ndarray
    onset: np.ndarray
    slowest: np.ndarray
    quickest: np.ndarray


class Tile(NamedTuple):
    """Sixteen subjects: what they are and where they stand. Everything (.., L)."""

    p: np.ndarray
    x: np.ndarray
    r: np.ndarray
    base: np.ndarray
    rest: np.ndarray
    noise: np.ndarray
    peak: np.ndarray
    x_next: np.ndarray
    r_next: np.ndarray
    peak_next: np.ndarray
    idle: np.ndarray
    since: np.ndarray
    entry: np.ndarray
    knots: np.ndarray
    levels: np.ndarray
    kept: np.ndarray
    settled: np.ndarray


class Plan(NamedTuple):
    """The windows of sixteen subjects.

    Attributes
    ----------
    size : ndarray (5,) of int64
        Samples J, panels K, boundary outputs O of the window, whether all samples have the same panels, and samples
        that a first leap is interpolated between.
    left, right : ndarray (L,)
        h.
    kind, periods, samples : ndarray (L,) of int64
        What the lane does; periods of the window; samples.
    schedule, boundaries, base : ndarray (L,) of int64
        Which schedule the lane is on; outputs at boundaries of periods; samples that a leap is interpolated between.
    length : ndarray (L,)
        The period, h.
    nodes : ndarray (J, L)
        Numbers of the sampled periods.
    at : ndarray (O, L)
        Numbers of the periods at whose start an output is wanted; the boundaries.
    known, times : ndarray (3, J + O + 1, L)
        Of samples, boundaries and the end: after how many of their own periods lanes are looked up, -1 for not, and how
        many equal periods lead there. Here and below for members with equal maps, fading ones, and some of each.
    enters : ndarray (3, O, L)
        Who comes behind the own periods at a boundary.
    does : ndarray (3, J + O + 1)
        What is done to get there.
    doublings, own : ndarray (3,), (3, L)
        Powers that make up all numbers of equal periods; periods with maps of their own.
    often, bounds : ndarray (L,)
        Scratch.
    starts, widths : ndarray (J K, L)
        Panels, h.
    rows : ndarray (J K, L)
        Row of each width in the tables.
    place : ndarray (J K,)
        Where the panel's row stands in the table; where lanes have different rows, -2 less the number of a mixed row,
        or -1.
    shown : ndarray (J K,) of uint8
        Whether an output is wanted at the panel's end.
    padded : ndarray (J K,) of uint8
        Whether a lane's panel has no width while others' have.
    fade : ndarray (L,)
        What is left, after a period, of the slowest transient of the doses; 1 where it is over.
    drifts, both, late : ndarray (L,)
        1 where maps depend on time alone, on time and what fades, and there on little of what fades.
    fading, going, step, phi, upper, inverse : ndarray (.., L)
        Scratch of the functions that interpolate.
    lower : ndarray (8, 8, L)
        What turns samples into coefficients.
    psi : ndarray (n, 8, L)
        The functions that the coefficients multiply, at every period.
    iterated : ndarray (L,)
        Periods after which the variable no longer moves.
    swing : ndarray (2, L)
        Sum and largest value of the last interpolation term over the periods, for a unit coefficient.
    ratio : ndarray (J K, L)
        Error estimate of each panel over what is allowed.
    leap_ratio : ndarray (L,)
        Likewise for the interpolation between samples.
    terms : ndarray (8, L)
        Likewise for each of its terms.
    head, tail : ndarray (J K,)
        First and last event of each panel; -1 for none.
    following, kinds, slots, lanes : ndarray (e,)
        Events: the next of the panel, kind, state, lane; -1 for an event of all lanes.
    values : ndarray (e, L)
        Their values; 0 where nothing happens.
    """

    size: np.ndarray
    left: np.ndarray
    right: np.ndarray
    kind: np.ndarray
    periods: np.ndarray
    samples: np.ndarray
    schedule: np.ndarray
    boundaries: np.ndarray
    base: np.ndarray
    length: np.ndarray
    nodes: np.ndarray
    at: np.ndarray
    known: np.ndarray
    times: np.ndarray
    enters: np.ndarray
    does: np.ndarray
    doublings: np.ndarray
    own: np.ndarray
    often: np.ndarray
    bounds: np.ndarray
    starts: np.ndarray
    widths: np.ndarray
    rows: np.ndarray
    place: np.ndarray
    shown: np.ndarray
    padded: np.ndarray
    fade: np.ndarray
    drifts: np.ndarray
    both: np.ndarray
    late: np.ndarray
    fading: np.ndarray
    going: np.ndarray
    step: np.ndarray
    phi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    inverse: np.ndarray
    psi: np.ndarray
    iterated: np.ndarray
    swing: np.ndarray
    ratio: np.ndarray
    leap_ratio: np.ndarray
    terms: np.ndarray
    head: np.ndarray
    tail: np.ndarray
    following: np.ndarray
    kinds: np.ndarray
    slots: np.ndarray
    lanes: np.ndarray
    values: np.ndarray


class Work(NamedTuple):
    """Scratch for one member after the other, and the board on which outputs stand.

    ``board`` holds rows of ``points`` (L,) each; ``meta`` (rows, 4) how to read a row: stride over samples, stride over
    points, place of the boundaries, stride over boundaries. ``scratch`` is handed out from element ``top`` on;
    ``small`` and ``whole`` are numbers of one lane and integers of all. ``read`` (members,): whether other members read
    what one offers.
    """

    board: np.ndarray
    meta: np.ndarray
    reads: np.ndarray
    writes: np.ndarray
    a: np.ndarray
    b: np.ndarray
    keep: np.ndarray
    psi: np.ndarray
    path: np.ndarray
    z: np.ndarray
    bounds: np.ndarray
    g: np.ndarray
    square: np.ndarray
    track: np.ndarray
    newton: np.ndarray
    right: np.ndarray
    scratch: np.ndarray
    top: np.ndarray
    small: np.ndarray
    whole: np.ndarray
    moved: np.ndarray
    placed: np.ndarray
    ends: np.ndarray
    spread: np.ndarray
    total: np.ndarray
    read: np.ndarray
    steps: np.ndarray
    outcome: np.ndarray
    points: np.ndarray  # (2,): of a row of the board; panels there is room for


class Table(NamedTuple):
    """Propagators of one tile.

    ``widths`` (rows, L) met so far, ``used`` (L,) of them; for each member where its rows begin in ``data``, and the
    coefficients (.., L) they are for; ``mine`` (L,): who reads a row. Behind the rows of a member stand those put
    together from lanes' own: ``mixed`` (m, L) says which, ``many`` (1,) how many there are. ``fresh`` (members,
    rows + m): how much of all these is there, nothing, KEEP or HOLD.
    """

    widths: np.ndarray
    used: np.ndarray
    begin: np.ndarray
    data: np.ndarray
    known: np.ndarray
    a: np.ndarray
    mine: np.ndarray
    mixed: np.ndarray
    many: np.ndarray
    fresh: np.ndarray


class Lanes(NamedTuple):
    """Where each lane stands and what it has learned. All (L,) but marks and cuts (L, most)."""

    time: np.ndarray
    edge: np.ndarray
    settled: np.ndarray
    reach: np.ndarray
    hold: np.ndarray
    tries: np.ndarray
    anchored: np.ndarray
    finished: np.ndarray
    marks: np.ndarray
    many_marks: np.ndarray
    cuts: np.ndarray
    many_cuts: np.ndarray
    orbit: np.ndarray
    pending: np.ndarray
    lasting: np.ndarray
    refused: np.ndarray
    base: np.ndarray
    span: np.ndarray


class Raw(NamedTuple):
    """Panels of one lane as they are laid, before all lanes are put side by side."""

    starts: np.ndarray
    widths: np.ndarray
    clocks: np.ndarray
    laid: np.ndarray
    plain: np.ndarray
    spare: np.ndarray
