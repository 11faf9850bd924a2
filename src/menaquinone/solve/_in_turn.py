"""Compiled collocation of states that act only on those behind them, one state after the other."""

from numba import njit

from menaquinone.solve._algebra import OPTIONS, L, S
from menaquinone.solve._single import solve_nodes
from menaquinone.solve._vectors import add, fma, load, mul, splat, store


@njit(**OPTIONS)
def one_way(acts):
    """Return whether states (n, n) act on none before them."""
    n = acts.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            if acts[i, j]:
                return False
    return True


@njit(**OPTIONS)
def solve_in_turn(a, b, q, moving, widths, panel, r, acts, starts, first, columns, x, at):
    """Solve x' = a(t) x + b(t) + r over one panel by Radau IIA collocation, for several starts.

    a (points, n, n, L) and b (points, n, L) hold the panel's points from q on; r (n, L). starts (columns, n, L) from
    element ``first`` on; x gets the states (columns, s, n, L) at the nodes from element ``at`` on. b and r are part of
    the first column alone; the others, as many as there are states, are what a unit start of each state leads to.
    """
    n = acts.shape[0]
    h = load(widths, panel * L)
    whole = S * n * L
    for i in range(n):
        own = min(i + 2, columns)  # what starts behind a state is never felt by it
        for p in range(S):
            here = (q + (p + 1) * moving) * n + i
            place = at + (p * n + i) * L
            store(x, place, add(load(b, here * L), load(r, i * L)))
            for c in range(1, own):
                store(x, place + c * whole, splat(0.0))
            for j in range(i):
                if acts[i, j]:
                    share = load(a, (here * n + j) * L)
                    for c in range(min(j + 2, columns)):
                        got = load(x, at + c * whole + (p * n + j) * L)
                        store(x, place + c * whole, fma(share, got, load(x, place + c * whole)))
            for c in range(own):
                store(x, place + c * whole, mul(h, load(x, place + c * whole)))
        for c in range(own, columns):
            for p in range(S):
                store(x, at + c * whole + (p * n + i) * L, splat(0.0))
        solve_nodes(a, ((q + moving) * n * n + i * n + i) * L, moving * n * n * L, h, x, at + i * L, n * L, whole,
                    starts, first + i * L, n * L, own)  # fmt: skip


__all__ = ["one_way", "solve_in_turn"]
