"""Genotypes by name and by number."""

import pytest

from menaquinone.catalogue.genes import CYP2C9, CYP4F2, GENES, VKORC1
from menaquinone.errors import InputError, UnknownNameError


@pytest.mark.parametrize("gene", GENES.values(), ids=lambda one: one.name)
def test_names_and_numbers_go_both_ways(gene):
    for name, number in gene.genotypes.items():
        assert gene.code(name) == gene.code(number) == number
        assert gene.named(number) == name


def test_alleles_in_either_order():
    assert VKORC1.code("AG") == VKORC1.code("GA") == 1
    assert CYP2C9.code("*3/*1") == CYP2C9.code("*1/*3") == 13
    assert CYP4F2.code("*3/*1") == 1


def test_unknown_alleles_are_refused_in_a_sentence():
    with pytest.raises(UnknownNameError) as caught:
        VKORC1.code("GT")
    assert str(caught.value) == (
        "unknown genotype of VKORC1: got 'GT', expected one of 'GG', 'GA' and 'AA'; the nearest is 'GG'."
    )
    with pytest.raises(InputError) as caught:
        CYP4F2.code(3)
    assert str(caught.value) == ("genotype of CYP4F2: got 3, expected one of 0 (*1/*1), 1 (*1/*3), 2 (*3/*3).")
