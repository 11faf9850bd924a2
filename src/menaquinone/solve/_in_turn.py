"""Compiled collocation of states that act only on those behind them, one state after the other."""

from menaquinone.solve._algebra import L, S, slaved
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
def solve_in_turn(a, b, q, moving, widths, panel, r, acts, starts, first, columns, x, at, judged, spread):
    """Solve x' = a(t) x + b(t) + r over one panel by Radau IIA collocation, for several starts.

    a (points, n, n, L) and b (points, n, L) hold the panel's points from q on; r (n, L). starts (columns, n, L) from
    element ``first`` on; x gets the states (columns, s, n, L) at the nodes from element ``at`` on. b and r are part of
    the first column alone; the others, as many as there are states, are what a unit start of each state leads to.
    Where ``judged`` spread (n, L) gets what the end of the first column may be off by.
    """
    n = acts.shape[0]
    h, whole, step = load(widths, panel * L), S * n * L, moving * n * L
    for i in range(n):
        own = min(i + 2, columns)  # what starts behind a state is never felt by it
        for c in range(own, columns):
            for p in range(S):
                store(x, at + c * whole + (p * n + i) * L, splat(0.0))
        solve_state(i, a, ((q + moving) * n + i) * n * L, step * n, b, ((q + moving) * n + i) * L, step, r, h, acts,
                    i * n, x, at, n * L, whole, starts, first, n * L, own, judged, spread)  # fmt: skip
    if judged:
        _filter(a, (q + S * moving) * n * n, h, acts, spread)


@inner
def _filter(a, at, h, acts, spread):
    """Turn what defects do to states alone (n, L) into what the end of the panel may be off by.

    As ``collocation_error`` does: stiff modes are damped by the rule, their defect is no error. a: coefficients at the
    panel's end, from entry ``at`` on.
    """
    n = acts.shape[0]
    for i in range(n):
        total = load(spread, i * L)
        for j in range(i):
            if acts[i, j]:
                share = slaved(h, load(a, (at + i * n + j) * L))
                total = sub(total, mul(share, load(spread, j * L)))
        own = slaved(h, load(a, (at + i * n + i) * L))
        store(spread, i * L, div(total, add(own, splat(1.0))))
    for i in range(n):
        store(spread, i * L, magnitude(load(spread, i * L)))


__all__ = ["one_way", "solve_in_turn"]
