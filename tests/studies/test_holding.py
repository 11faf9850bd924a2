"""People held at an INR: each on the dose that does it, and nothing moves without a change."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.studies.holding import holding, taking, target

MODEL = mk.models.vitamin_k(antagonists=["warfarin", "acenocoumarol"], sites=[])
PEOPLE = mk.population("postmenopausal", 6, rng=2)


def test_everybody_is_held_at_the_target_and_stays_there():
    held = holding(PEOPLE, "warfarin", 2.5, MODEL)
    found = mk.simulate(MODEL, held, times=[0.0, 30.0], outputs=["inr"])["inr"].values
    np.testing.assert_allclose(found, 2.5, rtol=1e-5)
    doses = held.table["drug[warfarin]"].values
    assert len(np.unique(doses)) == 6
    more = holding(PEOPLE, "warfarin", 3.0, MODEL).table["drug[warfarin]"].values
    assert (more > doses).all()


def test_a_sensitive_genotype_needs_less():
    reference = mk.population("reference", 3, rng=1).having({"VKORC1": ["GG", "GA", "AA"]})
    doses = holding(reference, "warfarin", 2.5, MODEL).table["drug[warfarin]"].values
    assert doses[0] > doses[1] > doses[2]


def test_who_is_held_is_the_same_alone():
    together = holding(PEOPLE, "warfarin", 2.0, MODEL).table["drug[warfarin]"].values
    alone = holding(PEOPLE.select([3]), "warfarin", 2.0, MODEL).table["drug[warfarin]"].values
    assert together[3] == alone[0]


def test_drugs_are_taken_at_a_dose_or_at_what_it_holds():
    people = taking(PEOPLE, {"warfarin": "4 mg/d"}, MODEL)
    assert people.table["drug[warfarin]"].values.tolist() == [4.0] * 6
    held = taking(PEOPLE.select([0]), {"acenocoumarol": "INR 2.0"}, MODEL)
    assert held.drugs == ("acenocoumarol",)
    assert taking(PEOPLE, {}, MODEL) is PEOPLE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: target("INR 0.9", "x"), "x: got 'INR 0.9', expected an INR above 1 such as 'INR 2.5'."),
        (lambda: target("INR high", "x"), "x: got 'high', expected a finite number without a unit."),
        (
            lambda: holding(PEOPLE, "warfarin", 1e6, MODEL),
            "INR on warfarin: got 1e+06, expected one that 200 mg/d can hold everybody at.",
        ),
    ],
)
def test_what_cannot_be_held_is_refused(make, message):
    with pytest.raises(InputError) as refusal:
        make()
    assert str(refusal.value) == message
