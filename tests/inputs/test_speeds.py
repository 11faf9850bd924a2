"""One chain, one speed: slower preparations are released over hours, and their mean absorption time stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.catalogue.forms import FORMS
from menaquinone.inputs.schedule import expand
from menaquinone.inputs.speeds import UNSPECIFIED, at_one_speed

CHOICES = [(name, kind) for name, form in FORMS.items() for kind in ("", *form.formulations)]


def time_of(form, formulation):
    own = form.pk.values["absorption_time"].value
    found = form.formulation(formulation).absorption_time
    return own if found is None else found.value


def test_nothing_changes_where_there_is_one_speed():
    regimen = mk.dose("MK-7", "90 ug", every="24 h", formulation="food") + mk.dose("K1", "90 ug", formulation="tablet")
    records, forms = at_one_speed(regimen.records)
    assert records == regimen.records
    assert forms == {"MK-7": FORMS["MK-7"], "K1": FORMS["K1"]}


@given(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=6))
def test_mean_absorption_time_and_share_are_kept(chosen):
    regimen = sum(
        (mk.dose(form, "10 ug", **({"formulation": kind} if kind else {})) for form, kind in chosen), mk.Regimen()
    )
    records, forms = at_one_speed(regimen.records)
    for before, after in zip(regimen.records, records, strict=True):
        form, known = FORMS[before.form], forms[before.form]
        chain = time_of(known, after.formulation)
        assert chain + after.infused / 2 == pytest.approx(time_of(form, before.formulation))
        assert after.amount == before.amount
        share, kept = (
            one.bioavailability for one in (form.formulation(before.formulation), known.formulation(after.formulation))
        )
        assert share == kept
    for name in {form for form, _ in chosen}:
        times = {time_of(forms[name], one.formulation) for one in records if one.form == name}
        assert len(times) == 1


def test_an_infusion_lasts_longer_and_an_endless_one_stays():
    regimen = mk.dose("MK-7", "90 ug", duration="5 h", formulation="tablet") + mk.dose("MK-7", "90 ug")
    slow, fast = at_one_speed(regimen.records)[0]
    assert slow.infused == 7.0
    assert (fast.infused, fast.formulation) == (0.0, UNSPECIFIED)


def test_other_routes_are_left_alone():
    regimen = mk.dose("K1", "1 mg", route="iv") + mk.dose("K1", "1 mg", formulation="tablet") + mk.dose("K1", "1 mg")
    records, _ = at_one_speed(regimen.records)
    assert records[0] == regimen.records[0]
    assert [one.infused for one in records] == [0.0, 0.0, 4.0]


def test_the_schedule_shows_the_release():
    regimen = mk.dose("MK-7", "90 ug", every="24 h", formulation="tablet", until="2 d") + mk.dose("MK-7", "90 ug")
    schedule = expand(regimen, 72.0)
    assert sorted(zip(schedule.start.tolist(), schedule.rate > 0, strict=True)) == [
        (0.0, False), (0.0, True), (24.0, True),
    ]  # fmt: skip


@pytest.mark.accuracy
@pytest.mark.parametrize(
    "regimen",
    [
        mk.diet({"natto": "40 g/d", "spinach": "30 g/d"}, region="NL")
        + mk.dose("MK-7", "90 ug", every="24 h", start="8 h"),
        mk.diet({"natto": "100 g"}, region="JP", every="7 d")
        + mk.dose("MK-7", "180 ug", every="24 h", formulation="tablet", steady_state=True)
        + mk.dose("MK-7", "90 ug", every="24 h", start="2 d"),
    ],
    ids=["diet and capsule", "portions, tablets at steady state, capsules"],
)
def test_engines_agree_on_released_doses(regimen):
    model = mk.models.vitamin_k(forms=["K1", "MK-7", "MK-8"], proteins=[], sites=[])
    people = mk.population("postmenopausal", 1, rng=3)
    asked = {"times": [0, 0.3, 1, 3.5, 7.2, 14, 20], "rtol": 1e-7}
    exact = mk.simulate(model, people, regimen, engine=mk.Reference(), **asked)
    found = mk.simulate(model, people, regimen, **asked)
    for name in ("plasma_concentration", "tissue_vitamin_k"):
        assert found[name].values == pytest.approx(exact[name].values, rel=1e-6)
