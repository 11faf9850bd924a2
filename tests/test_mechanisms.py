"""What the credibility page says of mechanisms, each claim a test; its figures are those that these tests see."""

from dataclasses import replace

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue import evidence

DETECTED = 0.1 * 1e3 / 444.65
"""Detection level of MK-4, nmol/L (0.1 ug/L)."""
MODEL = mk.models.vitamin_k(forms=["K1", "MK-4", "MK-7"])


@pytest.fixture(scope="module")
def person():
    return mk.population("reference", 1)


def after(people, outputs, regimen, days=84.0, model=MODEL):
    return mk.simulate(model, people, regimen, times=[0.0, days], outputs=outputs, rtol=1e-5)


def percent(result, name, **member):
    one = result[name].sel(**member) if member else result[name]
    return 100 * (one.isel(time=1) / one.isel(time=0) - 1).values


def daily(form, amount, every="24 h"):
    return mk.dose(form, amount, every=every, until="12 weeks")


@pytest.fixture(scope="module")
def rising(person):
    amounts = ("45 ug", "90 ug", "180 ug", "200 ug", "360 ug", "720 ug")
    asked = ["tissue_vitamin_k", "dp_ucmgp", "ucoc_ratio", "dp_cmgp", "t_ucmgp"]
    return {amount: after(person, asked, daily("MK-7", amount)) for amount in amounts}


def test_mk7_reaches_liver_before_bone_before_vessel(rising):
    """Chosen: halving doses come from C0, which is fitted; for K1 the vessel stands before the liver."""
    for one in rising.values():
        liver, bone, vessel = (percent(one, "tissue_vitamin_k", tissue=t)[0] for t in ("liver", "bone", "vessel"))
        assert liver > bone > vessel > 0


def test_dp_cmgp_and_t_ucmgp_do_not_respond(rising):
    """Structure: they are constants with the assay's noise."""
    for one in rising.values():
        np.testing.assert_array_equal(percent(one, "dp_cmgp"), 0)
        np.testing.assert_array_equal(percent(one, "t_ucmgp"), 0)


def test_percent_change_of_dp_ucmgp_does_not_depend_on_egfr_where_supply_and_u0_are_equal(person):
    """Structure: eGFR acts on clearance alone, which cancels once levels are at rest."""
    changes, levels = [], []
    for egfr in (15.0, 30.0, 90.0):
        found = after(equal(person, egfr), ["dp_ucmgp"], daily("MK-7", "180 ug", "8 h"), days=83.0)
        changes.append(percent(found, "dp_ucmgp")[0])
        levels.append(float(found["dp_ucmgp"][0, 0]))
    np.testing.assert_allclose(changes, changes[-1], atol=0.3)
    assert levels[0] > 2 * levels[-1]


def test_dialysis_responds_less_because_delivery_and_u0_differ():
    """Structure: without these differences people on dialysis respond as they would with healthy kidneys."""
    people = mk.population("hemodialysis", 20, rng=1)
    assert people.factors["delivery_factor[vessel]"] == pytest.approx(0.55)
    assert people.factors["basal_factor[vessel]"] == pytest.approx(0.74)
    assert people.values["u0[MGP]"] == pytest.approx(0.31)
    alike = {name: np.ones(20) for name in people.factors if name.startswith(("delivery_factor", "basal_factor"))}
    same = replace(people, factors={**people.factors, **alike}, values={**people.values, "u0[MGP]": np.full(20, 0.25)})
    healthy = replace(same, table={**same.table, "egfr": replace(same.table["egfr"], values=np.full(20, 85.0))})
    own, without, kidneys = (
        percent(after(one, ["dp_ucmgp"], daily("MK-7", "360 ug")), "dp_ucmgp") for one in (people, same, healthy)
    )
    assert (own > without).all()
    assert own.mean() > without.mean() + 8  # percentage points less of a fall
    np.testing.assert_allclose(without, kidneys, atol=0.5)


def equal(person, egfr):
    """Return the reference person at an eGFR that acts on nothing else."""
    changed = person.having({"egfr": egfr})
    return replace(changed, factors=dict(person.factors), values=dict(person.values))


def test_after_420_ug_mk7_is_seen_for_two_days_and_mk4_is_gone_within_one(person):
    """Structure and clearances; that MK-4 was seen at no time is a miss, which the scorecard shows."""
    nobody_eats = person.eating({"MK-4": 0.0, "MK-7": 0.0})
    regimen = mk.dose("MK-4", "420 ug") + mk.dose("MK-7", "420 ug")
    found = mk.simulate(MODEL, nobody_eats, regimen, times=np.arange(0, 49) / 24, outputs=["plasma_concentration"])
    mk4, mk7 = (found["plasma_concentration"].sel(form=form, subject=found["subject"][0]) for form in ("MK-4", "MK-7"))
    assert (mk7.values[2:] > 0.1 * 1e3 / 649.0).all()
    assert (mk4.values[24:] < DETECTED).all()
    assert mk4.values.max() > DETECTED  # the known miss
    # nobody knows the limit; MK-7 was seen at 48 h and not at 72 h, so that it was near what is left at 48 h
    limit = float(mk7.values[48]) * 649.0 / 444.65
    assert 2 < mk4.values.max() / limit < 4
    assert (mk4.values[24:] < limit).all()


def test_45_mg_of_mk4_in_three_doses_is_effective(person):
    found = after(person, ["ucoc", "dp_ucmgp"], daily("MK-4", "15 mg", "8 h"))
    assert percent(found, "ucoc")[0] < -50
    assert percent(found, "dp_ucmgp")[0] < -50


def test_mk7_responds_from_90_ug_osteocalcin_more_than_mgp_and_still_gains_beyond_360(rising):
    mgp = np.array([percent(one, "dp_ucmgp")[0] for one in rising.values()])
    bone = np.array([percent(one, "ucoc_ratio")[0] for one in rising.values()])
    assert (np.diff(mgp) < 0).all()
    assert (np.diff(bone) < 0).all()
    assert (bone < mgp).all()
    assert mgp[1] < -15
    assert bone[1] < -35
    assert mgp[5] - mgp[4] < -8  # percentage points from 360 to 720 ug/d


def test_deficiency_gains_most_beyond_360(person):
    """Structure, and in pmol/L: in percentage points of one's own level the gain is nearly the same for all."""
    gains = []
    for basal in (0.3, 1.0, 2.0):
        model = MODEL.replace({"person_basal[vessel]": basal})
        low, high = (
            after(person, ["dp_ucmgp"], daily("MK-7", dose), model=model)["dp_ucmgp"].values[0, 1]
            for dose in ("360 ug", "720 ug")
        )
        gains.append(low - high)
    assert gains[0] > 1.5 * gains[1] > 1.5 * gains[2] > 40


@pytest.mark.parametrize(("dose", "most"), [("180 ug", 10.0), ("360 ug", 15.0)])
def test_calcification_is_slowed_by_a_few_to_ten_percent_and_never_reversed(dose, most):
    """Chosen: the size is that of the potency x, whose prior holds 0; that nothing shrinks is structure (rho is 0)."""
    people = mk.population("cac", n=40, rng=1)
    regimen = mk.dose("MK-7", dose, every="24 h", until="3 y")
    taken, left = (
        mk.simulate(MODEL, people, one, times=[0, 1095], outputs=["agatston"], rtol=1e-5)["agatston"].sel(
            site="coronary"
        )
        for one in (regimen, None)
    )
    roots = [np.cbrt(one.values) for one in (taken, left)]
    grown, natural = (root[:, 1] - root[:, 0] for root in roots)
    there = natural > 0
    slowed = 100 * (1 - grown[there] / natural[there])
    assert 1 < slowed.mean() < most
    assert (grown >= 0).all()


def test_only_the_rat_set_shrinks_deposits():
    people = mk.population("avc", n=10, rng=1)
    found = mk.simulate(mk.models.rat(), people, None, times=[0, 84], outputs=["agatston"])["agatston"]
    valve = found.sel(site="aortic valve").values
    assert (valve[:, 1] < valve[:, 0]).any()
    with_none = mk.simulate(
        mk.models.vitamin_k().replace({"potency[aortic valve]": 0.0}), people, None, times=[0, 84], outputs=["agatston"]
    )
    human = with_none["agatston"].sel(site="aortic valve").values
    assert (human[:, 1] >= human[:, 0]).all()


@pytest.mark.slow
def test_onset_and_growth_are_those_of_mesa():
    """Fitted: incidence and growth; the defaults are near, within what the page says."""
    trial = mk.trials.load("mesa-warranty")
    assert [evidence.row(one.row).value for one in trial.reported] == [53, 36, 8]
    found = trial.predict(n=1500).values
    np.testing.assert_allclose(found, [49, 32, 9], atol=4)
