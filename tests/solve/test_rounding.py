"""A state that is a difference of equal inputs is rounding, and no engine follows it."""

import menaquinone as mk


def _model() -> "mk.models.Model":
    return mk.models.vitamin_k(forms=["K1", "MK-7"]).replace({"carboxylation_effect": 3.6})


def test_an_effect_that_nothing_drives_is_solved_without_refinement():
    result = mk.simulate(_model(), None, None, times=[0, 0.01, 0.1, 1.5, 2.6], outputs=["pwv"])
    aged = mk.simulate(mk.models.vitamin_k(forms=["K1", "MK-7"]), times=[0, 0.01, 0.1, 1.5, 2.6], outputs=["pwv"])
    assert result["status"].values.tolist() == [0]
    assert abs(result["pwv"] - aged["pwv"]).max() < 1e-12


def test_somebody_who_misses_every_dose_is_somebody_without_doses():
    dosing = mk.dose("MK-7", "180 ug", every="24 h") * mk.adherence(0)
    missed = mk.simulate(_model(), None, dosing, times="0:60:20 d", outputs=["pwv"])
    without = mk.simulate(_model(), None, None, times="0:60:20 d", outputs=["pwv"])
    assert missed["status"].values.tolist() == [0]
    assert abs(missed["pwv"] - without["pwv"]).max() < 1e-9
