"""Bone: density falls with age; carboxylated osteocalcin slows that hardly."""

import numpy as np
import pytest

from menaquinone.blocks.bone import BONE
from menaquinone.testing import check_block
from menaquinone.units import HOURS_PER_YEAR, to_house

YEAR = HOURS_PER_YEAR


def change_a_year(p, share=0.52, loss="1.1"):
    u = BONE.Inputs(share, 0.52, to_house(float(loss), "%/a"))
    return BONE.rates(p, BONE.State(0.3), u).log_density * YEAR


def test_claims():
    check_block(BONE, signed=["log_density"])


@pytest.mark.parametrize("percent", ["1.7", "3.3", "1.1", "0.5"])
def test_without_an_effect_the_natural_loss_is_all(parameters, percent):
    assert change_a_year(parameters(BONE), share=0.9, loss=percent) == pytest.approx(-float(percent) / 100, rel=1e-12)


def test_full_carboxylation_brings_the_whole_effect_and_half_of_it_half(parameters):
    p = parameters(BONE, bone_effect="0.3 %/a")
    assert change_a_year(p, share=1.0) == pytest.approx(-0.008, rel=1e-9)
    assert change_a_year(p, share=0.76) == pytest.approx(-0.0095, rel=1e-9)
    assert change_a_year(p, share=0.52) == pytest.approx(-0.011, rel=1e-12)


def test_density_is_relative_to_entry(parameters):
    p = parameters(BONE)
    assert BONE.outputs(p, BONE.State(0.0), None).bmd == 1.0
    assert BONE.outputs(p, BONE.State(3 * change_a_year(p)), None).bmd == pytest.approx(np.exp(-0.033), rel=1e-12)
    assert BONE.states["log_density"].start == 0.0
