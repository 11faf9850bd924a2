"""Markers: the reference person reads the reference values, in the field's units."""

import pytest

from menaquinone.blocks.markers import MGP_MARKERS, OSTEOCALCIN_MARKERS, PROTHROMBIN_MARKERS
from menaquinone.testing import check_block
from menaquinone.units import from_house


def test_claims():
    for block in (MGP_MARKERS, OSTEOCALCIN_MARKERS, PROTHROMBIN_MARKERS):
        check_block(block)


def test_dp_ucmgp_of_the_reference_person(parameters):
    read = MGP_MARKERS.outputs(parameters(MGP_MARKERS), None, MGP_MARKERS.Inputs(0.25 * 1.07842))
    assert from_house(read.dp_ucmgp, MGP_MARKERS.offers["dp_ucmgp"].unit) == pytest.approx(376.0, rel=1e-4)


def test_only_dp_ucmgp_responds(parameters):
    p = parameters(MGP_MARKERS)
    low, high = (MGP_MARKERS.outputs(p, None, MGP_MARKERS.Inputs(under)) for under in (0.1, 0.2))
    assert high.dp_ucmgp == pytest.approx(2 * low.dp_ucmgp, rel=1e-12)
    assert high[1:] == low[1:]


def test_osteocalcin_of_the_reference_person(parameters):
    read = OSTEOCALCIN_MARKERS.outputs(parameters(OSTEOCALCIN_MARKERS), None, OSTEOCALCIN_MARKERS.Inputs(0.48, 0.52))
    assert read.ucoc == pytest.approx(5.1, rel=1e-12)
    assert read.ucoc_share == pytest.approx(0.48, rel=1e-12)
    assert read.ucoc_ratio == pytest.approx(0.48 / 0.52, rel=1e-12)


@pytest.mark.parametrize(("under", "full"), [(0.1, 0.9), (0.5, 0.5), (1.2, 0.3)])
def test_the_osteocalcin_assays_agree(parameters, under, full):
    read = OSTEOCALCIN_MARKERS.outputs(parameters(OSTEOCALCIN_MARKERS), None, OSTEOCALCIN_MARKERS.Inputs(under, full))
    assert read.ucoc_share == pytest.approx(read.ucoc / (read.ucoc + read.coc), rel=1e-12)
    assert read.ucoc_ratio == pytest.approx(read.ucoc / read.coc, rel=1e-12)
    assert read.ucoc_ratio == pytest.approx(read.ucoc_share / (1 - read.ucoc_share), rel=1e-12)


def test_pivka_is_a_fold_change(parameters):
    p = parameters(PROTHROMBIN_MARKERS)
    for under, fold in ((0.09, 1.0), (0.9, 10.0)):
        read = PROTHROMBIN_MARKERS.outputs(p, None, PROTHROMBIN_MARKERS.Inputs(under))
        assert read.pivka_ii == pytest.approx(fold, rel=1e-12)
