"""Baselines in closed form are where a simulation starts, and those of the sources."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue import evidence
from menaquinone.inputs import baselines
from menaquinone.inputs.baselines import at_entry, hazard_to_entry
from menaquinone.inputs.distributions import Moved
from menaquinone.inputs.people import RECORDS
from menaquinone.inputs.people.scored import CORRELATION, GENERAL, KIDNEYS, Cohort
from menaquinone.inputs.people.usual import HIGHEST_SCORE
from menaquinone.inputs.population import Population, population

MANY = 20_000
NAMES = sorted(RECORDS)


def held(people: Population) -> dict[str, np.ndarray]:
    columns = {name: column.values for name, column in people.table.items()}
    return at_entry(columns, people.factors, people.values, people.diet)


@pytest.fixture(scope="module")
def crowds() -> dict[str, dict[str, np.ndarray]]:
    """Baselines of many people of every kind, with their sex."""
    found = {}
    for name in NAMES:
        people = population(name, MANY, rng=20)
        sexes = people.table["sex"].labels if "sex" in people.table else np.full(MANY, "")
        found[name] = {**held(people), "sex": sexes}
    return found


def value(row: str) -> float:
    found = evidence.row(row).value
    assert found is not None
    return found


def near(sample: np.ndarray, share: float, level: float, sigmas: float = 4.5, slack: float = 0.0) -> None:
    """Check that a share of the sample lies below a level, within Monte Carlo error and the slack given."""
    below = (sample < level).mean()
    at_most = (sample <= level).mean()
    error = sigmas * np.sqrt(share * (1 - share) / len(sample)) + slack
    assert below - error <= share <= at_most + error, (share, below, at_most, error)


# What a simulation starts from ----------------------------------------------------------------------------------------


@pytest.mark.accuracy
@pytest.mark.parametrize("name", NAMES)
def test_a_simulation_starts_at_the_baselines(name: str) -> None:
    people = population(name, 20, rng=5)
    found = held(people)
    model = mk.models.vitamin_k(antagonists=["warfarin"]) if people.drugs else mk.models.vitamin_k()
    if people.drugs:  # what a drug moves is not known in closed form
        found = {label: one for label, one in found.items() if label.startswith(baselines.UNMOVED)}
    names = sorted({label.partition("[")[0] for label in found})
    result = mk.simulate(model, people, None, times=[0.0], outputs=names)
    for label, expected in found.items():
        key, _, member = label.rstrip("]").partition("[")
        got = result[key]
        for axis in ("form", "site"):
            if axis in got.dims:
                got = got.sel({axis: member})
        assert got.values[:, 0] == pytest.approx(expected, rel=1e-9, abs=1e-9), label


def test_every_name_is_found_in_its_unit(crowds: dict[str, dict[str, np.ndarray]]) -> None:
    assert set(baselines.NAMES) == set(crowds["healthy"]) - {"sex"} - {"dp_cmgp", "t_ucmgp"}
    result = mk.simulate(mk.models.vitamin_k(), None, None, times=[0.0])
    for name in baselines.NAMES:
        assert baselines.unit(name) == result[name.partition("[")[0]].attrs["units"]


def test_the_hazard_to_entry_is_that_of_frailty_one() -> None:
    people = population("older", 50, rng=1)
    columns = {name: column.values for name, column in people.table.items()}
    for site in ("thoracic aorta", "aortic valve"):
        hazard = hazard_to_entry(columns, people.factors, people.values, people.diet, site)
        started = columns["frailty"] * hazard >= people.values[f"onset_threshold[{site}]"]
        assert np.array_equal(started, held(people)[f"agatston[{site}]"] > 0)


# Sourced percentiles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sex", ["men", "women"])
def test_coronary_scores_of_healthy_adults(crowds: dict[str, dict[str, np.ndarray]], sex: str) -> None:
    mine = crowds["healthy"]["sex"] == {"men": "male", "women": "female"}[sex]
    sample = crowds["healthy"]["agatston[coronary]"][mine]
    for percentile in (25, 50, 75, 90) if sex == "men" else (50, 75, 90):
        near(sample, percentile / 100, value(f"erbel-2014-{sex}-p{percentile}"))


def test_share_of_healthy_adults_with_coronary_calcium(crowds: dict[str, dict[str, np.ndarray]]) -> None:
    share = (crowds["healthy"]["agatston[coronary]"] > 0).mean()
    assert 100 * share == pytest.approx(value("mesa-hnr-2007-prevalence-hnr"), abs=4)


def test_coronary_scores_with_kidney_disease(crowds: dict[str, dict[str, np.ndarray]]) -> None:
    sample = crowds["ckd"]["agatston[coronary]"]
    zero, some = evidence.row("bundy-2018-cric-incident").n, evidence.row("bundy-2018-cric-fast").n
    assert zero is not None
    assert some is not None
    near(sample, zero / (zero + some), 0.0)
    row = evidence.row("cgps-agatston-median-a")
    positive = sample[sample > 0]
    for share, level in ((0.25, row.spread[0]), (0.5, value(row.id)), (0.75, row.spread[1])):
        near(positive, share, level)


@pytest.mark.parametrize(
    ("name", "score", "row"),
    [
        ("avc", "agatston[aortic valve]", "nguyen-2015-avc-baseline"),
        ("cac", "agatston[coronary]", "ikari-2016-cac-baseline"),
        ("vka", "agatston[coronary]", "weijs-2011-cac-vka-6-60mo"),
    ],
)
def test_mean_and_sd_of_scores(name: str, score: str, row: str) -> None:
    """By quantiles in the middle of a million slices: the SD of a heavy tail is out of reach of a sample."""
    slices = (np.arange(1_000_000) + 0.5) / 1_000_000
    drawn = RECORDS[name].draws[score].distribution.quantile(slices)
    assert drawn.mean() == pytest.approx(value(row), rel=0.005)
    assert drawn.std() == pytest.approx(evidence.row(row).spread[0], rel=0.015)


@pytest.mark.parametrize(
    ("name", "cohort", "same_as", "age"),
    [("older", GENERAL, "healthy", 69.0), ("avc", GENERAL, "healthy", 66.0), ("transplant", KIDNEYS, "ckd", 58.0)],
)
def test_scores_of_other_ages_are_those_of_their_age_in_the_cohort(
    name: str, cohort: Cohort, same_as: str, age: float
) -> None:
    """Men of one age have scores of one law in both populations, limits of age bend it a little."""
    for one in (name, same_as):
        people = population(one, 10 * MANY, rng=3)
        mine = (people.table["sex"].values == 0) & (np.abs(people.table["age"].values - age) < 1)
        sample = people.table["agatston[coronary]"].values[mine]
        law = Moved(cohort.men, CORRELATION * (age - cohort.age) / cohort.sd, float(np.sqrt(1 - CORRELATION**2)))
        for share in (0.5, 0.75):
            near(sample, share, law.quantile(np.array([share]))[0], slack=0.04)


def test_scores_of_diabetics_are_those_of_people_older_by_the_rows() -> None:
    ahead = value("mesa-2021-age-at-cac-nodm") - value("mesa-2021-age-at-cac-dm")
    law = RECORDS["diabetes"].draws["agatston[coronary]"].distribution.among[0]
    assert law.by == pytest.approx(CORRELATION * (63.0 + ahead - GENERAL.age) / GENERAL.sd)


@pytest.mark.parametrize("name", [one for one in NAMES if one != "reference"])
def test_nobody_enters_with_a_coronary_score_that_no_scanner_has_seen(
    crowds: dict[str, dict[str, np.ndarray]], name: str
) -> None:
    assert "agatston[coronary]" in RECORDS[name].draws
    assert np.quantile(crowds[name]["agatston[coronary]"], 0.98) <= HIGHEST_SCORE


@pytest.mark.parametrize("name", ["avc", "cac", "vka", "healthy", "ckd"])
def test_the_score_that_was_drawn_is_the_score_at_entry(name: str) -> None:
    people = population(name, 200, rng=8)
    for column in ("agatston[coronary]", "agatston[aortic valve]"):
        if column in people.table:
            assert held(people)[column] == pytest.approx(people.table[column].values, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "row", "skew"),
    [
        # a log-normal has no skew left in its logarithm, the row has: quartiles lie up to 0.03 in share apart
        ("healthy", "groothof-prevend-dpucmgp", 0.035),
        ("hemodialysis", "delanaye-2014-dpucmgp-novka", 0.035),
        ("transplant", "keyzer-2015-ktr-dpucmgp", 0.02),
    ],
)
def test_quartiles_of_dp_ucmgp(crowds: dict[str, dict[str, np.ndarray]], name: str, row: str, skew: float) -> None:
    sample = crowds[name]["dp_ucmgp"]
    low, high = evidence.row(row).spread
    near(sample, 0.5, value(row))
    near(sample, 0.25, low, slack=skew)
    near(sample, 0.75, high, slack=skew)
    ratio = np.percentile(sample, 75) / np.percentile(sample, 25)
    assert ratio == pytest.approx(high / low, rel=0.03)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("diabetes", "liabeuf-2014-t2d-dpucmgp"),
        ("ckd", "kurnatowska-2016-dpucmgp-base"),
        ("postmenopausal", "vanballegooijen-2018-lasa-dpucmgp"),
    ],
)
def test_mean_and_sd_of_dp_ucmgp(crowds: dict[str, dict[str, np.ndarray]], name: str, row: str) -> None:
    sample = crowds[name]["dp_ucmgp"]
    sd = evidence.row(row).spread[0]
    assert sample.mean() == pytest.approx(value(row), abs=4.5 * sd / np.sqrt(MANY))
    # kurtosis of a log-normal of such a spread is about 10
    assert sample.std() == pytest.approx(sd, rel=4.5 * np.sqrt(10 / 4 / MANY))


@pytest.mark.parametrize(
    ("name", "row"), [("healthy", "riphagen-2017-prevend-gt500"), ("older", "riphagen-2017-prevend-gt500-comorbid")]
)
def test_share_above_500(crowds: dict[str, dict[str, np.ndarray]], name: str, row: str) -> None:
    near(crowds[name]["dp_ucmgp"], 1 - value(row) / 100, 500.0)


def test_ucoc_of_healthy_adults_and_on_dialysis(crowds: dict[str, dict[str, np.ndarray]]) -> None:
    healthy, dialysis = crowds["healthy"]["ucoc"], crowds["hemodialysis"]["ucoc"]
    near(healthy, 0.025, value("theuwissen-2014-ucoc-adults-low"))
    near(healthy, 0.975, value("theuwissen-2014-ucoc-adults-high"))
    fold = np.median(dialysis) / np.median(healthy)
    assert fold == pytest.approx(value("westenfeld-2012-ucoc-fold-hd"), rel=0.03)


def test_pulse_wave_velocity(crowds: dict[str, dict[str, np.ndarray]]) -> None:
    row = evidence.row("mansour-2017-cfpwv-pre")
    sample = crowds["transplant"]["pwv"]
    assert sample.mean() == pytest.approx(value(row.id), abs=4.5 * row.spread[0] / np.sqrt(MANY))
    assert sample.std() == pytest.approx(row.spread[0], rel=0.03)


def test_velocity_of_healthy_adults_rises_as_in_the_row() -> None:
    people = population("healthy", MANY, rng=2)
    age, velocity = people.table["age"].values, people.table["pwv_entry"].values
    slope, level = np.polyfit(age - 39.8, velocity, 1)
    row = evidence.row("diaz-2014-pwv-mean")
    assert slope == pytest.approx(np.sqrt(0.61) * row.spread[0] / 18.5, abs=0.005)
    assert level == pytest.approx(value(row.id), abs=0.12)
    assert 100 * 10 * slope / level == pytest.approx(value("diaz-2014-pwv-per-decade"), abs=3.5)
