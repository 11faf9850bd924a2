"""What is kept by its key: made once, few at a time, and never for another key."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.inputs.doses import prescribed
from menaquinone.inputs.schedule import expand
from menaquinone.solve.asked import asked
from menaquinone.solve.build import Built
from menaquinone.solve.kept import Kept
from menaquinone.solve.streams import aligned

MODEL = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
PEOPLE = mk.population("postmenopausal", 20, rng=2)
DAILY = mk.dose("MK-7", "90 ug", every="24 h")
TIMES = [0.0, 3.0, 10.0]


def built(model=MODEL, regimen=DAILY, **options):
    run = asked(model, PEOPLE, times=TIMES, **options)
    return Built(aligned(run, *prescribed(regimen, PEOPLE.ids)), run.wanted)


def test_what_was_not_asked_for_longest_is_forgotten_first():
    keep, made = Kept(2), []

    def make(key):
        return keep(key, lambda: made.append(key) or key)

    assert [make(key) for key in "abacab"] == list("abacab")
    assert made == ["a", "b", "c", "b"]
    assert len(keep) == 2


def test_what_cannot_be_made_is_not_kept():
    keep = Kept(2)
    with pytest.raises(ZeroDivisionError):
        keep("a", lambda: 1 / 0)
    assert keep("a", lambda: 1) == 1


def test_models_that_differ_in_numbers_alone_share_their_tables_and_no_others_do():
    one, other = built(), built(MODEL.replace({"clearance[MK-7]": 2.0}))
    assert other.program is one.program
    assert other.agenda is one.agenda
    assert built(outputs=["plasma_concentration"]).program is not one.program
    assert built(mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=[])).program is not one.program
    assert built(regimen=mk.dose("MK-7", "90 ug", every="12 h")).agenda is not one.agenda


def test_a_regimen_is_written_out_once_for_each_horizon():
    again = mk.dose("MK-7", "90 ug", every="24 h")
    assert expand(DAILY, 240.0) is expand(again, 240.0)
    assert len(expand(again, 480.0)) == 2 * len(expand(DAILY, 240.0))
    assert len(expand(DAILY * mk.adherence(0.5), 240.0).adherence) == 10


def test_a_loop_over_values_finds_what_each_value_alone_finds():
    values = [0.5, 1.0, 2.0, 1.0]
    looped = [
        mk.simulate(MODEL.replace({"clearance[MK-7]": one}), PEOPLE, DAILY, times=TIMES, rtol=1e-3) for one in values
    ]
    levels = [one["plasma_concentration"].values for one in looped]
    assert np.array_equal(levels[1], levels[3])
    assert (levels[0][:, -1] > levels[1][:, -1]).all()
    assert (levels[1][:, -1] > levels[2][:, -1]).all()


def test_tables_of_many_schedules_are_not_kept():
    many = [mk.dose("MK-7", f"{90 + k} ug", every="24 h") for k in range(PEOPLE.n)]
    assert built(regimen=many).agenda is not built(regimen=many).agenda
    few = [many[k % 2] for k in range(PEOPLE.n)]
    assert built(regimen=few).agenda is built(regimen=few).agenda
