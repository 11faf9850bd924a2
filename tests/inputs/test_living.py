"""Region and ancestry: intakes and allele frequencies of the rows, and whoever is neither refused by name."""

import numpy as np
import pytest

from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.baselines import at_entry
from menaquinone.inputs.people.genotypes import ANCESTRIES
from menaquinone.inputs.people.regions import REGIONS
from menaquinone.inputs.population import Population, population

MANY = 20_000
ALLELES = {
    "vkorc1-1639a": ("VKORC1", "A"),
    "cyp2c9-2": ("CYP2C9", "*2"),
    "cyp2c9-3": ("CYP2C9", "*3"),
    "cyp4f2-3": ("CYP4F2", "*3"),
}


def value(row: str) -> float:
    found = evidence.row(row).value
    assert found is not None
    return found


@pytest.mark.parametrize("ancestry", ANCESTRIES)
def test_allele_frequencies_are_those_of_the_rows(ancestry: str) -> None:
    people = population("healthy", MANY, rng=1, ancestry=ancestry)
    assert set(people.table["ancestry"].labels) == {ancestry}
    for name, (gene, allele) in ALLELES.items():
        carried = np.array([label.count(allele) for label in people.table[gene].labels]).mean() / 2
        expected = value(f"pgs-2018-{name}-{ancestry}") / 100
        assert carried == pytest.approx(expected, abs=5 * np.sqrt(expected / MANY / 2) + 1e-4)


def test_shares_of_ancestry() -> None:
    people = population("older", MANY, rng=1, ancestry={"european": 0.7, "asian": 0.3})
    assert (people.table["ancestry"].labels == "asian").mean() == pytest.approx(0.3, abs=0.02)


def levels(people: Population, form: str) -> np.ndarray:
    columns = {name: column.values for name, column in people.table.items()}
    held = at_entry(columns, people.factors, people.values, people.diet)[f"plasma_concentration[{form}]"]
    return held * FORMS[form].molar_mass.value / 1e3


@pytest.mark.parametrize(
    ("region", "row"), [("Tokyo", "kaneki-2001-mk7-tokyo"), ("Hiroshima", "kaneki-2001-mk7-hiroshima")]
)
def test_levels_of_mk7_in_japan(region: str, row: str) -> None:
    """People of the row's size: body weight and correlations widen them a little."""
    found = levels(population("postmenopausal", MANY, rng=2, region=region), "MK-7")
    assert found.mean() == pytest.approx(value(row), rel=0.12)
    assert found.std() == pytest.approx(evidence.row(row).spread[0], rel=0.35)


def test_every_region_has_both_forms_with_sources() -> None:
    for region, eaten in REGIONS.items():
        assert list(eaten) == ["K1", "MK-7"], region
        people = population("healthy", 3, rng=1, region=region)
        assert people.table["diet[K1]"].source == eaten["K1"].source


def test_messages() -> None:
    with pytest.raises(UnknownNameError) as refusal:
        population("healthy", 3, region="Netherland")
    assert str(refusal.value).endswith("the nearest is 'Netherlands'.")
    with pytest.raises(UnknownNameError) as refusal:
        population("healthy", 3, ancestry="europe")
    assert str(refusal.value) == (
        "unknown ancestry: got 'europe', expected one of 'european', 'african' and 'asian'; the nearest is 'european'."
    )
    with pytest.raises(InputError) as wrong:
        population("healthy", 3, ancestry={"asian": 0.4})
    assert str(wrong.value) == "ancestry: got {'asian': 0.4}, expected a name, or shares of at least 0 that sum to 1."
    with pytest.raises(InputError) as wrong:
        population("healthy", 3, ancestry=3)  # type: ignore[arg-type]
    assert str(wrong.value) == "ancestry: got 3, expected a name, or shares of at least 0 that sum to 1."
    with pytest.raises(InputError) as none:
        population("reference", 3, ancestry="asian")
    assert str(none.value) == (
        "ancestry of population 'reference': got 'asian', expected a population that has genotypes."
    )
