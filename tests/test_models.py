"""The ready-made models: the stages in order, what falls away with what is left out, and one's own records."""

import pickle

import pytest

from menaquinone import models
from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import MK7, Form, enters
from menaquinone.catalogue.proteins import Protein
from menaquinone.catalogue.sites import Site
from menaquinone.catalogue.tissues import Tissue
from menaquinone.declare import Value, member
from menaquinone.errors import InputError, UnknownNameError

ORDER = [
    "oral_pk", "delivery", "tissue", "free_vkor", "cycle", "carboxylation", "mgp_markers", "osteocalcin_markers",
    "prothrombin_markers", "inhibition", "hazard", "calcification", "stiffness", "bone",
]  # fmt: skip


def names(model):
    return [one.block.name for one in model.stages]


def test_the_cascade_is_whole_and_in_order():
    model = models.vitamin_k()
    assert names(model) == ORDER
    assert model.members("form") == ("K1", "MK-4", "MK-7", "MK-8", "MK-9")
    assert model.members("tissue") == ("liver", "bone", "vessel")
    assert model.members("protein") == ("MGP", "osteocalcin", "prothrombin")
    assert model.members("site") == ("coronary", "aortic valve", "thoracic aorta")
    assert set(model.covariates) == {"egfr", "age", "growth_noise", "bone_loss"}


def test_parameters_carry_the_numbers_of_the_catalogue():
    parameters = models.vitamin_k().parameters
    assert parameters["clearance[MK-7]"].value == 1.1
    assert parameters["reference_level[vessel, MK-7]"].value == 18.1
    assert parameters["arrives_as_mk4[liver, MK-4]"].value == 1.0
    assert parameters["u0[MGP]"].value == 0.25
    assert parameters["growth[aortic valve]"].value == 1.30
    assert parameters["pwv_entry"].value == 9.8


def test_every_model_names_its_rows():
    for model in (models.vitamin_k(), models.rat()):
        assert len(model.sources()) > 40
        assert all(evidence.exists(name) for name in model.sources())


def test_every_model_says_what_it_is_not():
    notes = models.vitamin_k().notes
    assert notes[0] == "A research model: no medical advice and no dosing tool."
    assert "deposits do not shrink" in notes[1]
    assert sum("MK-7 on moles" in note for note in notes) == 2
    assert len(models.vitamin_k(forms=["K1"]).notes) == 2


@pytest.mark.parametrize(
    ("chosen", "gone"),
    [
        ({"proteins": ["MGP"]}, {"osteocalcin_markers", "prothrombin_markers", "bone"}),
        (
            {"proteins": ["osteocalcin"]},
            {"mgp_markers", "prothrombin_markers", "inhibition", "hazard", "calcification", "stiffness"},
        ),
        ({"sites": ["coronary"]}, {"stiffness"}),
        ({"sites": []}, {"inhibition", "hazard", "calcification", "stiffness"}),
        ({"proteins": []}, set(ORDER[5:])),
        ({"tissues": ["liver"]}, set(ORDER[5:]) - {"carboxylation", "prothrombin_markers"}),
        ({"forms": ["MK-7"]}, set()),
    ],
)
def test_what_is_left_out_takes_along_what_needs_it(chosen, gone):
    assert names(models.vitamin_k(**chosen)) == [name for name in ORDER if name not in gone]


def test_a_model_survives_pickling():
    for model in (models.vitamin_k(), models.rat()):
        assert pickle.loads(pickle.dumps(model)) == model


def test_the_rat_differs_in_one_number_and_says_so():
    human, rat = models.vitamin_k(), models.rat()
    differing = {name for name, value in human.parameters.items() if rat.parameters[name] != value}
    assert differing == {"loss[coronary]", "loss[aortic valve]", "loss[thoracic aorta]"}
    assert {rat.parameters[name].value for name in differing} == {6.0}
    assert "nothing else differs from the human set" in rat.notes[1]
    assert not any("deposits do not shrink" in note for note in rat.notes)


def own_form() -> Form:
    level = {"reference_level": Value(18.1, "nmol/L", "assumed: as MK-7")}
    return Form(
        "MK-6",
        Value(580.9, "g/mol", "assumed: computed from the molecular formula"),
        pk=member("MK-6", enters=enters(3), clearance=Value(1.5, "L/h", "assumed: between MK-4 and MK-7")),
        delivery={"liver": level, "bone": level, "vessel": level},
    )


def test_a_form_of_ones_own_stands_beside_the_built_in_ones():
    model = models.vitamin_k(forms=["K1", own_form()])
    assert model.members("form") == ("K1", "MK-6")
    assert model.parameters["clearance[MK-6]"].value == 1.5
    assert names(model) == ORDER


def test_a_tissue_a_protein_and_a_site_of_ones_own():
    level = {"reference_level": Value(5.0, "nmol/L", "assumed: for the test")}
    kidney = Tissue("kidney", member("kidney"), member("kidney"), {"MK-7": level})
    gas6 = Protein("Gas6", member("Gas6", links={"tissue": "kidney"}))
    carotid = Site("carotid", member("carotid", links={"protein": "Gas6"}), member("carotid"), member("carotid"))
    model = models.vitamin_k(forms=["MK-7"], tissues=[kidney], proteins=[gas6], sites=[carotid])
    assert names(model) == [*ORDER[:6], "inhibition", "hazard", "calcification"]
    assert model.parameters["reference_level[kidney, MK-7]"].value == 5.0


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        (
            {"forms": ["MK7"]},
            UnknownNameError,
            "unknown form: got 'MK7', expected one of 'K1', 'MK-4', 'MK-7', 'MK-8' and 'MK-9'; the nearest is 'MK-7'.",
        ),
        ({"forms": "MK-7"}, InputError, "forms: got 'MK-7', expected a list of names or records."),
        ({"forms": MK7}, InputError, "forms: got 'MK-7', expected a list of names or records."),
        ({"forms": []}, InputError, "block 'oral_pk': got no members, expected at least one along 'form'."),
        ({"forms": ["K1", "K1"]}, InputError, "members of block 'oral_pk': got 'K1', expected each member once."),
        (
            {"vkor": models.competition},
            InputError,
            "inr and vkor: got no antagonist beside them, expected one as in antagonists=['warfarin'].",
        ),
        (
            {"proteins": ["osteocalcin"], "sites": ["coronary"]},
            InputError,
            "model of 'coronary': got protein 'osteocalcin', expected 'MGP' among them.",
        ),
        (
            {"tissues": ["bone"], "proteins": ["MGP"]},
            InputError,
            "model of 'MGP': got tissue 'bone', expected 'vessel' among them.",
        ),
        (
            {"forms": ["K1", "MK-7"], "tissues": [Tissue("kidney", member("kidney"), member("kidney"))]},
            InputError,
            (
                "delivery of form 'K1': got none to tissue 'kidney', expected it in the form's or the tissue's record; "
                "the form's knows 'liver', 'bone' and 'vessel'."
            ),
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_sentence(chosen, error, message):
    with pytest.raises(error) as caught:
        models.vitamin_k(**chosen)
    assert str(caught.value) == message


# Antagonists ----------------------------------------------------------------------------------------------------------


def test_antagonists_bring_factors_and_inr():
    model = models.vitamin_k(antagonists=["warfarin"])
    assert names(model) == [
        "oral_pk", "antagonist_pk", "sensitivity", "delivery", "tissue", "inhibited_vkor", "cycle", "carboxylation",
        *ORDER[6:9], "factors", "prothrombin_complex", *ORDER[9:],
    ]  # fmt: skip
    assert model.members("factor") == ("II", "VII", "IX", "X", "C", "S")
    assert model.members("protein")[3:] == ("factor VII", "factor IX", "factor X", "protein C", "protein S")
    assert any("not a dosing tool" in note for note in model.notes)
    assert "inr" in model.outputs
    assert "inr" not in models.vitamin_k().offers


def test_variants_are_passed_and_keep_what_goes_with_them():
    common = {"antagonists": ["warfarin", "acenocoumarol"], "sites": []}
    default = models.vitamin_k(**common)
    alone = models.vitamin_k(**common, inr=models.PROTHROMBIN_ALONE)
    assert [one.parameters["ic50_aa[acenocoumarol]"].value for one in (default, alone)] == [0.050, 0.087]
    assert [one.parameters["weight[VII]"].value for one in (default, alone)] == [1 / 3, 0.0]
    rivals = models.vitamin_k(**common, vkor=models.competition)
    assert rivals.parameters["competing_level[K1]"].value == 28.0
    assert "tissue_cycle" in names(models.vitamin_k(**common, cycle=models.three_states))
    assert "tissue_cycle" in names(models.vitamin_k(cycle=models.three_states))
    for model in (default, alone, rivals):
        again = pickle.loads(pickle.dumps(model))
        assert again.parameters == model.parameters
    assert any("potency is assumed" in note for note in default.notes)


def test_gas6_is_there_for_those_who_ask():
    model = models.vitamin_k(proteins=["Gas6"], sites=[])
    assert model.members("protein") == ("Gas6",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"tissues": ["bone", "vessel"]},
            (
                "antagonists: got 'warfarin' with tissue 'bone' and 'vessel', expected 'liver' among the tissues, "
                "where clotting factors are made."
            ),
        ),
        (
            {"proteins": ["MGP", "prothrombin"]},
            (
                "antagonists: got 'warfarin' without 'factor VII', 'factor IX', 'factor X', 'protein C' and "
                "'protein S', expected every clotting factor among the proteins, or `proteins` left out."
            ),
        ),
        ({"inr": "A"}, "inr: got 'A', expected a link such as mk.models.FACTORS_II_VII_X."),
        ({"vkor": "competition"}, "vkor: got 'competition', expected a function such as mk.models.mass_action."),
        ({"cycle": None}, "cycle: got None, expected a function such as mk.models.algebraic."),
        ({"antagonists": "warfarin"}, "antagonists: got 'warfarin', expected a list of names or records."),
    ],
)
def test_antagonists_without_what_they_need(arguments, message):
    with pytest.raises(InputError) as caught:
        models.vitamin_k(**{"antagonists": ["warfarin"], **arguments})
    assert str(caught.value) == message
