"""A factor on the amounts of each record, by person: the same doses as if each person had a schedule of their own."""

from dataclasses import replace

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.inputs.doses import doses_for
from menaquinone.inputs.records import Regimen
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import gathered

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver"], proteins=[])
WANTED = ("plasma_concentration", "hydroquinone")
TIMES = np.array([0.0, 30.0, 200.0])
SCALE = np.array([[1.0, 2.0, 1.0], [0.0, 1.0, 0.5], [3.7, 1.0, 1e-3]])
REGIMENS = {
    "boluses": mk.dose("MK-7", "90 ug", every="24 h") + mk.dose("MK-7", "45 ug", start="36 h") + mk.dose("K1", "1 mg"),
    "infusions": mk.dose("K1", "1 mg", route="iv", every="12 h", duration="20 h") + mk.dose("K1", "1 mg", lag="2 h")
    + mk.dose("MK-7", "90 ug", bioavailability=0.5),
    "steady states": mk.dose("MK-7", "90 ug", every="24 h", steady_state=True)
    + mk.dose("K1", "1 mg", every="12 h", duration="12 h", steady_state=True) + mk.dose("MK-7", "1 mg"),
}  # fmt: skip


def scaled(regimen, factors):
    records = zip(regimen.records, factors, strict=True)
    return Regimen(tuple(replace(one, amount=one.amount * factor) for one, factor in records))


def solved(engine, regimen, scale=None):
    people = mk.population("postmenopausal", len(regimen) if scale is None else len(scale), rng=3)
    doses = doses_for(regimen, people.ids, 3, TIMES[-1])
    problem = Problem(MODEL, people, doses, TIMES, 1e-6, dose_scale=scale)
    pieces = engine.pieces(problem, WANTED, workers=2, progress=None)
    return gathered(problem, WANTED, pieces).outputs


@pytest.mark.parametrize("engine", [mk.Cascade(), mk.Reference(rtol=1e-8)], ids=["cascade", "reference"])
@pytest.mark.parametrize("name", REGIMENS)
def test_scaled_doses_are_doses_of_another_size(engine, name):
    scale = SCALE if isinstance(engine, mk.Cascade) else SCALE[2:]  # one person is slow enough
    found = solved(engine, REGIMENS[name], scale)
    wanted = solved(engine, [scaled(REGIMENS[name], row) for row in scale])
    for output in WANTED:
        assert found[output] == pytest.approx(wanted[output], rel=1e-9 if isinstance(engine, mk.Cascade) else 1e-6)


def test_targets_are_told_apart_by_record_only_where_amounts_are_scaled():
    people = mk.population("reference", 1)
    doses = doses_for(mk.dose("MK-7", "90 ug") + mk.dose("MK-7", "45 ug"), people.ids, 3, TIMES[-1])
    plain = Problem(MODEL, people, doses, TIMES, 1e-6)
    apart = Problem(MODEL, people, doses, TIMES, 1e-6, dose_scale=np.ones((1, 2)))
    assert [one.record for one in plain.actions[0].targets] == [-1]
    assert [one.record for one in apart.actions[0].targets] == [0, 1]


def test_what_arrives_is_the_share_times_the_factor():
    people = mk.population("postmenopausal", 3, rng=3)
    doses = doses_for(REGIMENS["boluses"], people.ids, 3, TIMES[-1])
    one = Problem(MODEL, people, doses, TIMES, 1e-6, dose_scale=SCALE)
    lanes = np.array([2, 0])
    parameters = [one.parameters(stage, lanes) for stage in one.stages]
    for target in one.actions[0].targets:
        share = target.share(parameters)
        assert one.arriving(target, parameters, lanes).tolist() == (share * SCALE[lanes, target.record]).tolist()
