"""What the engine promises of every subject: alone or in company, in any order, on any number of threads."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.declare import Member, stage
from menaquinone.model import Model
from menaquinone.testing import strategies
from menaquinone.testing.generated import turnover

DAYS = 9
FORMS = ("K1", "MK-4", "MK-7")
REGIMENS = strategies.regimens(among=FORMS, days=DAYS)
TIMES = np.array([0.0, 0.3, 1.0, 2.5, 7.0, 7.04, DAYS])


def model_with_own_block():
    """Build the whole model with a block at its end that is not affine: every way through the engine."""
    base = mk.models.vitamin_k(forms=FORMS)
    own = turnover(gain=0.1, base=0.2, loss=0.05, capacity=1.0, half_level=3.0)
    return Model(*base.stages, stage(own, *(Member((name,)) for name in FORMS)), name="with a block of one's own")


MODEL = model_with_own_block()


def run(people, regimens, *, lanes=32, workers=1, model=MODEL, times=TIMES, **options):
    options.setdefault("outputs", list(model.offers))
    return mk.simulate(model, people, regimens, times=times, engine=mk.Cascade(lanes=lanes), workers=workers, **options)


def assert_same_bits(one, other):
    for name in MODEL.offers:
        assert one[name].values.tobytes() == other[name].values.tobytes(), name
    assert one["status"].values.tolist() == other["status"].values.tolist()


# Alone and in company -------------------------------------------------------------------------------------------------


@st.composite
def batches(draw):
    """Draw what makes people with regimens of their own: the same one for some, nothing for others."""
    distinct = [mk.Regimen(), *draw(st.lists(REGIMENS, min_size=1, max_size=3))]
    which = draw(st.lists(st.integers(0, len(distinct) - 1), min_size=2, max_size=40))
    return draw(st.sampled_from(["postmenopausal", "reference"])), draw(st.integers(0, 2**32)), distinct, which


@settings(max_examples=12)
@given(batch=batches(), data=st.data())
def test_a_subject_is_the_same_in_any_company_bit_for_bit(batch, data):
    kind, seed, distinct, which = batch
    people, regimens = mk.population(kind, len(which), rng=seed), {k: distinct[one] for k, one in enumerate(which)}
    whole = run(people, regimens)
    subject = data.draw(st.integers(0, people.n - 1))
    alone = run(people.select([subject]), regimens, lanes=data.draw(st.sampled_from([16, 32, 64])))
    assert_same_bits(whole.sel(subject=[subject]), alone)
    some = data.draw(st.lists(st.integers(0, people.n - 1), min_size=1, max_size=20, unique=True))
    chosen = run(
        people.select(some),
        regimens,
        lanes=data.draw(st.sampled_from([16, 32, 64])),
        workers=data.draw(st.sampled_from([1, 2])),
    )
    assert_same_bits(whole.sel(subject=some), chosen)


@settings(max_examples=4)
@given(regimen=REGIMENS, seed=st.integers(0, 2**32), n=st.integers(17, 70))
def test_a_subject_is_the_same_whatever_n(regimen, seed, n):
    few = run(mk.population("postmenopausal", 3, rng=seed), regimen)
    many = run(mk.population("postmenopausal", n, rng=seed), regimen, workers=2)
    assert_same_bits(many.sel(subject=[0, 1, 2]), few)


@settings(max_examples=3)
@given(regimen=REGIMENS, seed=st.integers(0, 2**32), cuts=st.sets(st.integers(1, 33), max_size=3))
def test_chunks_of_people_put_together_are_the_whole(regimen, seed, cuts):
    people = mk.population("postmenopausal", 34, rng=seed)
    edges = [0, *sorted(cuts), people.n]
    whole = run(people, regimen)
    for first, last in pairwise(edges):
        part = run(people.select(slice(first, last)), regimen, lanes=16)
        assert_same_bits(whole.isel(subject=slice(first, last)), part)


@settings(max_examples=4)
@given(regimen=REGIMENS, seed=st.integers(0, 2**32))
def test_the_outputs_asked_for_do_not_change_the_others(regimen, seed):
    people = mk.population("postmenopausal", 2, rng=seed)
    whole, one = run(people, regimen), run(people, regimen, outputs=["dp_ucmgp"])
    assert one["dp_ucmgp"].values.tobytes() == whole["dp_ucmgp"].values.tobytes()


def test_growth_noise_belongs_to_the_person():
    people = mk.population("postmenopausal", 20, rng=5)
    times = np.array([0.0, 400.0, 1000.0])
    noisy = lambda who: run(who, None, times=times, growth_noise=True)
    assert_same_bits(noisy(people).sel(subject=[7, 3]), noisy(people.select([7, 3])))
    calm = run(people, None, times=times)
    assert (noisy(people)["agatston"].values != calm["agatston"].values).any()


# Doses ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=8)
@given(share=st.floats(0.1, 0.9), seed=st.integers(0, 2**32))
def test_the_doses_taken_are_in_the_result_and_explain_it(share, seed):
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    people = mk.population("postmenopausal", 3, rng=seed)
    missed = mk.dose("MK-7", "180 ug", every="24 h") * mk.adherence(share)
    times = np.arange(0, 9)
    result = mk.simulate(model, people, missed, times=times, rng=seed + 1)
    for k in people.ids.tolist():
        taken = result["dose_taken"].sel(subject=k).values.astype(bool)
        hours = result["dose_time"].isel(schedule=0).values[taken] * 24
        given_ = sum((mk.dose("MK-7", "180 ug", start=f"{round(hour)} h") for hour in hours), start=mk.Regimen())
        exact = mk.simulate(model, people.select([k]), given_, times=times)
        wanted = exact["plasma_concentration"].values
        assert result["plasma_concentration"].sel(subject=[k]).values == pytest.approx(wanted, rel=1e-5)
    again = mk.simulate(model, people, missed, times=times, rng=seed + 2)
    assert again["dose_taken"].dims == ("subject", "dose")


def test_every_dose_is_taken_where_none_can_be_missed():
    result = mk.simulate(MODEL, None, mk.dose("MK-7", "90 ug", every="12 h"), times=[3], outputs=["dp_ucmgp"])
    assert "dose_taken" not in result
    assert result["dose_time"].values.ravel() == pytest.approx(np.arange(6) / 2)
    amounts = result["dose_amount"]
    assert amounts.values.ravel() == pytest.approx([90e3 / 649.0] * 6, rel=1e-4)
    assert amounts.attrs["units"] == "nmol"


# Frozen and picklable -------------------------------------------------------------------------------------------------


def frozen_things():
    people = mk.population("postmenopausal", 3, rng=1)
    regimen = mk.dose("MK-7", "180 ug", every="24 h", lag="1 h") * mk.adherence(0.7)
    return [
        MODEL.stages[0],
        mk.models.vitamin_k(),
        people,
        regimen,
        mk.Cascade(lanes=16),
        mk.Reference(),
        mk.adherence(0.5),
    ]


@pytest.mark.parametrize("thing", frozen_things(), ids=lambda one: type(one).__name__)
def test_everything_handed_around_is_frozen_and_survives_pickling(thing):
    again = pickle.loads(pickle.dumps(thing))
    assert type(again) is type(thing)
    name = next(iter(thing.__dataclass_fields__))
    with pytest.raises(AttributeError):
        setattr(again, name, None)


def test_what_was_pickled_gives_the_same_bits():
    model = mk.models.vitamin_k(forms=["MK-7"])
    people = mk.population("postmenopausal", 3, rng=1)
    regimen = mk.dose("MK-7", "180 ug", every="24 h") * mk.adherence(0.7)
    first = mk.simulate(model, people, regimen, times=TIMES)
    again = mk.simulate(*pickle.loads(pickle.dumps((model, people, regimen))), times=TIMES)
    assert first.identical(again)
    assert first.identical(pickle.loads(pickle.dumps(first)))


def test_progress_counts_subjects_and_ends_with_all_of_them():
    seen = []
    run(mk.population("reference", 40), None, lanes=16, workers=2, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (40, 40)
    assert all(of == 40 for _, of in seen)
    done = [one for one, _ in seen]
    assert done == sorted(done)


def test_an_exception_in_progress_stops_the_run():
    def refuse(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(mk.population("reference", 40), None, lanes=16, workers=2, progress=refuse)
