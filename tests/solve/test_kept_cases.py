"""The worst that numbered cases and generated documents have found, reduced: the cascade against the reference."""

import pytest

from menaquinone.testing.cases import Case
from menaquinone.testing.thorough import ALLOWED, gap

pytestmark = pytest.mark.accuracy

ONE = ("reference", 1, 765121181)


def small(form, rows, *hours, turnover=None):
    blocks = (("turnover", turnover),) if turnover else ()
    return Case(-1, (form,), ("liver",), (), (), {}, blocks, ONE, rows, hours)


KEPT = {
    "cuts off the grid of times": small(
        "MK-7", ({"TIME": 0.0, "AMT": 1000.0, "CMT": "oral[MK-7]", "II": 25 / 3, "ADDL": 4},), 17.0, 24.0, 26.0,
    ),
    "two meals of one effect": small(
        "MK-7",
        (
            {"TIME": 0.0, "AMT": 1000.0, "CMT": "oral[MK-7]"},
            {"TIME": 0.0, "AMT": 1000.0, "CMT": "oral[MK-7]", "FAT": 30.0},
        ),
        1.0,
    ),
    "nothing before the first dose": small(
        "MK-8", ({"TIME": 133.333333333, "AMT": 5349.26, "CMT": "oral[MK-8]", "DUR": 30.0},), 207.0,
        turnover={"capacity": 18.0073, "half_level": 0.766171, "gain": 1.6983, "base": 0.0, "loss": 1.90653},
    ),
    "a panel of a day behind a slow input": small(
        "MK-4", ({"TIME": 70.333333333, "AMT": 751.188, "F": 0.0327622, "CMT": "im[MK-4]"},), 163.0,
        turnover={"capacity": 2.09042, "half_level": 0.944631, "gain": 0.117219, "base": 0.0, "loss": 0.102923},
    ),
    "a saturable block behind three doses": small(
        "MK-8", ({"TIME": 63.688068418, "AMT": 1496.39, "CMT": "oral[MK-8]", "II": 24.0, "ADDL": 2},), 111.688068418,
        turnover={"capacity": 3.37347, "half_level": 0.182349, "gain": 0.023856, "base": 0.0, "loss": 0.00122268},
    ),
    "a saturated loss that ends abruptly": Case(
        -1, ("MK-8",), ("bone",), (), (), {},
        ((
            "turnover",
            {"capacity": 10.7152, "half_level": 0.109063, "gain": 0.10516, "base": 0.0416595, "loss": 0.00254708},
        ),),
        ("older", 1, 162710205), ({"TIME": 0.0, "CMT": "oral[MK-8]", "AMT": 44234.9, "F": 0.540668},), (217.0,),
    ),
    "a steady state of a saturable block that rests at nothing": Case(
        -1, ("MK-4",), ("liver",), (), (),
        {"muscle_time[MK-4]": 2.0, "clearance[MK-4]": 8.0, "central_volume[MK-4]": 4.0, "exchange[MK-4]": 4.0,
         "peripheral_volume[MK-4]": 5.0},
        ((
            "turnover",
            {"capacity": 1.97332, "half_level": 0.114023, "gain": 0.0189601, "base": 0.0, "loss": 0.0763501},
        ),),
        ("reference", 1, 2140974690),
        ({"TIME": 17.333333333, "EVID": 4, "CMT": "im[MK-4]", "AMT": 6391.03, "II": 12.0, "SS": 2},), (30.0,),
    ),
    "a saturable loss that fills up between two outputs": Case(
        -1, ("MK-4",), ("vessel",), (), (), {},
        ((
            "turnover",
            {"capacity": 14.1806, "half_level": 0.118165, "gain": 0.0542226, "base": 0.0, "loss": 0.00165361},
        ),),
        ("postmenopausal", 1, 989614887),
        ({"TIME": 20.333333333, "EVID": 4, "CMT": "iv[MK-4]", "AMT": 4310.81, "II": 10.219042243, "ADDL": 6,
          "LAG": 26.0},),
        (46.333333333, 52.0, 58.0),
    ),
    "a saturable loss that fills up inside the first panel": Case(
        -1, ("MK-7",), ("liver",), (), (), {},
        (
            (
                "turnover",
                {"capacity": 18.1128, "half_level": 0.131416, "gain": 1.20416, "base": 4.44767, "loss": 9.53871},
            ),
        ),
        ("reference", 1, 1595003052),
        ({"TIME": 0.0, "CMT": "oral[MK-7]", "AMT": 21382.5, "FAT": 0.05039215242149675, "FORMULATION": "cheese"},),
        (1.5,),
    ),
    "a fast state behind four hours of a smooth input": Case(
        -1, ("MK-7",), ("vessel",), (), (), {},
        (
            (
                "exchange",
                {"size": 1, "links": (), "exchange_rate": 0.7429, "gain": 0.251216, "base": 0.031545, "loss": 8.22645},
            ),
        ),
        ("older", 1, 102571366),
        (
            {"TIME": 1.0, "CMT": "oral[MK-7]", "AMT": 1.71728, "II": 5.454366323, "ADDL": 5, "LAG": 0.5, "F": 0.333467},
            {"TIME": 3.666666667, "CMT": "oral[MK-7]", "AMT": 26.1965, "II": 24.0},
        ),
        (11.0,),
    ),
    "a drug that ends and a week without events": Case(
        -1, ("MK-7",), ("liver",), (), (), {"resistance[liver]": 45.6975}, (), ("postmenopausal", 1, 1380733690), (),
        (176.110114578,), antagonists=("warfarin",), taking=2.12089, until=0.5,
    ),
    "a factor that strays by a ten-thousandth after a small late dose": Case(
        -1, ("MK-8",), ("liver",), ("factor X",), (), {"k_out[factor X]": 0.149382}, (), ("reference", 1, 1610587118),
        ({"TIME": 0.0, "CMT": "oral[MK-8]", "AMT": 11.8265, "LAG": 26.0, "F": 0.0773173},), (123.134832722, 148.0),
        antagonists=("warfarin",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("one", [pytest.param(one, id=name) for name, one in KEPT.items()])
def test_what_was_off_once_holds(one):
    found = gap(one)
    assert found is not None
    assert found.off <= ALLOWED, found
