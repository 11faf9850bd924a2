"""Users of antagonists: what differs between them, and doses that follow need."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue import evidence

USERS = mk.population("vka", 400, rng=3)


def test_effects_reach_every_drug_that_they_belong_to():
    felt = USERS.table["person_ic50"].values
    for drug in ("warfarin", "acenocoumarol"):
        assert np.array_equal(USERS.factors[f"person_ic50[{drug}]"], felt)
    assert "person_clearance[acenocoumarol]" not in USERS.factors
    assert np.log(felt).std() == pytest.approx(0.385, rel=0.1)
    assert np.log(USERS.factors["person_clearance[warfarin]"]).std() == pytest.approx(0.31, rel=0.1)


def test_doses_follow_need():
    """Within a genotype of VKORC1, whose doses are drawn from one law."""
    same = USERS.table["VKORC1"].values == 1
    dose = np.log(USERS.table["drug[warfarin]"].values[same])
    need = np.log(USERS.factors["person_clearance[warfarin]"] * USERS.factors["person_ic50[warfarin]"])[same]
    assert np.corrcoef(dose, need)[0, 1] > 0.85


@pytest.mark.accuracy
def test_inr_of_stable_users_spreads_as_published():
    model = mk.models.vitamin_k(antagonists=["warfarin"], sites=[])
    found = mk.simulate(model, USERS, times=[0], outputs=["inr"])["inr"].values[:, 0]
    row = evidence.row("watala-2003-oat-inr")
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    assert middle == pytest.approx(row.value, rel=0.1)
    np.testing.assert_allclose([low, high], row.spread, rtol=0.1)
