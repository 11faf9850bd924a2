"""Mean, SD and quantiles without the values: within the bound stated, however the values come."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menaquinone.results.accumulate import HELD, Accumulator, exactly

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0)
ACCURACIES = st.sampled_from([1e-4, 1e-3, 0.003, 0.01, 0.1])


def lognormal(rng, n):
    return np.exp(rng.normal(0, 1, n))


def decades(rng, n):
    return 10.0 ** rng.uniform(-4, 7, n)


def scores(rng, n):
    return np.where(rng.random(n) < 0.7, 0.0, np.exp(rng.normal(3, 2, n)))


def changes(rng, n):
    return rng.normal(0.2, 1, n) * 10.0 ** rng.uniform(-2, 2, n)


def falls(rng, n):
    return -decades(rng, n)


def few_numbers(rng, n):
    return rng.integers(-3, 4, n).astype(float)


def constant(rng, n):
    return np.full(n, 0.1)


LAWS = (lognormal, decades, scores, changes, falls, few_numbers, constant)


def filled(values, accuracy, pieces):
    """Add values (cells, n) in pieces of the sizes given, over and over."""
    made, done = Accumulator(len(values), accuracy), 0
    while done < values.shape[1]:
        for size in pieces:
            made.add(values[:, done : done + size])
            done += size
    return made


def order_statistics_around(ordered, quantile):
    place = quantile * (len(ordered) - 1)
    return ordered[int(np.floor(place))], ordered[int(np.ceil(place))]


def assert_within_bound(found, values, accuracy):
    for cell, row in enumerate(values):
        ordered = np.sort(row[np.isfinite(row)])
        assert found.n[cell] == len(ordered)
        assert found.failed[cell] == len(row) - len(ordered)
        if not len(ordered):
            assert np.isnan(found.mean[cell])
            assert np.isnan(found.quantiles[cell]).all()
            continue
        assert found.mean[cell] == pytest.approx(ordered.mean(), rel=1e-12, abs=1e-13 * np.abs(ordered).max())
        spread = ordered.std(ddof=1)
        assert found.sd[cell] == pytest.approx(spread, rel=1e-9, abs=1e-12 * np.abs(ordered).max())
        for quantile, told in zip(QUANTILES, found.quantiles[cell], strict=True):
            below, above = order_statistics_around(ordered, quantile)
            share = quantile * (len(ordered) - 1) % 1
            allowed = accuracy * ((1 - share) * abs(below) + share * abs(above)) * (1 + 1e-12) + 1e-300
            assert abs(told - np.quantile(ordered, quantile)) <= allowed + 1e-12 * max(abs(below), abs(above))


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=5)
@given(
    accuracy=ACCURACIES,
    seed=st.integers(0, 2**32),
    n=st.integers(HELD + 1, 3 * HELD),
    pieces=st.lists(st.integers(1, 2000), min_size=1, max_size=4),
)
def test_every_statistic_is_within_its_bound(law, accuracy, seed, n, pieces):
    rng = np.random.default_rng(seed)
    values = np.stack([law(rng, n), law(rng, n)])
    found = filled(values, accuracy, pieces).statistics(QUANTILES)
    assert found.error == accuracy
    assert_within_bound(found, values, accuracy)


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32), n=st.integers(2, HELD), pieces=st.lists(st.integers(1, 700), min_size=1, max_size=4))
def test_few_values_are_summarised_exactly(law, seed, n, pieces):
    values = law(np.random.default_rng(seed), n)[None]
    found = filled(values, 0.1, pieces).statistics(QUANTILES)
    assert found.error == 0
    assert found.quantiles[0] == pytest.approx(np.quantile(values[0], QUANTILES), rel=1e-14, abs=0)
    assert found.mean[0] == pytest.approx(values[0].mean(), rel=1e-12, abs=1e-13 * np.abs(values).max())


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1), n=st.integers(1, 2 * HELD))
def test_who_failed_is_left_out_and_counted(seed, share, n):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((3, n)) < [[share], [0.0], [1.0]], np.nan, lognormal(rng, (3, n)))
    values[0, ::7] = np.inf
    found = filled(values, 0.01, [500]).statistics((0.5,))
    counted = np.isfinite(values).sum(axis=1)
    assert found.n.tolist() == counted.tolist()
    assert found.failed.tolist() == (n - counted).tolist()
    for cell in np.flatnonzero(counted):
        kept = values[cell][np.isfinite(values[cell])]
        assert found.mean[cell] == pytest.approx(kept.mean(), rel=1e-12)
        assert found.quantiles[cell, 0] == pytest.approx(np.quantile(kept, 0.5), rel=0.01)
    assert np.isnan(found.mean[2])
    assert np.isnan(found.sd[counted < 2]).all()


def test_one_value_has_no_spread():
    found = filled(np.array([[3.0]]), 0.01, [1]).statistics((0.1, 0.9))
    assert found.mean[0] == 3.0
    assert np.isnan(found.sd[0])
    assert found.quantiles[0].tolist() == [3.0, 3.0]


def test_nothing_at_all():
    found = Accumulator(2, 0.01).statistics((0.5,))
    assert found.n.tolist() == [0, 0]
    assert np.isnan(found.mean).all()
    assert np.isnan(found.quantiles).all()


def test_no_quantile_is_asked_for():
    for n in (10, 2 * HELD):
        found = filled(np.ones((2, n)), 0.01, [100]).statistics(())
        assert found.quantiles.shape == (2, 0)
        assert found.mean.tolist() == [1.0, 1.0]


# The same whatever the pieces -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32), pieces=st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_pieces_leave_no_trace_in_the_last_bit(law, seed, pieces):
    values = law(np.random.default_rng(seed), 3 * HELD + 17)[None]
    one, other = (filled(values, 0.003, sizes).statistics(QUANTILES) for sizes in ([32], pieces))
    for name in ("n", "failed", "mean", "sd", "quantiles"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 3 * HELD), max_size=3))
def test_parts_merged_are_the_whole(law, seed, cuts):
    values = law(np.random.default_rng(seed), 3 * HELD)[None]
    whole = filled(values, 0.003, [512]).statistics(QUANTILES)
    merged = Accumulator(1, 0.003)
    for part in np.split(values, sorted(cuts), axis=1):
        made = Accumulator(1, 0.003)
        made.add(part)
        merged.merge(pickle.loads(pickle.dumps(made)))
    found = merged.statistics(QUANTILES)
    assert found.n.tolist() == whole.n.tolist()
    scale = np.abs(values).max()
    assert found.mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-13 * scale)
    assert found.sd == pytest.approx(whole.sd, rel=1e-9, abs=1e-12 * scale)
    assert found.quantiles.tobytes() == whole.quantiles.tobytes()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_values_does_not_matter_for_quantiles(seed):
    rng = np.random.default_rng(seed)
    values = 10.0 ** rng.uniform(-40, 20, 2 * HELD) * rng.choice([-1, 1], 2 * HELD)
    told = [filled(one[None], 0.01, [64]).statistics(QUANTILES) for one in (values, np.sort(values), -np.sort(-values))]
    assert told[0].quantiles.tobytes() == told[1].quantiles.tobytes() == told[2].quantiles.tobytes()


# Extremes -------------------------------------------------------------------------------------------------------------


def test_what_is_tiny_beside_the_largest_counts_as_zero():
    values = np.concatenate([np.full(2 * HELD, 1e-14), np.full(HELD, -1e-15), np.ones(HELD)])[None]
    found = filled(values, 0.01, [1000]).statistics((0.1, 0.5, 0.99))
    assert np.abs(found.quantiles[0][:2]).max() <= 1e-12
    assert found.quantiles[0][2] == pytest.approx(1.0, rel=0.01)
    assert len(values[0]) == found.n[0]


def test_memory_is_bounded_by_the_accuracy_not_by_the_values():
    made = Accumulator(1, 0.001)
    made.add(10.0 ** np.random.default_rng(1).uniform(-300, 300, (1, 4 * HELD)))
    made.statistics((0.5,))
    window = made.windows[0][0]
    assert window is not None
    assert len(window.counts) <= 40 * 512


@pytest.mark.parametrize("size", [5e-324, 1e-310, 2.3e-308, 1e-150, 1e150, 1.7e308])
def test_no_size_of_number_is_too_small_or_too_large(size):
    values = np.linspace(0.1, 1, 2 * HELD)[None] * size
    found = filled(values, 0.001, [100]).statistics((0.5,))
    assert found.quantiles[0, 0] == pytest.approx(np.quantile(values, 0.5), rel=0.001, abs=3e-308)


def test_exactly_takes_any_leading_axes():
    values = np.random.default_rng(1).normal(size=(4, 3, 20))
    found = exactly(values, (0.25, 0.5))
    assert found.mean.shape == (4, 3)
    assert found.quantiles == pytest.approx(np.moveaxis(np.quantile(values, (0.25, 0.5), axis=-1), 0, -1))
    assert found.sd == pytest.approx(values.std(axis=-1, ddof=1))
