"""The kit itself: ``check_block`` passes a right block and fails each wrong one for its own reason."""

from typing import NamedTuple

import numpy as np
import pytest

from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.blocks.tissue import TISSUE
from menaquinone.declare import Array, Block, Value, covariate, member, output, param, reads, state
from menaquinone.errors import UnknownNameError
from menaquinone.testing import assert_mass_balance, check_block
from menaquinone.testing.checks import check_declarations, check_equations

WHY = "assumed: a test"
PLAIN = "expected plain arithmetic of + - * / **, np.exp, np.log and np.sqrt on named values."


class Parameters(NamedTuple):
    k_in: Array = param(2.0, "ug/L/d", "synthesis", source=WHY)
    k_out: Array = param(0.1, "1/h", "loss", source=WHY)
    half: Array = param(5.0, "ug/L", "level of half the saturable loss", source=WHY)


class State(NamedTuple):
    level: Array = state("ug/L", "plasma level")


class Inputs(NamedTuple):
    drive: Array = reads("1", "drive")
    age: Array = covariate("h", "age")


class Outputs(NamedTuple):
    marker: Array = output("ug/L", "plasma level")


def rates(p, x, u):
    """Return the rate; a docstring is no departure."""
    made = p.k_in * u.drive
    return State(level=made - p.k_out * x.level)


def outputs(p, x, u):
    return Outputs(marker=x.level)


RIGHT = {"Parameters": Parameters, "State": State, "Inputs": Inputs, "Outputs": Outputs}


def block(**changed):
    return Block("level", **(RIGHT | {"rates": rates, "outputs": outputs} | changed))


def failure(wrong, **named):
    with pytest.raises(AssertionError) as caught:
        check_block(wrong, **named)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_a_right_block_passes():
    check_block(block())
    check_block(block(), members=[member("a", k_in=Value(0.01, "mg/L/d", WHY))], samples=3, rng=None)


def saturable(p, x, u):
    return State(level=p.k_in * u.drive - p.k_out * x.level * p.half / (p.half + x.level))


def squared(p, x, u):
    return State(level=p.k_in * u.drive - p.k_out * x.level**2 / p.half)


@pytest.mark.parametrize("wrong", [saturable, squared])
def test_a_wrong_affine_claim_is_measured(wrong):
    message = failure(block(rates=wrong))
    assert message.startswith("block 'level', state 'level': got a departure of ")
    assert message.endswith(" from an affine rate, expected at most 1e-09 (or `affine=False`).")
    check_block(block(rates=wrong, affine=False))


def test_the_same_seed_draws_the_same_samples():
    wrong = block(rates=saturable)
    assert failure(wrong) == failure(wrong) != failure(wrong, rng=1)


def test_an_affine_block_need_not_claim_it():
    check_block(block(affine=False))


def of_days(p, x, u):
    return State(level=p.k_in * 24 * u.drive - p.k_out * x.level / 24)


def without_a_rate(p, x, u):
    return State(level=p.k_in * u.drive - x.level)


def in_the_wrong_unit(p, x, u):
    return State(level=-p.k_out * p.k_out * x.level)


def test_units_that_do_not_close():
    message = failure(block(rates=without_a_rate))
    assert message.startswith("block 'level', rates: got 'Cannot convert from ")
    assert message.endswith("expected units that close.")
    message = failure(block(rates=in_the_wrong_unit))
    assert message == (
        "block 'level', rate 'level': got the unit 'ug/h**2/l', expected 'ug/L/h' or one of its dimension."
    )


def test_a_rate_that_closes_but_has_the_size_of_another_time_unit():
    class Yearly(NamedTuple):
        k_out: Array = param(0.5, "1/a", "loss", source=WHY)

    def yearly(p, x, u):
        return State(level=-p.k_out * x.level * u.age / u.age)

    check_block(block(Parameters=Yearly, rates=yearly))

    class InYears(NamedTuple):
        age: Array = covariate("a", "age")

    # 1/a for 1/h: an input in years would be read as the same number of hours, and the units would still close
    assert failure(block(Parameters=Yearly, rates=yearly, Inputs=InYears)) == (
        "block 'level', input 'age': got the unit 'a', expected house units (h, nmol, L)."
    )


def test_states_and_inputs_are_in_house_units():
    class Picomolar(NamedTuple):
        level: Array = state("pmol/L", "plasma level")

    assert failure(block(State=Picomolar)) == (
        "block 'level', state 'level': got the unit 'pmol/L', expected house units (h, nmol, L)."
    )


def test_mass_units_are_kept_so_a_mix_of_them_shows_in_the_magnitude():
    class Mixed(NamedTuple):
        k_in: Array = param(2.0, "mg/L/h", "synthesis", source=WHY)
        k_out: Array = param(0.1, "1/h", "loss", source=WHY)

    def mixed(p, x, u):
        return State(level=p.k_in * u.drive)

    message = failure(block(Parameters=Mixed, rates=mixed))
    assert message.startswith("block 'level', rate 'level': got ")
    assert message.endswith(" with units, expected the same in 'ug/L/h'.")


def test_an_output_in_the_wrong_unit():
    assert failure(block(outputs=lambda p, x, u: Outputs(marker=x.level * p.k_out))) == (
        "block 'level', output 'marker': got the unit 'ug/h/l', expected 'ug/L' or one of its dimension."
    )


def test_an_output_may_be_declared_in_the_fields_unit_and_is_a_plain_number_in_house_units():
    class Molar(NamedTuple):
        level: Array = state("nmol/L", "level")

    class Picomolar(NamedTuple):
        marker: Array = output("pmol/L", "level")

    def lost(p, x, u):
        return Molar(level=-p.k_out * x.level)

    named = {"State": Molar, "Outputs": Picomolar, "rates": lost}
    check_block(block(**named, outputs=lambda p, x, u: Picomolar(x.level)))


def falling(p, x, u):
    return State(level=-p.k_in * u.drive)


def test_a_state_that_falls_below_zero():
    message = failure(block(rates=falling))
    assert message.startswith("block 'level', state 'level': got a rate of -")
    assert message.endswith(" where the state is 0, expected at least 0 (or name it in `signed`).")
    check_block(block(rates=falling), signed=["level"])


def branching(p, x, u):
    if x.level > 1:
        return State(level=p.k_in * u.drive)
    return State(level=p.k_in * 0)


def conditional(p, x, u):
    return State(level=p.k_in if u.drive else -p.k_out * x.level)


def looping(p, x, u):
    total = p.k_in
    for _ in range(2):
        total = total + p.k_in
    return State(level=total)


def piecewise(p, x, u):
    return State(level=p.k_in * np.maximum(u.drive, 0.5))


def in_place(p, x, u):
    made = p.k_in * u.drive
    made -= p.k_out * x.level
    return State(level=made)


def modulo(p, x, u):
    return State(level=p.k_in * (u.drive % 2))


def indexed(p, x, u):
    return State(level=p[0])


def helper(p, u):
    return p.k_in if u.drive > 1 else p.k_in * 2


def through_a_helper(p, x, u):
    return State(level=helper(p, u) - p.k_out * x.level)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (branching, "an if statement in line 2 of 'branching'"),
        (conditional, "a conditional expression in line 2 of 'conditional'"),
        (looping, "a for loop in line 3 of 'looping'"),
        (piecewise, "a call of 'np.maximum' in line 2 of 'piecewise'"),
        (in_place, "an assignment in place in line 3 of 'in_place'"),
        (modulo, "the operator Mod in line 2 of 'modulo'"),
        (indexed, "an index in line 2 of 'indexed'"),
        (through_a_helper, "a conditional expression in line 2 of 'helper'"),
        (abs, "'abs', which is not a Python function"),
    ],
)
def test_rates_are_plain_arithmetic(wrong, found):
    assert failure(block(rates=wrong)) == f"block 'level', rates: got {found}, {PLAIN}"


def test_an_equation_without_source_is_read_from_its_code():
    names = {"State": State}
    exec("def typed(p, x, u):\n    return State(level=p.k_in if u.drive else -p.k_in)", names)
    assert failure(block(rates=names["typed"])) == (
        f"block 'level', rates: got a branch, a comparison or a loop in 'typed', {PLAIN}"
    )
    exec("def typed(p, x, u):\n    return State(level=p.k_in * u.drive - p.k_out * x.level)", names)
    check_block(block(rates=names["typed"]))


def test_a_helper_and_a_closure_of_plain_arithmetic_are_allowed():
    share = 0.5

    def made(p, u):
        return share * p.k_in * u.drive

    def closed(p, x, u):
        return State(level=made(p, u) - p.k_out * x.level)

    check_block(block(rates=closed))


def mutating_outputs(p, x, u):
    level = x.level
    level *= 1.0 + 1e-3
    return Outputs(marker=level)


def test_arguments_stay_untouched():
    assert failure(block(outputs=mutating_outputs)) == (
        "block 'level', outputs: got its arguments back changed, expected them untouched."
    )


def test_arrays_give_the_numbers_of_single_values():
    def averaged(p, x, u):
        return Outputs(marker=x.level * 0 + np.mean(x.level))

    assert failure(block(outputs=averaged)) == (
        "block 'level', outputs: got other numbers for 'marker' from arrays, expected those of single values."
    )


def test_results_are_the_blocks_own_records():
    assert failure(block(outputs=lambda p, x, u: State(x.level))) == (
        "block 'level', outputs: got a State, expected the block's Outputs."
    )
    assert failure(block(start=lambda p, u: Outputs(0.0))) == (
        "block 'level', start: got a Outputs, expected the block's State."
    )


def test_results_are_finite():
    assert failure(block(rates=never_finite)).startswith("block 'level', rates: got 'level' = ")


def never_finite(p, x, u):
    return State(level=p.k_in * np.log(-u.drive))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "got no source, expected the id of an evidence row or 'assumed: why'."),
        ("assumed", "got the source 'assumed', expected a reason, 'assumed: why'."),
        ("assumed:  ", "got the source 'assumed:  ', expected a reason, 'assumed: why'."),
        ("nobody-2020-x", "got the source 'nobody-2020-x', expected the id of an evidence row or 'assumed: why'."),
    ],
)
def test_every_number_has_a_source(source, message):
    class Unsourced(NamedTuple):
        k: Array = param(1.0, "1/h", "a rate", source=source)

    one = Block("unsourced", Unsourced)
    assert failure(one) == f"block 'unsourced', parameter 'k': {message}"


def test_rows_of_ones_own_are_known_when_named():
    class Mine(NamedTuple):
        k: Array = param(1.0, "1/h", "a rate", source="mine-2026-k olson-2002-k1-turnover")

    check_block(Block("mine", Mine), sources={"mine-2026-k"})


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"low": 2, "high": 5}, "got the default 1, expected it between 2 and 5."),
        ({"low": 5, "high": 2}, "got bounds 5 to 2, expected two finite numbers in order."),
        ({"high": np.inf}, "got bounds 0.1 to inf, expected two finite numbers in order."),
    ],
)
def test_bounds_hold_the_default(bounds, message):
    class Wide(NamedTuple):
        k: Array = param(1.0, "1/h", "a rate", source=WHY, **bounds)

    assert failure(Block("wide", Wide)) == f"block 'wide', parameter 'k': {message}"


def test_an_infinite_default_switches_a_mechanism_off():
    class Off(NamedTuple):
        half: Array = param(np.inf, "nmol/L", "level of half saturation", source=WHY, low=20, high=200)

    check_block(Block("off", Off))


def test_everything_has_a_meaning():
    class Mute(NamedTuple):
        k: Array = param(1.0, "1/h", " ", source=WHY)

    class MuteOutputs(NamedTuple):
        marker: Array = output("1", "")

    assert failure(Block("mute", Mute)) == "block 'mute', parameter 'k': got no meaning, expected a phrase."
    assert failure(Block("mute", Outputs=MuteOutputs)) == (
        "block 'mute', output 'marker': got no meaning, expected a phrase."
    )


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            member("MK-7", clearance=Value(1.1, "L", WHY)),
            "got the unit 'L', expected 'L/h' or one of its dimension.",
        ),
        (member("MK-7", clearance=Value(1.1, "L/h", "")), "got no source, expected the id of an evidence row or"),
        (member("MK-7", clearance=Value(99.0, "L/h", WHY)), "got 99 L/h, expected it between 0.3 and 8 L/h."),
        (member("MK-7", clearance=Value(20.0, "mL/min", WHY)), None),
    ],
)
def test_records_are_measured_too(record, message):
    if message is None:
        check_block(ORAL_PK, members=[record])
    else:
        found = failure(ORAL_PK, members=[record])
        assert found.startswith(f"block 'oral_pk', 'clearance' of 'MK-7': {message}")


def test_a_record_with_a_parameter_nobody_declares():
    assert failure(block(), members=[member("a", k=Value(1.0, "1/h", WHY))]) == (
        "block 'level', 'k' of 'a': got no such parameter, expected one that the block declares."
    )


def test_names_of_signed_states_and_inputs_are_checked():
    with pytest.raises(UnknownNameError) as caught:
        check_block(TISSUE, signed=["pol"])
    assert str(caught.value) == (
        "unknown state of block 'tissue': got 'pol', expected one of 'pool' and 'mk4_pool'; the nearest is 'pool'."
    )
    with pytest.raises(UnknownNameError) as caught:
        check_block(block(), inputs={"driver": (0, 1)})
    assert str(caught.value) == (
        "unknown input of block 'level': got 'driver', expected one of 'drive' and 'age'; the nearest is 'drive'."
    )


def test_ranges_of_inputs_are_the_callers():
    def rooted(p, x, u):
        return Outputs(marker=x.level * np.sqrt(u.drive - 1))

    assert "got 'marker' = nan" in failure(block(outputs=rooted))
    check_block(block(outputs=rooted), inputs={"drive": (1.0, 30.0)})


def test_a_leak_breaks_the_mass_balance():
    assert_mass_balance(ORAL_PK, lambda p, x, u: p.clearance * x.central / p.central_volume)
    with pytest.raises(AssertionError) as caught:
        assert_mass_balance(ORAL_PK, lambda p, x, u: p.clearance * x.central / p.peripheral_volume)
    assert str(caught.value).startswith("block 'oral_pk': got rates that sum to ")


def test_parts_can_be_asked_for_alone():
    check_declarations(block(rates=branching))
    check_equations(block())
