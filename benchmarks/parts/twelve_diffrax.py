"""diffrax on the twelve-state problem: its solvers with error control and with equal steps, one and two threads."""

import plain
from measure import Size, best, row, samples, say
from peers import jax_batch

ADAPTIVE = (
    *(("Dopri8", rtol, 1e-8) for rtol in (1e-4, 1e-5, 1e-6, 3e-7, 1e-7)),
    ("Tsit5", 1e-6, 1e-8),
    ("Kvaerno5", 1e-5, 1e-7),
)
EQUAL = (*(("Dopri8", steps) for steps in (10, 12, 14, 16, 24)), ("Tsit5", 60))


def measure(size: Size) -> dict:
    """Return rows for every solver and tolerance on two threads, and the best of them on one."""
    judged = 4 if size.quick else 16
    exact = plain.trusted(plain.people(judged, judged))
    settings = [
        *((method, f"rtol {rtol:g}, atol {atol:g}", jax_batch.adaptive(rtol, atol)) for method, rtol, atol in ADAPTIVE),
        *((method, f"{steps} equal steps a day", jax_batch.constant(steps)) for method, steps in EQUAL),
    ]
    if size.quick:
        settings = [settings[2], settings[8]]
    found = [_row(*one, exact, 2, size) for one in settings]
    winner = best(found)
    if winner:
        method = winner["engine"].removeprefix("diffrax ")
        again = next(one for one in settings if one[:2] == (method, winner["setting"]))
        found.append(_row(*again, exact, 1, size))
    return {"rows": found, "judged": judged}


def _row(method, setting, control, exact, threads, size) -> dict:
    # the steps of more people at once hide what a step costs beside them; an implicit method has far more of that
    n = 64 if size.quick or method == "Kvaerno5" else 2048
    call = jax_batch.solver(method, control, plain.people(n, len(exact)), threads)
    error = plain.error(call(), exact)
    return say(row(f"diffrax {method}", setting, threads=threads, n=n, taken=samples(call, size), error=error))
