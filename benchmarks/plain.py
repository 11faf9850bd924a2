"""The twelve-state problem as bare numbers: parameters, equations, a trusted solution, the error that is reported.

Nothing of the library is imported here. States: two depots, central, peripheral (nmol), vessel wall (nmol/L), then
uncarboxylated and carboxylated for each of three proteins (nmol/L), then the deposit. Time in h.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np

THETA = {
    "ktr": 0.5, "cl": 1.5, "vc": 20.0, "q": 5.0, "vp": 100.0, "kt": 0.05, "km": 5.0,
    "ks1": 1.0, "kc1": 0.2, "kd1": 0.05, "ks2": 1.0, "kc2": 0.5, "kd2": 0.5, "ks3": 1.0, "kc3": 0.1, "kd3": 0.0096,
    "kg": 3.0e-5, "ic": 4.0,
}  # fmt: skip
OMEGA = {
    "ktr": 0.3, "cl": 0.4, "vc": 0.3, "q": 0.3, "vp": 0.3, "kt": 0.3, "km": 0.4,
    "kc1": 0.3, "kd1": 0.2, "kg": 0.5,
}  # fmt: skip
"""SD of the logarithm between people."""
SEEDING = 1e-6
NAMES = tuple(THETA)
STATES = ("g1", "g2", "a", "p", "k", "u1", "c1", "u2", "c2", "u3", "c3", "m")
DOSE = 360.0 / 0.649
"""nmol: 360 ug at 649 g/mol."""
DAYS = 730
OUTPUT_DAYS = np.append(np.arange(14, DAYS, 14), DAYS)
"""52 fortnights and the end: every engine covers all 730 doses."""
FLOOR = 1e-6
AGREED = 1e-7
"""How close the library at its tightest has to come to the trusted solution to stand for it."""


def parameters(n: int, seed: int = 0) -> np.ndarray:
    """Return (n, 18) parameters: ten of them log-normal between people."""
    rng = np.random.default_rng(seed)
    theta = np.tile(np.array(list(THETA.values())), (n, 1))
    for name, omega in OMEGA.items():
        theta[:, NAMES.index(name)] *= np.exp(rng.normal(0, omega, n))
    return theta


def people(n: int, judged: int) -> np.ndarray:
    """Return parameters of n people of whom the first ``judged`` are the same whatever n."""
    theta = parameters(max(n, judged), seed=1)
    theta[:judged] = parameters(judged)
    return theta[:n]


def initial(theta: np.ndarray) -> np.ndarray:
    """Return (n, 12) states of people without any of the vitamin: protein uncarboxylated, at steady turnover."""
    y = np.zeros((len(theta), 12))
    for place, protein in enumerate("123"):
        y[:, 5 + 2 * place] = theta[:, NAMES.index("ks" + protein)] / theta[:, NAMES.index("kd" + protein)]
    y[:, 11] = 1.0
    return y


def derivatives(y, th):
    """Return the twelve derivatives as a tuple; numbers, arrays or traced values alike."""
    ktr, cl, vc, q, vp, kt, km, ks1, kc1, kd1, ks2, kc2, kd2, ks3, kc3, kd3, kg, ic = th
    g1, g2, a, p, k, u1, c1, u2, c2, u3, c3, m = y
    level = a / vc
    drive = k / (km + k)
    absorbed = ktr * g2
    exchanged = q * (level - p / vp)
    f1, f2, f3 = kc1 * drive * u1, kc2 * drive * u2, kc3 * drive * u3
    return (
        -ktr * g1,
        ktr * g1 - absorbed,
        absorbed - cl * level - exchanged,
        exchanged,
        kt * (level - k),
        ks1 - f1 - kd1 * u1,
        f1 - kd1 * c1,
        ks2 - f2 - kd2 * u2,
        f2 - kd2 * c2,
        ks3 - f3 - kd3 * u3,
        f3 - kd3 * c3,
        SEEDING + kg * m / (1 + c1 / ic),
    )


def rates(t, y, th):  # noqa: ARG001 - SciPy's signature
    """Return the derivatives as SciPy wants them."""
    return derivatives(y, th)


def stepwise(theta: np.ndarray, amounts: np.ndarray, outputs: np.ndarray, advance) -> np.ndarray:
    """Solve one subject from dose to dose: (outputs, 12).

    Parameters
    ----------
    theta
        (18,).
    amounts
        Given at the beginning of each day, nmol; 0 where none is taken.
    outputs
        Days.
    advance
        ``advance(y, theta, hours) -> y``.
    """
    y, found, since = initial(theta[None])[0], [], 0
    wanted = set(outputs.tolist())
    for day, amount in enumerate(amounts):
        y[0] += amount
        coming = day + 1
        # a dose that is not taken is no reason to stop
        if coming in wanted or coming == len(amounts) or amounts[coming]:
            y = advance(y, theta, 24.0 * (coming - since))
            since = coming
        if coming in wanted:
            found.append(y.copy())
    return np.array(found)


@cache
def compiled_rates():
    """Return the right-hand side compiled by numba, in SciPy's signature."""
    import numba

    inner = numba.njit(error_model="numpy")(derivatives)

    @numba.njit(error_model="numpy")
    def found(t, y, th):  # noqa: ARG001 - SciPy's signature
        state = (y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7], y[8], y[9], y[10], y[11])
        first = (th[0], th[1], th[2], th[3], th[4], th[5], th[6], th[7], th[8])
        second = (th[9], th[10], th[11], th[12], th[13], th[14], th[15], th[16], th[17])
        return np.array(inner(state, first + second))

    return found


def _tight(y, theta, hours):
    from scipy.integrate import solve_ivp

    return solve_ivp(compiled_rates(), (0, hours), y, method="DOP853", rtol=1e-11, atol=1e-12, args=(theta,)).y[:, -1]


def _trusted_one(job):
    return stepwise(*job, _tight)


def trusted(theta: np.ndarray, amounts: np.ndarray | None = None, outputs: np.ndarray = OUTPUT_DAYS) -> np.ndarray:
    """Return the trusted solution (subjects, outputs, 12): SciPy's DOP853 at rtol 1e-11, a restart at every dose.

    Parameters
    ----------
    theta
        (n, 18).
    amounts
        Of each subject and day, nmol (n, days); the same dose every day if left out.
    outputs
        Days.
    """
    amounts = np.full((len(theta), outputs[-1]), DOSE) if amounts is None else amounts
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return np.array(list(pool.map(_trusted_one, [(*job, outputs) for job in zip(theta, amounts, strict=True)])))


def exact(theta: np.ndarray, judged: int, solve: Callable, amounts: np.ndarray | None = None) -> np.ndarray:
    """Return the solution of everybody: trusted for the first, the library's own at rtol 1e-9 for the others.

    solve: makes the library's answer (n, outputs, 12) for people at a tolerance; amounts: as for ``trusted``.

    Raises
    ------
    RuntimeError
        If the two disagree on the first.
    """
    sure, own = trusted(theta[:judged], amounts), solve(theta, 1e-9)
    if not error(own[:judged], sure) <= AGREED:
        raise RuntimeError(f"the library at rtol 1e-9 is off by {error(own[:judged], sure):.1e}")
    return np.concatenate([sure, own[judged:]])


def error(found: np.ndarray, exact: np.ndarray) -> float:
    """Return the worst of |found - exact| / (|exact| + 1e-6) over states, times and people; infinite with a gap."""
    gap = np.abs(found[: len(exact)] - exact[: len(found)]) / (np.abs(exact[: len(found)]) + FLOOR)
    return float(gap.max()) if np.isfinite(gap).all() else float("inf")
