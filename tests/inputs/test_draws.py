"""Keyed draws: right generator, right laws, and no dependence on position or batch."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.errors import InputError
from menaquinone.inputs import draws

ONES = 0xFFFFFFFF
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(counter, key, answer):
    assert tuple(int(word) for word in draws.philox(counter, key)) == answer


def test_philox_on_arrays_gives_the_same_known_answers():
    counters = tuple(np.array([case[0][word] for case in KNOWN_ANSWERS[:2]]) for word in range(4))
    together = draws.philox(counters, (0, 0))
    assert [int(word[0]) for word in together] == list(KNOWN_ANSWERS[0][2])


@pytest.mark.parametrize("law", [draws.uniform, draws.normal])
@given(
    seed=st.integers(0, 2**64 - 1),
    ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40, unique=True),
    extra=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_a_draw_is_the_same_alone_and_in_any_batch(law, seed, ids, extra, data):
    together = law(seed, "purpose", np.array(ids), extra)
    order = data.draw(st.permutations(range(len(ids))))
    assert law(seed, "purpose", np.array(ids)[order], extra).tolist() == together[order].tolist()
    alone = [float(law(seed, "purpose", np.array(one), extra)) for one in ids]
    assert alone == together.tolist()


def test_lognormal_is_the_same_alone_and_in_a_batch():
    ids = np.arange(1001)
    together = draws.lognormal(0.4, 7, "clearance", ids)
    assert [float(draws.lognormal(0.4, 7, "clearance", np.array([one]))[0]) for one in ids] == together.tolist()


def test_uniform_numbers_are_uniform_and_inside_the_open_interval():
    u = draws.uniform(1, "test", np.arange(200_000))
    assert u.min() > 0
    assert u.max() < 1
    counts = np.bincount((u * 50).astype(int), minlength=50)
    assert ((counts - 4000) ** 2 / 4000).sum() < 100  # chi-square with 49 degrees of freedom, far beyond 5 SD


def test_the_extreme_words_stay_inside_the_open_interval(monkeypatch):
    for word, expected in ((0, 2.0**-53), (ONES, 1 - 2.0**-53)):
        monkeypatch.setattr(draws, "philox", lambda counter, key, word=word: (np.array([word], dtype=np.uint64),) * 4)
        assert draws.uniform(1, "test", [1]).tolist() == [expected]


def test_neighbouring_keys_are_uncorrelated():
    ids = np.arange(100_000)
    base = draws.uniform(1, "test", ids, 0, 0)
    others = [
        draws.uniform(2, "test", ids, 0, 0),
        draws.uniform(1, "tess", ids, 0, 0),
        draws.uniform(1, "test", ids + 1, 0, 0),
        draws.uniform(1, "test", ids, 1, 0),
        draws.uniform(1, "test", ids, 0, 1),
        draws.uniform(1, "test", ids + 2**32, 0, 0),
    ]
    for other in others:
        assert not (base == other).any() or other is others[2]
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.015


def test_laws_have_their_moments():
    ids = np.arange(200_000)
    z = draws.normal(3, "z", ids)
    assert z.mean() == pytest.approx(0, abs=0.01)
    assert z.std() == pytest.approx(1, abs=0.01)
    log = np.log(draws.lognormal(0.4, 3, "l", ids))
    assert log.mean() == pytest.approx(0, abs=0.005)
    assert log.std() == pytest.approx(0.4, abs=0.005)


def test_shape_is_the_broadcast_of_ids_and_extras():
    grid = draws.uniform(5, "growth", np.arange(3)[:, None, None], np.arange(4)[:, None], np.arange(5))
    assert grid.shape == (3, 4, 5)
    assert grid[2, 1, 3] == draws.uniform(5, "growth", 2, 1, 3)
    assert draws.uniform(5, "growth", np.array([], dtype=int)).shape == (0,)


def test_draws_are_the_same_in_another_process():
    code = "from menaquinone.inputs.draws import uniform; print(float(uniform(2024, 'adherence', 17, 1, 2)).hex())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == float(draws.uniform(2024, "adherence", 17, 1, 2)).hex() == PINNED


PINNED = "0x1.5415ea4c27a13p-1"


def test_entropy_keeps_whole_numbers_and_reads_every_kind_of_rng():
    assert draws.entropy(7) == 7
    assert draws.entropy(np.int32(7)) == 7
    assert draws.entropy(2**64 - 1) == 2**64 - 1
    assert 0 <= draws.entropy(2**100) < 2**64
    assert draws.entropy(np.random.default_rng(7)) == draws.entropy(np.random.default_rng(7))
    assert draws.entropy(np.random.PCG64(7)) == draws.entropy(np.random.default_rng(7))
    assert draws.entropy(np.random.SeedSequence(7)) == draws.entropy(np.random.SeedSequence(7))
    assert draws.entropy(None) != draws.entropy(None)
    generator = np.random.default_rng(7)
    assert draws.entropy(generator) != draws.entropy(generator)


@pytest.mark.parametrize("bad", [-1, 1.5, "seven", True])
def test_entropy_refuses_what_is_no_seed(bad):
    with pytest.raises(InputError) as error:
        draws.entropy(bad)
    assert str(error.value) == (
        f"rng: got {bad!r}, expected a whole number of at least 0, a NumPy Generator, a SeedSequence or None."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, "p", 1), "seed: got -1, expected a whole number from 0 to below 2**64."),
        ((1, "p", 1.5), "subject ids of a draw for 'p': got 1.5, expected whole numbers."),
        ((1, "p", 1, -3), "key of a draw for 'p': got -3, expected whole numbers from 0 to below 2**32."),
        ((1, "p", 1, 2, 3, 4), "key of a draw for 'p': got 3, expected at most two numbers beside the subject id."),
    ],
)
def test_bad_keys_are_refused(arguments, message):
    with pytest.raises(InputError) as error:
        draws.uniform(*arguments)
    assert str(error.value) == message
