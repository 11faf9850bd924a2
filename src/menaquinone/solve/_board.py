"""Compiled reading and writing of the board on which members leave their outputs for one another."""

from menaquinone.solve._algebra import L, move
from menaquinone.solve._compiled import inner
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


@inner
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


@inner
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


@inner
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


@inner
def move_on(work, count, j, k):
    """Note in ``moved`` where the reads of a member begin in one panel of one sample."""
    reads, moved = work.reads, work.moved
    for u in range(count):
        moved[u, 0] = reads[u, 0] + j * reads[u, 1] + k * PT * reads[u, 2]
        moved[u, 1], moved[u, 2] = reads[u, 1], reads[u, 2]


@inner
def lay_rows(program, plan, work, stage, member, by_sample, by_point):
    """Note how the rows that a member writes are laid out, and where they begin."""
    writes, meta, columns = work.writes, work.meta, program.stage[stage]
    first = columns[FIRST_ROW] + member * columns[OUTPUTS]
    for o in range(columns[OUTPUTS]):
        row = first + o
        settle_meta(plan, work, row, by_sample, by_point)
        writes[o, 0] = row * work.points[0] * L
        writes[o, 1], writes[o, 2] = meta[row, 0], meta[row, 1]


@inner
def offer(program, tile, work, stage, member, j, k, shown):
    """Evaluate a member's outputs on its path through one panel, whose rows have been laid.

    What nobody reads or looks at goes to the row's first point, where nothing is ever taken from.
    """
    columns, writes, placed = program.stage[stage], work.writes, work.placed
    first = columns[FIRST_ROW] + member * columns[OUTPUTS]
    move_on(work, columns[INPUTS], j, k)
    for o in range(columns[OUTPUTS]):
        placed[o, 0] = writes[o, 0] + j * writes[o, 1] + k * PT * writes[o, 2]
        placed[o, 1], placed[o, 2] = writes[o, 1], writes[o, 2]
        if writes[o, 2] > 0 and not shown and not program.read[first + o]:
            placed[o, 0], placed[o, 1], placed[o, 2] = writes[o, 0], 0, 0
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke7(
        columns[EVALUATE], address(p), address(work.moved), address(work.board), 1, PT, address(work.path),
        address(placed),
    )  # fmt: skip


@inner
def close_rows(program, plan, tile, work, stage, member, over_samples, by_sample):
    """Evaluate a member's outputs at the boundaries of periods, and note which of them are equal in all samples."""
    writes, meta, reads = work.writes, work.meta, work.reads
    columns, O = program.stage[stage], plan.size[2]
    first, n, points = columns[FIRST_ROW] + member * columns[OUTPUTS], columns[STATES], work.points[0]
    if by_sample and O > 0:
        base = columns[FIRST_INPUT] + member * columns[INPUTS]
        for u in range(columns[INPUTS]):
            row = program.feed[base + u]
            reads[u, 0] = row * points * L + meta[row, 2]
            reads[u, 1], reads[u, 2] = 0, meta[row, 3]
        for o in range(columns[OUTPUTS]):
            writes[o, 0] += meta[first + o, 2]
            writes[o, 1], writes[o, 2] = 0, L
        for o in range(O):
            move(work.z, (plan.size[0] + o) * work.z.shape[1] * L, work.bounds, o * n * L, n)
        p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
        invoke7(
            columns[EVALUATE], address(p), address(reads), address(work.board), 1, O, address(work.bounds),
            address(writes),
        )  # fmt: skip
    for o in range(columns[OUTPUTS]):
        row = first + o
        if not program.felt[row] and not over_samples and by_sample:  # equal over samples although the state is not
            meta[row, 0], meta[row, 3] = 0, 0


@inner
def publish(program, plan, tile, work, stage, member, over_samples, over_points, x_points):
    """Evaluate a member's outputs on a path that stands there as a whole, and at the boundaries of periods.

    The path is one sample's, of all points or of one; what moves in it besides is what the member reads.
    """
    columns = program.stage[stage]
    by_point = over_points or x_points
    lay_rows(program, plan, work, stage, member, over_samples, by_point)
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke7(
        columns[EVALUATE], address(p), address(work.reads), address(work.board), plan.size[0] if over_samples else 1,
        plan.size[1] * PT if by_point else 1, address(work.path), address(work.writes),
    )  # fmt: skip
    close_rows(program, plan, tile, work, stage, member, over_samples, over_samples)
