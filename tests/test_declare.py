"""The vocabulary: what a block, a member and a stage hold, and what they refuse."""

import pickle
from typing import NamedTuple

import pytest

from menaquinone.blocks.calcification import CALCIFICATION
from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.blocks.tissue import DELIVERY
from menaquinone.declare import (
    Block,
    Entry,
    Member,
    Nothing,
    Onset,
    Value,
    covariate,
    member,
    output,
    param,
    reads,
    source_ids,
    stage,
    state,
)
from menaquinone.errors import InputError, UnknownNameError


class Parameters(NamedTuple):
    k_in: float = param(2.0, "ug/L/h", "synthesis", source="assumed: a test")
    k_out: float = param(0.1, "1/h", "loss", source="assumed: a test", low=0.05, high=0.5)


class State(NamedTuple):
    level: float = state("ug/L", "plasma level")


class Inputs(NamedTuple):
    drive: float = reads("1", "drive", of="hydroquinone")
    age: float = covariate("h", "age")


class Outputs(NamedTuple):
    shown: float = output("ug/L", "plasma level")
    hidden: float = output("ug/L", "the same", shown=False)


def rates(p, x, u):
    return State(level=p.k_in * u.drive - p.k_out * x.level)


LEVEL = Block("level", Parameters, State, rates, Inputs, Outputs, over="protein")


def refusal(make, *arguments, error=InputError, **named):
    with pytest.raises(error) as caught:
        make(*arguments, **named)
    return str(caught.value)


def test_a_block_lists_what_it_declares():
    assert LEVEL.axes == ("protein",)
    assert list(LEVEL.parameters) == ["k_in", "k_out"]
    assert LEVEL.states["level"].start == "steady"
    assert LEVEL.inputs["drive"].of == "hydroquinone"
    assert not LEVEL.inputs["drive"].covariate
    assert LEVEL.inputs["age"].covariate
    assert [name for name, one in LEVEL.offers.items() if one.shown] == ["shown"]


def test_axes_are_one_name_a_pair_or_none():
    assert Block("a", over="form").axes == ("form",)
    assert Block("a", over=("tissue", "form")).axes == ("tissue", "form")
    assert Block("a").axes == ()


def test_bounds_are_a_tenth_and_ten_times_the_default_unless_given():
    assert (LEVEL.parameters["k_in"].low, LEVEL.parameters["k_in"].high) == (0.2, 20.0)
    assert (LEVEL.parameters["k_out"].low, LEVEL.parameters["k_out"].high) == (0.05, 0.5)
    falling = param(-2.0, "1", "a fall", source="assumed: a test")
    assert (falling.low, falling.high) == (-20.0, -0.2)


def test_a_block_without_anything_has_nothing():
    empty = Block("empty")
    assert empty.parameters == empty.states == empty.inputs == empty.offers == {}
    assert empty.rates(None, None, None) == Nothing() == empty.outputs(None, None, None)


def test_a_field_without_a_declaration_is_refused():
    class Bare(NamedTuple):
        k: float
        n: float

    class Number(NamedTuple):
        k: float = 3.0

    class Wrong(NamedTuple):
        k: float = state("1", "a state")

    assert refusal(lambda: Block("b", Bare).parameters) == (
        "test_a_field_without_a_declaration_is_refused.<locals>.Bare: got 'k' and 'n' without a declaration, "
        "expected one for every field."
    )
    assert refusal(Block, "b", Number) == "block 'b', Parameters.k: got 3.0, expected a Param declaration."
    assert refusal(Block, "b", Wrong) == (
        "block 'b', Parameters.k: got StateVariable(unit='1', meaning='a state', start='steady'), "
        "expected a Param declaration."
    )


def test_a_start_is_steady_a_number_or_a_parameter():
    class Begun(NamedTuple):
        level: float = state("ug/L", "level", start="k_inn")

    assert refusal(Block, "b", Parameters, Begun, error=UnknownNameError) == (
        "unknown start of state 'level' in block 'b': got 'k_inn', expected one of 'steady', 'k_in' and 'k_out'; "
        "the nearest is 'k_in'."
    )
    assert Block("b", Parameters, State).states["level"].start == "steady"


def test_an_onset_names_an_input_and_a_parameter():
    named = {"Parameters": Parameters, "State": State, "Inputs": Inputs}
    assert refusal(Block, "b", **named, onset=Onset("drives", "k_in", State(1.0)), error=UnknownNameError) == (
        "unknown onset input of block 'b': got 'drives', expected one of 'drive' and 'age'; the nearest is 'drive'."
    )
    assert refusal(Block, "b", **named, onset=Onset("drive", "k", State(1.0)), error=UnknownNameError) == (
        "unknown onset parameter of block 'b': got 'k', expected one of 'k_in' and 'k_out'."
    )


def test_sources_are_ids_or_an_assumption():
    assert source_ids("one-2001-a two-2002-b") == ("one-2001-a", "two-2002-b")
    assert source_ids("assumed: no row gives it") == ()
    assert source_ids("") == ()


def test_a_stage_fills_defaults_in():
    one = stage(LEVEL, member("MGP", k_out=Value(0.3, "1/h", "some-row")), member("osteocalcin"))
    assert one.values["k_out", "MGP"] == Value(0.3, "1/h", "some-row")
    assert one.values["k_out", "osteocalcin"] == Value(0.1, "1/h", "assumed: a test")
    assert one.values["k_in", "MGP"].value == 2.0


def test_a_stage_holds_values_in_the_declared_unit():
    one = stage(LEVEL, member("MGP", k_in=Value(48.0, "ng/mL/d", "some-row", 0.2, "a note")))
    got = one.values["k_in", "MGP"]
    assert got.value == pytest.approx(2.0, rel=1e-12)
    assert (got.unit, got.source, got.omega, got.note) == ("ug/L/h", "some-row", 0.2, "a note")


def test_a_pair_of_axes_has_members_with_two_names():
    pair = member("vessel", "MK-7", reference_level=Value(18.1, "nmol/L", "some-row"))
    assert pair.label == "vessel, MK-7"
    assert next(iter(stage(DELIVERY, pair).values)) == ("reference_level", "vessel, MK-7")


def test_a_block_without_axes_gets_one_member_that_carries_its_links():
    one = stage(Block("markers", Parameters), links={"protein": "MGP"})
    assert one.members == (Member((), links={"protein": "MGP"}),)
    assert one.values["k_in", ""].value == 2.0


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "block 'level': got no members, expected at least one along 'protein'."),
        ([member("a", "b")], "member of block 'level': got ('a', 'b'), expected one name for each of 'protein'."),
        ([member("a"), member("a")], "members of block 'level': got 'a', expected each member once."),
        (
            [member("a", k_ou=Value(1.0, "1/h", "assumed: x"))],
            (
                "unknown parameter of block 'level' in the record of 'a': got 'k_ou', "
                "expected one of 'k_in' and 'k_out'; the nearest is 'k_out'."
            ),
        ),
        (
            [member("a", enters={"oral": Entry("levels")})],
            "unknown state for route 'oral' of 'a': got 'levels', expected one of 'level'; the nearest is 'level'.",
        ),
        (
            [member("a", enters={"oral": Entry("level", "bioavailability")})],
            "unknown fraction for route 'oral' of 'a': got 'bioavailability', expected one of 'k_in' and 'k_out'.",
        ),
        (
            [member("a", k_out=Value(3.0, "h", "assumed: x"))],
            "'k_out' of 'a': got '3 h', expected a quantity in 1/h or a unit of the same dimension.",
        ),
        (
            [member("a", k_out=Value(float("nan"), "1/d", "assumed: x"))],
            "'k_out' of 'a': got nan, expected a number in 1/d.",
        ),
    ],
)
def test_a_stage_refuses(members, message):
    assert refusal(stage, LEVEL, *members) == message


def test_links_beside_members_are_refused():
    message = "links of block '{}': got {{'tissue': 'vessel'}}, expected links in the records of its members."
    links = {"tissue": "vessel"}
    assert refusal(lambda: stage(LEVEL, member("a"), links=links)) == message.format("level")
    assert refusal(lambda: stage(Block("markers", Parameters), member(), links=links)) == message.format("markers")


def test_records_are_frozen_and_picklable():
    one = member(
        "MK-7", clearance=Value(1.1, "L/h", "row"), links={"tissue": "liver"}, enters={"oral": Entry("central")}
    )
    with pytest.raises(TypeError):
        one.values["clearance"] = Value(2.0, "L/h", "row")
    for thing in (one, ORAL_PK, CALCIFICATION, stage(ORAL_PK, one), LEVEL):
        assert pickle.loads(pickle.dumps(thing)) == thing
