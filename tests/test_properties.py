"""What must hold of every run, for generated models, people and regimens."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.declare import Member, stage
from menaquinone.inputs.regimen import DoseRecord, Regimen
from menaquinone.model import Model
from menaquinone.testing import (
    assert_dose_linear,
    assert_fractions,
    assert_monotone_calcium,
    assert_nonnegative,
    strategies,
)

DAYS = 6
SMALL = mk.models.vitamin_k(forms=["K1", "MK-4", "MK-7"], tissues=["liver"], proteins=[])
FORMS = SMALL.members("form")
REGIMENS = strategies.regimens(among=FORMS, days=DAYS)
TIMES = strategies.times(days=DAYS + 2, max_size=6)


def times_as_much(regimen, factor):
    """Scale every amount and rate, so that infusions last as long as before."""
    records = [
        replace(one, amount=one.amount * factor, rate=one.rate * factor) if isinstance(one, DoseRecord) else one
        for one in regimen.records
    ]
    return Regimen(tuple(records))


@st.composite
def runs(draw):
    model = draw(strategies.models(max_forms=2))
    model = model.replace(draw(strategies.parameter_sets(model)))
    if draw(st.booleans()):
        members = [Member((name,)) for name in model.members("form")]
        model = Model(*model.stages, stage(draw(strategies.blocks()), *members))
    people = draw(strategies.populations(max_n=2))
    return model, people, draw(strategies.regimens(among=model.members("form"), days=DAYS)), draw(TIMES)


@given(run=runs())
def test_results_are_possible(run):
    model, people, regimen, times = run
    result = mk.simulate(model, people, regimen, times=times, outputs=list(model.offers))
    assert (result["status"] == 0).all()
    assert_nonnegative(result)
    assert_fractions(result)
    if "agatston" in result:
        assert_monotone_calcium(result)
    for name in model.offers:
        assert np.isfinite(result[name]).all(), name


@given(regimen=REGIMENS, people=strategies.populations(max_n=2), times=TIMES, factor=st.floats(0.01, 20))
def test_plasma_rises_in_proportion_to_the_dose(regimen, people, times, factor):
    outputs = ["plasma_concentration"]
    results = [
        mk.simulate(SMALL, people, times_as_much(regimen, scale), times=times, outputs=outputs)
        for scale in (0.0, 1.0, factor)
    ]
    assert_dose_linear(*results, factor=factor)


@given(one=REGIMENS, other=REGIMENS, times=TIMES)
def test_what_two_regimens_add_to_plasma_is_the_sum(one, other, times):
    # resets and steady states of their own act on what the other regimen gave
    keeps = [record for record in one.records + other.records if getattr(record, "steady", 3) in (0, 2)]
    alone = [Regimen((replace(record, adherence=1.0, formulation=""),)) for record in keeps]
    people = mk.population("reference", 1)

    def plasma(regimen):
        result = mk.simulate(SMALL, people, regimen, times=times, outputs=["plasma_concentration"])
        return result["plasma_concentration"].values

    base = plasma(None)
    added = sum(((plasma(single) - base) for single in alone), start=np.zeros_like(base))
    together = plasma(sum(alone, start=Regimen()))
    assert together == pytest.approx(base + added, rel=1e-5, abs=1e-9 * np.abs(together).max())


@given(regimens=st.lists(REGIMENS, min_size=3, max_size=3), seed=st.integers(0, 2**32), times=TIMES)
def test_a_subject_alone_is_the_same_bit_for_bit(regimens, seed, times):
    people = mk.population("postmenopausal", 3, rng=seed)
    model = mk.models.vitamin_k(forms=FORMS, sites=["coronary"])
    together = mk.simulate(model, people, dict(enumerate(regimens)), times=times)
    for subject, regimen in enumerate(regimens):
        alone = mk.simulate(model, people.select([subject]), {subject: regimen}, times=times)
        for name in model.outputs:
            got = together[name].sel(subject=[subject]).values
            assert np.array_equal(got, alone[name].values, equal_nan=True), name
