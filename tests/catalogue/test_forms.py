"""Records of forms, tissues, proteins and sites: whole, frozen, and refused in one sentence when they do not fit."""

import pickle

import numpy as np
import pytest

from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.catalogue.forms import FORMS, K1, MK4, MK7, MK8, MK9, FatEffect, Form, Formulation, enters, form
from menaquinone.catalogue.proteins import MGP, PROTEINS, USUAL, Protein, protein
from menaquinone.catalogue.sites import CORONARY, SITES, Site, site
from menaquinone.catalogue.tissues import TISSUES, VESSEL, Tissue, tissue
from menaquinone.declare import Entry, Member, Value, member, stage
from menaquinone.errors import InputError, UnknownNameError

RECORDS = [*FORMS.values(), *TISSUES.values(), *PROTEINS.values(), *SITES.values()]


def test_the_names_are_those_that_stand_in_brackets():
    assert tuple(FORMS) == ("K1", "MK-4", "MK-7", "MK-8", "MK-9")
    assert tuple(TISSUES) == ("liver", "bone", "vessel")
    assert USUAL == tuple(PROTEINS)[:3] == ("MGP", "osteocalcin", "prothrombin")
    assert tuple(PROTEINS)[3:] == ("factor VII", "factor IX", "factor X", "protein C", "protein S", "Gas6")
    assert tuple(SITES) == ("coronary", "aortic valve", "thoracic aorta")


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.name)
def test_a_record_survives_pickling(record):
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.name)
def test_a_record_is_frozen(record):
    with pytest.raises(AttributeError):
        record.name = "other"


@pytest.mark.parametrize(
    ("one", "mass"), [(K1, 450.7), (MK4, 444.7), (MK7, 649.0), (MK8, 717.1), (MK9, 785.2)], ids=lambda one: str(one)[:5]
)
def test_molar_masses(one, mass):
    assert one.molar_mass.value == pytest.approx(mass, abs=0.1)


@pytest.mark.parametrize("one", FORMS.values(), ids=lambda one: one.name)
def test_a_form_sets_what_the_block_declares(one):
    assert stage(ORAL_PK, one.pk).members == (one.pk,)
    depots = one.pk.values["depots"].value
    assert one.pk.enters["oral"] == Entry(f"transit_{6 - depots:.0f}", "bioavailability")
    assert set(one.delivery) == set(TISSUES)


def test_routes():
    assert set(K1.pk.enters) == set(MK4.pk.enters) == {"oral", "iv", "im"}
    assert K1.entry("iv") == Entry("central")
    assert MK4.entry("im") == Entry("muscle", "muscle_bioavailability")
    assert set(MK7.pk.enters) == set(MK8.pk.enters) == set(MK9.pk.enters) == {"oral"}


def test_an_intravenous_dose_of_an_apparent_clearance_is_refused():
    with pytest.raises(InputError) as caught:
        MK7.entry("iv")
    assert str(caught.value) == (
        "route of MK-7: got 'iv', expected 'oral', because clearance and volumes of MK-7 are known only relative to "
        "its oral bioavailability."
    )


def test_an_unknown_route_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        K1.entry("orally")
    assert str(caught.value) == (
        "unknown route of K1: got 'orally', expected one of 'oral', 'iv' and 'im'; the nearest is 'oral'."
    )


def test_enters_by_number_of_depots():
    assert enters(5)["oral"].state == "transit_1"
    assert enters(1, "iv")["oral"].state == "transit_5"
    with pytest.raises(InputError) as caught:
        enters(6)
    assert str(caught.value) == "depots: got 6, expected a whole number from 1 to 5."
    with pytest.raises(UnknownNameError) as caught:
        enters(3, "sc")
    assert str(caught.value) == "unknown route: got 'sc', expected one of 'oral', 'iv' and 'im'."


def test_long_chains_are_mk7_on_moles():
    for one in (MK8, MK9):
        for name, value in one.pk.values.items():
            assert value.value == MK7.pk.values[name].value
            assert value.omega == MK7.pk.values[name].omega
            assert value.source == f"assumed: {one.name} as MK-7 on moles"
        for place, values in one.delivery.items():
            assert values["reference_level"].value == MK7.delivery[place]["reference_level"].value
            assert values["reference_plasma"].value == 0.0
        assert one.flags


def test_meal_fat_is_log_linear_between_meals_and_flat_outside():
    fat = MK4.fat
    np.testing.assert_allclose(fat.at([8.8, 20.0, 35.0]), [0.068, 0.089, 0.188])
    np.testing.assert_allclose(fat.at([0.0, 60.0]), [0.068, 0.188])
    np.testing.assert_allclose(fat.at(27.5), np.sqrt(0.089 * 0.188))
    np.testing.assert_allclose(fat.at([np.nan]), [0.12])
    np.testing.assert_allclose(fat.factor([np.nan, 35.0]), [1.0, 0.188 / 0.12])
    assert MK4.pk.values["bioavailability"] == fat.unspecified
    assert fat.at(np.zeros((2, 3))).shape == (2, 3)


def test_a_fat_effect_is_data_of_any_form():
    values = tuple(Value(one, "1", "assumed: for the test") for one in (0.1, 0.4))
    fats = tuple(Value(one, "g", "assumed: for the test") for one in (0.0, 10.0))
    assert FatEffect(fats, values, values[0]).at(5.0) == pytest.approx(0.2)


def test_formulations():
    assert MK7.formulation("") == Formulation()
    assert MK7.formulation("food").absorption_time.value == 4.0
    assert MK7.pk.values["absorption_time"].value == 3.0
    oral = K1.pk.values["bioavailability"].value * K1.formulation("tablet").bioavailability.value
    assert oral == pytest.approx(0.8)
    with pytest.raises(UnknownNameError) as caught:
        MK7.formulation("oil")
    assert str(caught.value) == (
        "unknown formulation of MK-7: got 'oil', expected one of 'oil capsule', 'tablet', 'food', 'cheese' and 'nano'."
    )


PROTEINS_LISTED = (
    "'MGP', 'osteocalcin', 'prothrombin', 'factor VII', 'factor IX', 'factor X', 'protein C', 'protein S' and 'Gas6'"
)


@pytest.mark.parametrize(
    ("look_up", "wrong", "kind", "known", "nearest"),
    [
        (form, "MK7", "form", "'K1', 'MK-4', 'MK-7', 'MK-8' and 'MK-9'", "MK-7"),
        (tissue, "vessels", "tissue", "'liver', 'bone' and 'vessel'", "vessel"),
        (protein, "mgp", "protein", PROTEINS_LISTED, "MGP"),
        (site, "valve", "site", "'coronary', 'aortic valve' and 'thoracic aorta'", "aortic valve"),
    ],
)
def test_unknown_names(look_up, wrong, kind, known, nearest):
    with pytest.raises(UnknownNameError) as caught:
        look_up(wrong)
    assert str(caught.value) == f"unknown {kind}: got '{wrong}', expected one of {known}; the nearest is '{nearest}'."


@pytest.mark.parametrize(("look_up", "record"), [(form, MK7), (tissue, VESSEL), (protein, MGP), (site, CORONARY)])
def test_a_record_of_ones_own_is_handed_back(look_up, record):
    assert look_up(record) is record
    assert look_up(record.name) is record


def test_a_record_of_two_names_is_refused():
    with pytest.raises(InputError) as caught:
        Form("MK-6", MK7.molar_mass, MK7.pk, {})
    assert str(caught.value) == "pk record of form 'MK-6': got 'MK-7', expected a member named 'MK-6'."
    with pytest.raises(InputError) as caught:
        Tissue("kidney", member("kidney"), member("liver"))
    assert str(caught.value) == "cycle record of tissue 'kidney': got 'liver', expected a member named 'kidney'."
    with pytest.raises(InputError) as caught:
        Protein("Gas6", member("MGP", links={"tissue": "liver"}))
    assert str(caught.value) == "carboxylation record of protein 'Gas6': got 'MGP', expected a member named 'Gas6'."
    with pytest.raises(InputError) as caught:
        Site("carotid", CORONARY.inhibition, CORONARY.hazard, CORONARY.calcification)
    assert (
        str(caught.value) == "inhibition record of site 'carotid': got 'coronary', expected a member named 'carotid'."
    )


def test_a_record_that_hangs_in_the_air_is_refused():
    with pytest.raises(InputError) as caught:
        Protein("Gas6", member("Gas6"))
    assert str(caught.value) == "links of protein 'Gas6': got {}, expected a tissue, such as {'tissue': 'liver'}."
    alone = member("carotid")
    with pytest.raises(InputError) as caught:
        Site("carotid", alone, alone, alone)
    assert str(caught.value) == "links of site 'carotid': got {}, expected a protein, such as {'protein': 'MGP'}."


def test_random_effects_stand_with_the_numbers_they_spread():
    def omega(one: Member, name: str) -> float:
        return one.values[name].omega

    assert omega(MK7.pk, "bioavailability") == 0.5
    assert omega(MK7.pk, "clearance") == omega(K1.pk, "clearance") == 0.3
    assert omega(K1.pk, "bioavailability") == 0.6
    assert omega(MK4.pk, "clearance") == 0.4
    assert omega(MGP.carboxylation, "synthesis") == 0.40
    assert {omega(one.pool, "person_basal") for one in TISSUES.values()} == {0.45}
    assert {omega(one.calcification, "person_growth") for one in SITES.values()} == {0.6}
