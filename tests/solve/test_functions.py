"""Functions of a period's number, and the table of them, against the same in plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from numpy.polynomial import chebyshev

from menaquinone.solve._compiled import OPTIONS
from menaquinone.solve._functions import functions, table
from menaquinone.solve._iteration import TERMS
from menaquinone.solve.equations import LANES

KINDS = ("fades", "drifts", "both", "late")


@njit(**OPTIONS)
def at_point(drifts, both, late, fading, going, phi):
    functions(drifts, both, late, fading, going, phi)


@njit(**OPTIONS)
def tabulated(drifts, both, late, step, upper, inverse, iterated, base, most, psi, swing):
    table(drifts, both, late, step, upper, inverse, iterated, base, most, psi, swing)


def plain(kind, fading, going):
    """Return the functions (TERMS,) at a point."""
    if kind in ("fades", "drifts"):
        return chebyshev.chebvander(fading if kind == "fades" else going, TERMS - 1)[0]
    a, b = chebyshev.chebvander([fading, going], 4)
    both = [1.0, a[1], b[1], a[2], a[3], a[1] * b[1], b[2], a[4]]
    return np.array(both if kind == "both" else [1.0, b[1], a[1], b[2], a[2], b[3], a[3], b[4]])


def flags(kinds):
    return [
        np.array([1.0 if one in wanted else 0.0 for one in kinds])
        for wanted in (["drifts"], ["both", "late"], ["late"])
    ]


lanes = st.lists(st.sampled_from(KINDS), min_size=LANES, max_size=LANES)


@given(lanes, st.integers(0, 2**32 - 1))
def test_every_lane_has_the_functions_of_its_kind(kinds, seed):
    fading, going = np.random.default_rng(seed).uniform(-1, 1, (2, LANES))
    phi = np.full((TERMS, LANES), np.nan)
    at_point(*flags(kinds), fading, going, phi)
    for lane, kind in enumerate(kinds):
        assert phi[:, lane] == pytest.approx(plain(kind, fading[lane], going[lane]), abs=1e-14)


@given(st.one_of(lanes, st.just(["fades", "drifts"] * (LANES // 2))), st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_the_table_is_what_the_functions_are_less_those_before(kinds, seed, most):
    rng = np.random.default_rng(seed)
    fade, onward = rng.uniform(0.5, 0.99, LANES), 2.0 / rng.integers(20, 60, LANES)
    low = fade**60
    step = np.stack([fade, onward, 2 / (1 - low), -1 - 2 * low / (1 - low)])
    upper = rng.uniform(-0.5, 0.5, (TERMS, TERMS, LANES)) + 2 * np.eye(TERMS)[:, :, None]
    inverse = 1 / np.einsum("kkl->kl", upper)
    iterated, base = rng.integers(0, most + 2, LANES), rng.integers(3, TERMS + 1, LANES)
    psi, swing = np.full((most, TERMS, LANES), np.nan), np.full((2, LANES), np.nan)
    tabulated(*flags(kinds), step, upper, inverse, iterated, base, most, psi, swing)
    for lane, kind in enumerate(kinds):
        off = [0.0]
        for number in range(most):
            moved = min(number, max(iterated[lane] - 1, 0))  # behind its last moving period nothing changes
            fading = fade[lane] ** moved * step[2, lane] + step[3, lane]
            wanted = np.linalg.solve(np.triu(upper[:, :, lane]).T, plain(kind, fading, -1 + moved * onward[lane]))
            assert psi[number, :, lane] == pytest.approx(wanted, rel=1e-10, abs=1e-12)
            if number < iterated[lane]:
                off.append(abs(wanted[base[lane] - 1]))
        assert swing[:, lane] == pytest.approx([sum(off), max(off)], rel=1e-10, abs=1e-12)
