"""Compiled reading and writing of the board on which members leave their outputs for one another."""

from numba import njit

from menaquinone.solve._algebra import OPTIONS, L
from menaquinone.solve._kinds import PT
from menaquinone.solve._pointers import invoke7
from menaquinone.solve._records import address
from menaquinone.solve._vectors import add, load, store
from menaquinone.solve.program import (
    EVALUATE,
    FIRST_INPUT,
    FIRST_PARAMETER,
    FIRST_ROW,
    INPUTS,
    OUTPUTS,
    PARAMETERS,
    STATES,
)


@njit(**OPTIONS)
def gather(program, plan, work, first, count):
    """Fill the reads of a member from the board; return whether anything moves over samples and over points."""
    reads, meta, feed, sums = work.reads, work.meta, program.feed, program.sums
    over_samples, over_points = False, False
    points = work.points[0]
    for u in range(count):
        row = feed[first + u]
        if sums[first + u, 1] > 0:
            _add_up(program, plan, work, first + u, row)
        reads[u, 0] = row * points * L
        reads[u, 1] = meta[row, 0]
        reads[u, 2] = meta[row, 1]
        over_samples = over_samples or meta[row, 0] > 0
        over_points = over_points or meta[row, 1] > 0
    return over_samples, over_points


@njit(**OPTIONS)
def settle_meta(plan, work, row, over_samples, over_points):
    """Note how a row is laid out; return whether its boundaries have to be written."""
    meta = work.meta
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    meta[row, 0] = (Q if over_points else 1) * L if over_samples else 0
    meta[row, 1] = L if over_points else 0
    if over_samples:
        meta[row, 2] = J * Q * L
        meta[row, 3] = L
    else:  # the same in every period: at its boundary as at its end
        meta[row, 2] = (Q - 1) * L if over_points else 0
        meta[row, 3] = 0
    return over_samples and O > 0


@njit(**OPTIONS)
def _add_up(program, plan, work, place, row):
    meta, points, terms = work.meta, work.points, program.terms
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    first, count = program.sums[place, 0], program.sums[place, 1]
    over_samples, over_points = False, False
    for term in range(first, first + count):
        other = terms[term]
        over_samples = over_samples or meta[other, 0] > 0
        over_points = over_points or meta[other, 1] > 0
    boundaries = settle_meta(plan, work, row, over_samples, over_points)
    board = work.board
    base = row * points[0] * L
    for term in range(first, first + count):
        other = terms[term]
        source, by_sample, by_point = other * points[0] * L, meta[other, 0], meta[other, 1]
        for j in range(J if over_samples else 1):
            for q in range(Q if over_points else 1):
                into = base + j * meta[row, 0] + q * meta[row, 1]
                read = source + j * by_sample + q * by_point
                value = load(board, read)
                store(board, into, value if term == first else add(load(board, into), value))
        if boundaries:
            for o in range(O):
                into = base + meta[row, 2] + o * L
                read = source + meta[other, 2] + o * meta[other, 3]
                value = load(board, read)
                store(board, into, value if term == first else add(load(board, into), value))


@njit(**OPTIONS)
def publish(program, plan, work, p, stage, member, over_samples, over_points, x_samples, x_points, count):
    """Evaluate a member's outputs on its path, and at the boundaries of periods."""
    writes, meta, reads, board = work.writes, work.meta, work.reads, work.board
    path, bounds, z, feed = work.path, work.bounds, work.z, program.feed
    felt = program.felt
    columns = program.stage[stage]
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    points = work.points[0]
    first = columns[FIRST_ROW] + member * columns[OUTPUTS]
    by_sample, by_point = over_samples or x_samples, over_points or x_points
    for o in range(columns[OUTPUTS]):
        row = first + o
        settle_meta(plan, work, row, by_sample, by_point)
        writes[o, 0] = row * points * L
        writes[o, 1], writes[o, 2] = meta[row, 0], meta[row, 1]
    where = p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke7(
        columns[EVALUATE], address(where), address(reads), address(board),
        J if by_sample else 1, K * PT if by_point else 1, address(path), address(writes),
    )  # fmt: skip
    if by_sample and O > 0:
        base = columns[FIRST_INPUT] + member * columns[INPUTS]
        for u in range(count):
            row = feed[base + u]
            reads[u, 0] = row * points * L + meta[row, 2]
            reads[u, 1], reads[u, 2] = 0, meta[row, 3]
        for o in range(columns[OUTPUTS]):
            writes[o, 0] += meta[first + o, 2]
            writes[o, 1], writes[o, 2] = 0, L
        n = columns[STATES]
        for o in range(O):
            for i in range(n):
                for lane in range(L):
                    bounds[(o * n + i) * L + lane] = z[J + o, i, lane]
        invoke7(
            columns[EVALUATE], address(where), address(reads), address(board),
            1, O, address(bounds), address(writes),
        )  # fmt: skip
    for o in range(columns[OUTPUTS]):
        row = first + o
        if not felt[row] and not over_samples and by_sample:  # equal over samples although the state is not
            meta[row, 0], meta[row, 3] = 0, 0
