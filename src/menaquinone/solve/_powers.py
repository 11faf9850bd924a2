"""Compiled powers of affine maps: where many equal periods lead to, found by doubling."""

from menaquinone.solve._algebra import L, fill, move
from menaquinone.solve._compiled import inner
from menaquinone.solve._vectors import fma, load, select, splat, store


@inner
def doublings_of(most):
    """Return how many doublings make up every number up to ``most``."""
    count = 0
    while most >> count:
        count += 1
    return count


@inner
def _apply(n, reach, power, p_at, shift, s_at, x, x_at, out, o_at):
    """Write power x + shift, each from an element of its array on."""
    for i in range(n):
        total = load(shift, s_at + i * L)
        for k in range(n):
            if reach[i, k]:
                total = fma(load(power, p_at + (i * n + k) * L), load(x, x_at + k * L), total)
        store(out, o_at + i * L, total)


@inner
def double(n, reach, square, g, count, power, shift):
    """Fill power (count, n, n, L) and shift (count, n, L): a map (n, n, L), (n, L) done 1, 2, 4, .. times.

    reach (n, n): which states act on which.
    """
    move(square, 0, power, 0, n * n)
    move(g, 0, shift, 0, n)
    for bit in range(1, count):
        old, new = (bit - 1) * n * n * L, bit * n * n * L
        for i in range(n):
            for k in range(n):
                total = splat(0.0)
                for q in range(n):
                    if reach[i, q] and reach[q, k]:
                        total = fma(load(power, old + (i * n + q) * L), load(power, old + (q * n + k) * L), total)
                store(power, new + (i * n + k) * L, total)
        _apply(n, reach, power, old, shift, (bit - 1) * n * L, shift, (bit - 1) * n * L, shift, bit * n * L)


@inner
def lead(n, reach, times, power, shift, x, scratch):
    """Lead x (n, L) on in place by so many periods (L,) in each lane; scratch (n + 1, L)."""
    most, apart = 0, 0
    for lane in range(L):
        most, apart = max(most, times[lane]), apart | (times[lane] ^ times[0])
    for bit in range(doublings_of(most)):
        some = 0
        for lane in range(L if apart else 1):
            here = (times[lane] >> bit) & 1
            scratch[n, lane], some = here, some | here
        if some:
            _apply(n, reach, power, bit * n * n * L, shift, bit * n * L, x, 0, scratch, 0)
            if not apart:
                move(scratch, 0, x, 0, n)
                continue
            goes = load(scratch, n * L)
            for i in range(n):
                store(x, i * L, select(goes, load(scratch, i * L), load(x, i * L)))


@inner
def joined(n, reach, times, power, shift, nothing, once, added, scratch):
    """Fill once (n, n, L) and added (n, L): the map done so many times (L,) in each lane, as one.

    nothing: a shift of 0 for every doubling; scratch (2 n + 1, L).
    """
    fill(added, 0.0)
    lead(n, reach, times, power, shift, added, scratch)
    unit = scratch[n + 1 :]
    for k in range(n):
        for i in range(n):
            store(unit, i * L, splat(1.0 if i == k else 0.0))
        lead(n, reach, times, power, nothing, unit, scratch)
        for i in range(n):
            store(once, (i * n + k) * L, load(unit, i * L))


@inner
def step(n, reach, once, added, x, scratch):
    """Do one map in place."""
    _apply(n, reach, once, 0, added, 0, x, 0, scratch, 0)
    move(scratch, 0, x, 0, n)


__all__ = ["double", "doublings_of", "joined", "lead", "step"]
