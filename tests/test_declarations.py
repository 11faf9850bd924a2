"""Contracts between blocks and records: every stage of the ready-made model holds what it claims, records included."""

import pytest

from menaquinone import models
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.catalogue.tissues import TISSUES
from menaquinone.models import vitamin_k
from menaquinone.testing import check_block
from menaquinone.testing.outcomes import SIGNED

MODEL = vitamin_k(antagonists=ANTAGONISTS)
VARIANTS = (
    *vitamin_k(
        antagonists=ANTAGONISTS, inr=models.PROTHROMBIN_ALONE, vkor=models.competition, cycle=models.three_states
    ).stages,
    *vitamin_k().stages,
)
STAGES = MODEL.stages + tuple(one for one in VARIANTS if one.block not in {each.block for each in MODEL.stages})


@pytest.mark.parametrize("one", STAGES, ids=lambda one: one.block.name)
def test_blocks_hold_their_claims_at_the_numbers_of_every_record(one):
    signed = SIGNED & one.block.states.keys()
    check_block(one.block, members=one.members, signed=signed, samples=20)


def test_every_number_of_the_model_has_a_unit_and_a_source():
    for name, value in MODEL.parameters.items():
        assert value.unit, name
        assert value.source, name


def test_names_of_outputs_and_parameters_are_unique_over_the_blocks():
    names = [name for one in MODEL.stages for name in one.block.offers]
    assert len(names) == len(set(names))


def test_records_link_to_what_is_there():
    assert {one.tissue for one in PROTEINS.values()} <= TISSUES.keys()


def test_no_parameter_is_left_out_of_generated_sets_without_a_reason():
    fixed = {name for one in MODEL.stages for name, p in one.block.parameters.items() if p.low == p.high}
    by_definition = {"reference_age", "first_score", "calcium_unit", "stated_age", "stated_weight"}
    assert fixed == by_definition | {"life_counted", "entry_score"}
