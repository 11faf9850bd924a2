"""Outputs that no other member reads are evaluated where somebody looks: the same there as if they were read."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.test_leaps import REGIMENS, STEPPED, assert_close, counts, people_of, run

import menaquinone as mk
from menaquinone.declare import Array, Block, output, param, reads, stage
from menaquinone.inputs.doses import prescribed
from menaquinone.model import Model
from menaquinone.solve.asked import asked
from menaquinone.solve.build import Built
from menaquinone.solve.streams import aligned
from menaquinone.solve.workspace import _read

WHOLE = mk.models.vitamin_k(forms=["MK-4", "MK-7"])
PROTEINS = Model(*WHOLE.stages[:8], name="three proteins and two markers")
SITES = Model(*WHOLE.stages[:12], name="calcification without stiffness")
SHORT, MARKERS, SCORES = (
    ["uncarboxylated", "carboxylated"],
    ["dp_ucmgp", "ucoc", "ucoc_share"],
    ["agatston", "bone_like"],
)


class Nothing(NamedTuple):
    share: Array = param(1.0, "1", "share", source="assumed: for the test")


class Read(NamedTuple):
    uncarboxylated: Array = reads("1", "uncarboxylated protein", sum_over="protein")
    ucoc: Array = reads("ug/L", "undercarboxylated osteocalcin")
    dp_ucmgp: Array = reads("pmol/L", "uncarboxylated matrix Gla protein")


class Scored(NamedTuple):
    agatston: Array = reads("AU", "calcium score", sum_over="site")


class Seen(NamedTuple):
    seen: Array = output("1", "whatever is read")


def watcher(kind):
    """Return a block without states that reads: it changes nothing but that others' outputs are read."""

    def outputs(p, x, u):
        return Seen(p.share * sum(u))

    return stage(Block("watcher", Nothing, Inputs=kind, Outputs=Seen, outputs=outputs))


WATCHED = {PROTEINS.name: Model(*PROTEINS.stages, watcher(Read)), SITES.name: Model(*SITES.stages, watcher(Scored))}


def unread(model, outputs):
    """Return how many of the members that offer some outputs nobody reads; all outputs are asked for."""
    people = people_of("reference", 1)
    told = asked(model, people, times=[0, 1], rtol=1e-6, outputs=list(model.offers), engine=mk.Cascade(), workers=1)
    read, first, found = _read(Built(aligned(told, *prescribed(None, people.ids)), told.wanted).program), 0, 0
    for one in model.stages:
        offers = set(one.block.offers) & set(outputs)
        found += (read[first : first + len(one.members)] == 0).sum() if offers else 0
        first += len(one.members)
    return found


def test_there_are_outputs_that_nobody_reads_and_a_watcher_reads_them():
    assert unread(PROTEINS, ["uncarboxylated"]) == 1  # two are read by markers
    assert unread(WATCHED[PROTEINS.name], ["uncarboxylated"]) == 0
    assert unread(PROTEINS, ["dp_ucmgp", "ucoc"]) == 2
    assert unread(WATCHED[PROTEINS.name], ["dp_ucmgp", "ucoc"]) == 0
    assert unread(SITES, ["agatston"]) == 3
    assert unread(WATCHED[SITES.name], ["agatston"]) == 0


def assert_same_as_read(model, people, regimen, times, outputs, **options):
    one, other = (
        run(each, people, regimen, times, outputs=outputs, **options) for each in (model, WATCHED[model.name])
    )
    for name in outputs:
        assert np.isfinite(one[name].values).all(), name
        assert one[name].values.tobytes() == other[name].values.tobytes(), name
    return one


TIMES = {
    "odd hours": [0.0, 0.013, 3.7, 41.21, 99.96, 100.3, 200.77, 364.123],
    "boundaries of periods": [0.0, 1.0, 14.0, 50.0, 200.0, 201.0, 364.0],
    "both": [0.0, 7.0, 50.25, 51.0, 51.5, 120.0, 250.999, 300.0, 364.0],
}


@pytest.mark.accuracy
@pytest.mark.parametrize("times", TIMES.values(), ids=list(TIMES))
@pytest.mark.parametrize("name", ["daily", "thrice daily", "weekly plus daily", "ends and starts again"])
def test_in_steps_and_leaps_they_are_as_if_read_and_as_if_stepped(name, times):
    people, outputs = people_of(n=3), SHORT + MARKERS
    assert counts(PROTEINS, people, REGIMENS[name], times, outputs=outputs)[3] > 0  # there are leaps
    found = assert_same_as_read(PROTEINS, people, REGIMENS[name], times, outputs)
    stepped = run(PROTEINS, people, REGIMENS[name], times, outputs=outputs, engine=STEPPED)
    assert_close(found, stepped, 1e-6, outputs=outputs)


@pytest.mark.accuracy
def test_where_everybody_stands_still_they_are_those_of_one_period():
    # who is on the orbit needs one sample, whose panels stand for those of every period
    regimen = REGIMENS["daily"] + mk.dose("MK-7", "1 ug", every="24 h", start="9 h")
    held = mk.dose("MK-7", "180 ug", every="24 h", steady_state=True)
    times = np.unique([0.0, *(np.arange(3.0, 360.0, 25.0) + 0.37), *np.arange(10.0, 350.0, 40.0)])
    for people in (people_of("reference", 16), people_of(n=5)):
        found = assert_same_as_read(PROTEINS, people, held, times, SHORT + MARKERS)
        stepped = run(PROTEINS, people, held, times, outputs=SHORT + MARKERS, engine=STEPPED)
        assert_close(found, stepped, 1e-6, outputs=SHORT + MARKERS)
    # beside somebody who is not on it
    both = {k: held if k else regimen for k in range(5)}
    assert_same_as_read(PROTEINS, people_of(n=5), both, times, SHORT + MARKERS)


@settings(max_examples=5)
@given(
    name=st.sampled_from(list(REGIMENS)), seed=st.integers(0, 2**32),
    at=st.lists(st.integers(1, 4000), min_size=1, max_size=9, unique=True),
)  # fmt: skip
def test_whatever_is_dosed_and_whenever_one_looks(name, seed, at):
    times = np.array(sorted({0.0, *(one / 12 for one in at)}))
    assert_same_as_read(PROTEINS, people_of(n=2, seed=seed), REGIMENS[name], times, SHORT + MARKERS)


def test_missed_doses():
    regimen, times = REGIMENS["daily"] * mk.adherence(0.7), [0.0, 3.3, 20.0, 55.55]
    assert_same_as_read(PROTEINS, people_of(n=20), regimen, times, SHORT + MARKERS, rng=3)


def test_one_output_alone_is_what_it_is_among_all():
    people, times = people_of(n=3), TIMES["both"]
    whole = run(PROTEINS, people, REGIMENS["two forms"], times, outputs=SHORT + MARKERS)
    for name in SHORT + MARKERS:
        alone = run(PROTEINS, people, REGIMENS["two forms"], times, outputs=[name])
        assert alone[name].values.tobytes() == whole[name].values.tobytes(), name


@pytest.mark.accuracy
def test_what_begins_inside_a_leap_is_as_if_read_and_as_if_stepped():
    people, times = people_of(n=40, seed=11), np.array([0.0, 300.4, 700.0, 1100.77, 1461.0])
    score = run(SITES, people, mk.Regimen(), times, outputs=["agatston"])["agatston"].values
    begins = ((score[:, 0] == 0) & (score[:, -1] > 0)).any(axis=1)
    chosen = people.select(people.ids[begins][:3])
    assert chosen.n == 3  # there are some: the test asks for what it says
    found = assert_same_as_read(SITES, chosen, REGIMENS["daily"], times, SCORES)
    stepped = run(SITES, chosen, REGIMENS["daily"], times, outputs=SCORES, engine=STEPPED)
    for name in SCORES:
        one, other = found[name].values, stepped[name].values
        assert ((one == 0) == (other == 0)).all(), name
        assert (np.abs(one - other) <= 1e-4 * (np.abs(other).max(axis=1, keepdims=True) + 1e-9)).all(), name
