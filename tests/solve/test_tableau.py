"""Coefficients of the rule: where the nodes lie, what is integrated exactly, and that stiff modes vanish."""

from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.solve import tableau
from menaquinone.solve.tableau import (
    DIFFERENCE,
    LAGRANGE,
    NODE_INTEGRALS,
    NODE_POLYNOMIAL,
    NODES,
    POINTS,
    SLOPES,
    STAGES,
    WEIGHTS,
)


def test_nodes_are_those_of_radau():
    # zeros of P_s - P_(s-1), Legendre polynomials shifted to (0, 1)
    legendre = lambda k: sum((-1) ** (k + j) * comb(k, j) * comb(k + j, j) * NODES**j for j in range(k + 1))
    assert legendre(STAGES) - legendre(STAGES - 1) == pytest.approx(np.zeros(STAGES), abs=1e-11)
    assert (np.diff(POINTS) > 0).all()
    assert POINTS[0] == 0.0
    assert POINTS[-1] == 1.0


def test_three_stages_would_be_the_published_ones(monkeypatch):
    # Hairer and Wanner, table IV.5.6: c = (4 - root 6) / 10, (4 + root 6) / 10, 1; the code, with the count changed
    source = tableau.__spec__.loader.get_source("menaquinone.solve.tableau")
    three = {}
    exec(compile(source.replace("STAGES = 5", "STAGES = 3"), "three", "exec"), three)
    root = np.sqrt(6)
    assert three["NODES"] == pytest.approx([(4 - root) / 10, (4 + root) / 10, 1], abs=1e-14)
    assert three["WEIGHTS"][-1] == pytest.approx([(16 - root) / 36, (16 + root) / 36, 1 / 9], abs=1e-14)
    assert three["WEIGHTS"][0, 0] == pytest.approx((88 - 7 * root) / 360, abs=1e-14)


@pytest.mark.parametrize("power", range(2 * STAGES - 1))
def test_the_end_of_a_panel_has_order_nine(power):
    assert WEIGHTS[-1] @ NODES**power == pytest.approx(1 / (power + 1), abs=1e-13)


def test_the_tenth_condition_fails():
    power = 2 * STAGES - 1
    assert abs(WEIGHTS[-1] @ NODES**power - 1 / (power + 1)) > 1e-8


@pytest.mark.parametrize("power", range(STAGES))
def test_every_node_has_the_order_of_collocation(power):
    assert WEIGHTS @ NODES**power == pytest.approx(NODES ** (power + 1) / (power + 1), abs=1e-13)


def test_the_simplifying_condition_that_makes_the_order_nine():
    # D(s - 1): sum_i b_i c_i^(q-1) a_ij = b_j (1 - c_j^q) / q
    b = WEIGHTS[-1]
    for q in range(1, STAGES):
        assert (b * NODES ** (q - 1)) @ WEIGHTS == pytest.approx(b * (1 - NODES**q) / q, abs=1e-13)


def test_slopes_are_the_inverse_of_the_weights():
    assert pytest.approx(np.eye(STAGES), abs=1e-12) == SLOPES @ WEIGHTS
    for power in range(1, STAGES + 1):  # the rate of a polynomial that begins at 0
        assert SLOPES @ NODES**power == pytest.approx(power * NODES ** (power - 1), abs=1e-11)


POSITIVE = WEIGHTS[-1] / NODES
"""Weights of the rule over its nodes (Hairer and Wanner, section IV.14)."""
LEAST = np.linalg.eigvalsh(POSITIVE[:, None] * SLOPES + (POSITIVE[:, None] * SLOPES).T).min() / 2


def test_the_symmetric_part_of_the_weighted_slopes_is_positive():
    assert LEAST > 0.04


@given(st.lists(st.one_of(st.just(0.0), st.floats(-3, 9).map(lambda power: -(10.0**power))), min_size=5, max_size=5))
def test_losses_need_no_exchange_of_rows(z):
    # what is positive stays so in elimination, losses add to it: no pivot comes near zero
    rows = SLOPES - np.diag(z)
    for k in range(STAGES):
        assert rows[k, k] > 0.999 * (LEAST / POSITIVE[k] - z[k])
        rows[k + 1 :] -= np.outer(rows[k + 1 :, k] / rows[k, k], rows[k])


def stability(z):
    return 1 + z * WEIGHTS[-1] @ np.linalg.solve(np.eye(STAGES) - z * WEIGHTS, np.ones(STAGES))


def test_stiffly_accurate_and_l_stable():
    assert NODES[-1] == 1.0  # the last row of the matrix is the rule itself
    assert abs(stability(-1e9)) < 1e-8
    for size in (0.1, 1.0, 10.0, 1e3):
        for angle in np.linspace(np.pi / 2, 3 * np.pi / 2, 41):
            assert abs(stability(size * np.exp(1j * angle))) <= 1 + 1e-12


@pytest.mark.parametrize("z", [-0.5, 2j, -3.0, -50.0, -4 + 7j])
def test_the_stability_function_is_the_pade_approximant(z):
    def weight(j, length):
        return comb(length, j) * factorial(2 * STAGES - 1 - j) / factorial(2 * STAGES - 1)

    above = sum(weight(j, STAGES - 1) * z**j for j in range(STAGES))
    below = sum(weight(j, STAGES) * (-z) ** j for j in range(STAGES + 1))
    assert stability(z) == pytest.approx(above / below, rel=1e-10)


@pytest.mark.parametrize("power", range(STAGES + 1))
def test_interpolation_reproduces_polynomials(power):
    x = np.linspace(0, 1, 7)
    got = (POINTS**power) @ LAGRANGE @ (x[None, :] ** np.arange(STAGES + 1)[:, None])
    assert got == pytest.approx(x**power, abs=1e-12)


def test_the_divided_difference_is_the_leading_coefficient():
    for power in range(STAGES):
        assert DIFFERENCE @ POINTS**power == pytest.approx(0.0, abs=1e-10)
    assert float(DIFFERENCE @ POINTS**STAGES) == pytest.approx(1.0, rel=1e-10)
    assert pytest.approx(LAGRANGE[:, -1], rel=1e-10) == DIFFERENCE


def test_the_node_polynomial_is_orthogonal_to_low_degrees():
    assert NODE_POLYNOMIAL(NODES) == pytest.approx(np.zeros(STAGES), abs=1e-13)
    assert NODE_POLYNOMIAL(0.0) == pytest.approx(-np.prod(NODES), rel=1e-12)
    assert NODE_POLYNOMIAL.integ()(NODES) == pytest.approx(NODE_INTEGRALS, abs=1e-15)
    assert NODE_INTEGRALS[-1] == pytest.approx(0.0, abs=1e-15)
