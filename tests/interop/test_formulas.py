"""Equations as formulas: the same code objects, and a sentence where they are more than arithmetic."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from numpy import exp as exponential

from menaquinone.declare import Array, Block, Output, Param, StateVariable
from menaquinone.errors import InputError
from menaquinone.interop.formulas import formulas

sympy = pytest.importorskip("sympy")

A, B, X = sympy.symbols("a b x")


class Parameters(NamedTuple):
    a: Array = Param(1.0, "1", "a", "assumed: test", 0.1, 10.0)
    b: Array = Param(1.0, "1", "b", "assumed: test", 0.1, 10.0)


class State(NamedTuple):
    x: Array = StateVariable("1", "x", 0.0)


class Outputs(NamedTuple):
    y: Array = Output("1", "y", shown=True)


def written(equation, part="outputs"):
    """Return the formula of one equation of a, b and x."""
    record = State if part == "rates" else Outputs
    block = Block("own", Parameters, State, **{"outputs": None, part: lambda p, x, u: record(equation(p.a, p.b, x.x))})
    (formula,) = formulas(block, part, Parameters(A, B), State(X), None)
    return formula


def value(formula, **names):
    """Return what a formula is, by Python; it reads the same there but for powers and the functions."""
    known = {"exp": math.exp, "ln": math.log, "sqrt": math.sqrt, "piecewise": piecewise}
    text = formula.replace("^", "**").replace("&&", "and").replace("||", "or").replace("!", "not ")
    return eval(text, known | names)


def piecewise(*parts):
    pairs = zip(parts[:-1:2], parts[1::2], strict=True)
    return next((one for one, holds in pairs if holds), parts[-1])


def halved(x):
    return np.sqrt(x) / 2


EQUATIONS = [
    lambda a, b, x: a - b * x,
    lambda a, b, x: -x,
    lambda a, b, x: -a - b / x,
    lambda a, b, x: a * (b - x) / (1 + x / a) - 0.1,
    lambda a, b, x: np.exp(-a * x) + np.log(b) * halved(x),
    lambda a, b, x: x ** (1 / (1 - a)),
    lambda a, b, x: x**-2 / b**0.5 + 3 * x**2,
    lambda a, b, x: x ** (-a * b),
    lambda a, b, x: 1 / (2 * a * b) - 2 * (a - x),
    lambda a, b, x: 2 / 3 * x + sum([a, b]),
    lambda a, b, x: exponential(x) / np.sqrt(a),
    lambda a, b, x: 1e-7 * a - 1.5e300 * b,
]
PIECEWISE = [
    lambda a, b, x: np.maximum(a, x) - np.minimum(a * b, x),
    lambda a, b, x: np.maximum(x - 2, 0.0),
    lambda a, b, x: np.where(x > a, b, np.where(x <= b, 1.0, a)),
    lambda a, b, x: np.where((x >= a) & (x < 4 * b), 1, 2),
    lambda a, b, x: np.where((x < a) | ~(x > b), x, 2),
]


@pytest.mark.parametrize("equation", EQUATIONS + PIECEWISE)
def test_a_formula_is_what_the_equation_is(equation):
    for a, b, x in [(0.3, 1.7, 2.9), (2.5, 0.4, 0.01), (0.7, 0.7, 0.7)]:
        with np.errstate(over="ignore"):
            expected = float(equation(a, b, np.float64(x)))
        assert value(written(equation), a=a, b=b, x=x) == pytest.approx(expected, rel=1e-13)


def test_a_formula_reads_like_the_equation():
    assert written(lambda a, b, x: a - b * x / (1 + x)) == "(a - (b * x / (1 + x)))"
    assert written(lambda a, b, x: np.sqrt(a) * np.exp(x)) == "(sqrt(a) * exp(x))"
    assert written(lambda a, b, x: 1.0) == "1.0"


def test_functions_that_call_each_other_are_followed():
    def even(x, n):
        return np.exp(x) if n == 0 else odd(x, n - 1)

    def odd(x, n):
        return even(x, n - 1)

    assert written(lambda a, b, x: even(x, 4)) == "exp(x)"


def test_the_block_is_left_as_it_was():
    def rates(p, x, u):
        return State(np.exp(halved(x.x)))

    block = Block("own", Parameters, State, rates)
    assert formulas(block, "rates", Parameters(A, B), State(X), None) == ["exp((sqrt(x) / 2))"]
    assert rates(None, State(4.0), None).x == np.exp(1.0)


ARITHMETIC = "expected plain arithmetic with np.exp, np.log and np.sqrt."
SYMBOLS = "got an equation that takes no symbols"
REFUSALS = {
    "rates": [
        (
            lambda a, b, x: np.tanh(x),
            "unknown function of NumPy in rates of block 'own': got 'tanh', expected one of 'exp', 'log' and 'sqrt'.",
        ),
        (
            lambda a, b, x: np.where(x > a, a, b),
            "unknown function of NumPy in rates of block 'own': got 'where', expected one of 'exp', 'log' and 'sqrt'.",
        ),
        (
            lambda a, b, x: a if x > b else b,
            f"rates of block 'own': {SYMBOLS} (cannot determine truth value of Relational: x > b), {ARITHMETIC}",
        ),
    ],
    "outputs": [
        (
            lambda a, b, x: math.exp(x),
            f"outputs of block 'own': {SYMBOLS} (Cannot convert expression to float), {ARITHMETIC}",
        ),
        (
            lambda a, b, x: np.where(x == 0, a, b),
            "condition in outputs of block 'own': got False, expected a comparison by <, <=, > or >= of what varies.",
        ),
        (lambda a, b, x: abs(x), f"outputs of block 'own': got 'Abs(x)' in a formula, {ARITHMETIC}"),
        (lambda a, b, x: x / (a - a), f"outputs of block 'own': got 'zoo' in a formula, {ARITHMETIC}"),
    ],
}


@pytest.mark.parametrize(
    ("part", "equation", "message"), [(part, *one) for part, several in REFUSALS.items() for one in several]
)
def test_more_than_arithmetic_is_refused(part, equation, message):
    with pytest.raises(InputError) as refused:
        written(equation, part)
    assert str(refused.value) == message
