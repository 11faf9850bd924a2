"""Parts of a schedule: together they are the whole."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.solve.splitting import rest_of

import menaquinone as mk
from menaquinone.inputs.parts import counted, flying, overhanging, part
from menaquinone.inputs.schedule import expand
from menaquinone.testing import strategies

HORIZON = 96.0
REGIMENS = strategies.regimens(among=("K1", "MK-7"), days=3)
CUTS = st.sets(st.integers(1, 95), max_size=4).map(lambda cuts: [0.0, *sorted(map(float, cuts)), HORIZON])


def amounts(schedule):
    """Amounts by time of entry; of infusions what is infused between start and end."""
    infused = schedule.rate > 0
    return np.where(infused, schedule.rate * (schedule.end - schedule.start), schedule.amount)


@given(regimen=REGIMENS, cuts=CUTS)
def test_parts_give_what_the_whole_gives(regimen, cuts):
    whole = expand(regimen, HORIZON)
    for start, stop in pairwise(cuts):
        found, rows = part(whole, start, stop)
        assert (np.diff(rows) > 0).all()
        begins = np.maximum(whole.start[rows], start) - start
        assert np.allclose(found.start, begins, atol=1e-9)
        assert (np.isnan(found.end) | (found.end > 0) | (whole.end[rows] == whole.start[rows])).all()
        bolus = found.rate == 0
        assert (whole.start[rows][bolus] >= start - 1e-9).all()
        assert np.allclose(found.resets + start, [one for one in whole.resets if start <= one < stop])
        assert [one.time + start for one in found.steady] == [
            one.time for one in whole.steady if start <= one.time < stop
        ]
    given_out = sum(amounts(one)[one.rate == 0].sum() for one in (part(whole, *edges)[0] for edges in pairwise(cuts)))
    assert np.isclose(given_out, amounts(whole)[whole.rate == 0].sum())


@given(regimen=REGIMENS, cut=st.integers(1, 95))
def test_what_is_on_its_way_is_in_the_part_that_follows(regimen, cut):
    whole = overhanging(regimen, HORIZON)
    aloft, rows = flying(whole, float(cut))
    assert (whole.given[rows] < cut).all()
    _, following = part(whole, float(cut), np.inf)
    assert set(rows.tolist()) <= set(following.tolist())
    assert len(aloft) == len(rows)


def test_a_lag_hangs_over_the_end():
    late = mk.dose("K1", "1 mg", every="24 h", lag="30 h")
    assert expand(late, 48.0).given.tolist() == [0]
    assert overhanging(late, 48.0).given.tolist() == [0, 24]
    aloft, _ = flying(overhanging(late, 48.0), 48.0)
    assert aloft.start.tolist() == [6]


@given(regimen=REGIMENS, cut=st.integers(1, 95))
def test_numbers_of_doses_go_on_where_they_stopped(regimen, cut):
    given_before = counted(regimen, float(cut))
    rest = expand(rest_of(regimen, float(cut)), HORIZON - cut)
    whole = expand(regimen, HORIZON)
    before = {(r, k) for r, k, t in zip(whole.record, whole.number, whole.given, strict=True) if t >= cut and k >= 0}
    after = {(r, k + given_before[r]) for r, k in zip(rest.record, rest.number, strict=True) if k >= 0}
    assert before == after
