"""Compiled collocation of states that act only on those behind them, one state after the other."""

from menaquinone.solve._algebra import L, S, caused, slaved
from menaquinone.solve._compiled import exact, inner
from menaquinone.solve._single import solve_state
from menaquinone.solve._vectors import add, div, load, magnitude, mul, splat, store, sub


@inner
def one_way(acts):
    """Return whether states (n, n) act on none before them."""
    n = acts.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            if acts[i, j]:
                return False
    return True


@exact
def solve_in_turn(a, b, q, moving, widths, panel, r, acts, starts, first, columns, x, at):
    """Solve x' = a(t) x + b(t) + r over one panel by Radau IIA collocation, for several starts.

    a (points, n, n, L) and b (points, n, L) hold the panel's points from q on; r (n, L). starts (columns, n, L) from
    element ``first`` on; x gets the states (columns, s, n, L) at the nodes from element ``at`` on. b and r are part of
    the first column alone; the others, as many as there are states, are what a unit start of each state leads to.
    """
    n = acts.shape[0]
    h, whole, step = load(widths, panel * L), S * n * L, moving * n * L
    for i in range(n):
        own = min(i + 2, columns)  # what starts behind a state is never felt by it
        for c in range(own, columns):
            for p in range(S):
                store(x, at + c * whole + (p * n + i) * L, splat(0.0))
        solve_state(i, a, ((q + moving) * n + i) * n * L, step * n, b, ((q + moving) * n + i) * L, step, r, h, acts,
                    i * n, x, at, n * L, whole, starts, first, n * L, own)  # fmt: skip


@inner
def error_in_turn(a, b, q, moving, widths, panel, r, acts, path, spread):
    """Fill spread (n, L): what the last divided difference of the rates along a path (points, n, L) does to the end.

    The same as ``collocation_error``, whose filter is solved state by state.
    """
    n = acts.shape[0]
    h = load(widths, panel * L)
    for i in range(n):
        total = caused(a, b, q, moving, h, r, acts, path, 0, n, i)
        end = ((q + S * moving) * n + i) * n
        for j in range(i):
            if acts[i, j]:
                share = slaved(h, load(a, (end + j) * L))
                total = sub(total, mul(share, load(spread, j * L)))
        store(spread, i * L, div(total, add(slaved(h, load(a, (end + i) * L)), splat(1.0))))
    for i in range(n):
        store(spread, i * L, magnitude(load(spread, i * L)))


__all__ = ["error_in_turn", "one_way", "solve_in_turn"]
