"""SciPy: one subject after the other, a call of ``solve_ivp`` (or ``odeint``) from dose to dose."""

from functools import partial

import numpy as np
import plain
from scipy.integrate import odeint, solve_ivp


def listed(t, y, theta):  # noqa: ARG001 - SciPy's signature
    """Return the rates of plain Python numbers, which is faster than of NumPy's."""
    return plain.derivatives(y.tolist(), theta)


def by_solve_ivp(method: str, rtol: float, atol: float, *, compiled: bool, y, theta, hours):
    """Advance one subject."""
    rates, th = (plain.compiled_rates(), theta) if compiled else (listed, theta.tolist())
    return solve_ivp(rates, (0.0, hours), y, method=method, t_eval=(hours,), rtol=rtol, atol=atol, args=(th,)).y[:, -1]


def by_odeint(rtol: float, atol: float, *, y, theta, hours):
    """Advance one subject with the older interface to LSODA, which steps in compiled code."""
    return odeint(plain.compiled_rates(), y, (0.0, hours), args=(theta,), tfirst=True, rtol=rtol, atol=atol)[-1]


def advance(method: str, rtol: float, atol: float, *, compiled: bool):
    """Return ``advance(y, theta, hours)`` for ``plain.stepwise``, picklable."""
    if method == "odeint":
        return Call(partial(by_odeint, rtol, atol))
    return Call(partial(by_solve_ivp, method, rtol, atol, compiled=compiled))


class Call:
    """Hands positions over as names."""

    def __init__(self, inner) -> None:
        self.inner = inner

    def __call__(self, y, theta, hours):
        return self.inner(y=y, theta=theta, hours=hours)


def one(job) -> np.ndarray:
    """Solve one subject: (outputs, 12)."""
    theta, how = job
    return plain.stepwise(theta, np.full(plain.DAYS, plain.DOSE), plain.OUTPUT_DAYS, advance(**how))
