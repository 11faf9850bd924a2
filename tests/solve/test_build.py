"""A problem as plain arrays: everything is where the tables say, and a person's numbers are their own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import menaquinone as mk
from menaquinone.inputs.doses import prescribed
from menaquinone.solve import program as tables
from menaquinone.solve.asked import asked
from menaquinone.solve.build import Built
from menaquinone.solve.equations import LANES
from menaquinone.solve.streams import aligned
from menaquinone.testing import strategies

MODEL = mk.models.vitamin_k()
PEOPLE = mk.population("postmenopausal", 21, rng=3)
DAILY = mk.dose("MK-7", "180 ug", every="24 h")
INFUSED = mk.dose("K1", "1 mg", every="12 h", duration="30 h", route="iv", start="5 h")
STEADY = mk.dose("MK-4", "15 mg", every="8 h", start="48 h", steady_state=True)
ARMS = {k: (mk.Regimen(), DAILY, INFUSED, STEADY)[k % 4] for k in range(21)}
DAYS = 800


def built(model=MODEL, people=PEOPLE, regimen=None, *, outputs=None, days=DAYS, **more):
    told = asked(model, people, times=[0, days], outputs=outputs, **more)
    problem = aligned(told, *prescribed(regimen, people.ids))
    problem.prepare()
    return Built(problem, told.wanted)


WHOLE = built(regimen=ARMS)


def untiled(values):
    """Put (tiles, .., lanes) as (.., n)."""
    return np.moveaxis(values, 0, -2).reshape(*values.shape[1:-1], -1)


# The model ------------------------------------------------------------------------------------------------------------


def rows_offered(made):
    """Return the rows of the board that every output of every member has, by the table of stages."""
    for one, columns in zip(made.stages, made.program.stage, strict=True):
        for member in range(one.m):
            first = columns[tables.FIRST_ROW] + member * columns[tables.OUTPUTS]
            yield from range(first, first + columns[tables.OUTPUTS])


@settings(max_examples=10)
@given(model=strategies.models(max_forms=3))
def test_states_parameters_inputs_and_rows_are_numbered_without_gaps(model):
    made = built(model, regimen=None)
    stage, counts = made.program.stage, made.program.counts
    for first, size, total in (
        (tables.FIRST_STATE, tables.STATES, counts[1]),
        (tables.FIRST_PARAMETER, tables.PARAMETERS, counts[2]),
        (tables.FIRST_INPUT, tables.INPUTS, len(made.program.feed)),
        (tables.FIRST_ROW, tables.OUTPUTS, len(made.program.felt)),
    ):
        sizes = stage[:, size] * stage[:, tables.MEMBERS]
        assert stage[:, first].tolist() == [0, *np.cumsum(sizes)[:-1].tolist()]
        assert sizes.sum() == total
    assert stage[:, tables.FIRST_MEMBER].tolist() == [0, *np.cumsum(stage[:, tables.MEMBERS])[:-1].tolist()]
    assert counts[3] == stage[:, tables.MEMBERS].sum()
    assert sorted(rows_offered(made)) == list(range(len(made.program.felt)))


def test_every_input_reads_what_an_earlier_stage_offers_or_what_is_put_on_the_board():
    made = built(regimen=ARMS)
    program, known = made.program, set()
    known |= {row + k for name, row in made.covariate_rows for k in range(made._width(name))}
    known |= set(program.entries.tolist())
    for one, columns in zip(made.stages, program.stage, strict=True):
        for place in range(columns[tables.FIRST_INPUT], columns[tables.FIRST_INPUT] + one.m * columns[tables.INPUTS]):
            first, count = program.sums[place]
            reads = program.terms[first : first + count].tolist() if count else [int(program.feed[place])]
            assert set(reads) <= known
            if count:
                assert program.feed[place] not in known  # a row of its own
        first = columns[tables.FIRST_ROW]
        known |= set(range(first, first + one.m * columns[tables.OUTPUTS]))
    assert program.counts[0] > max(known)


def test_wanted_outputs_stand_member_by_member():
    made = built(outputs=["plasma_concentration", "dp_ucmgp"])
    offered = set(rows_offered(made))
    forms = len(MODEL.members("form"))
    assert len(made.program.wanted) == forms + 1
    assert set(made.program.wanted.tolist()) <= offered
    assert len(set(np.diff(made.program.wanted[:forms]).tolist())) == 1


@pytest.mark.parametrize("name", MODEL.offers)
def test_every_output_can_be_asked_for_alone(name):
    made = built(outputs=[name])
    names = [one.block.name for one in made.stages]
    assert [one for one in (stage.block.name for stage in MODEL.stages) if one in names] == names  # in order
    assert any(name in one.block.offers for one in made.stages)
    assert len(made.program.wanted) == len(MODEL.offers[name].members)


def test_what_acts_in_the_long_run_is_the_closure_of_what_acts_at_once():
    for one, columns in zip(WHOLE.stages, WHOLE.program.stage, strict=True):
        part = slice(columns[tables.MASK], columns[tables.MASK] + one.n**2)
        acts = WHOLE.program.acts[part].reshape(one.n, one.n).astype(int)
        reach = WHOLE.program.reach[part].reshape(one.n, one.n).astype(bool)
        assert (np.diag(acts) == 1).all()
        assert (reach == (np.linalg.matrix_power(acts, max(one.n, 1)) > 0)).all()


def test_states_are_heeded_whose_outputs_others_read():
    program, place = WHOLE.program, {one.block.name: k for k, one in enumerate(WHOLE.stages)}
    assert set(np.flatnonzero(program.read)) == {*program.feed.tolist(), *program.terms.tolist()}
    for name, read in (("oral_pk", {"transit_5", "central"}), ("bone", set())):
        one, columns = WHOLE.stages[place[name]], program.stage[place[name]]
        states = program.heeded[columns[tables.FIRST_STATE] :][: one.n * one.m].reshape(one.m, one.n)
        assert {state for state, heeded in zip(one.block.states, states.any(axis=0), strict=True) if heeded} == read


# The regimens ---------------------------------------------------------------------------------------------------------


def test_every_schedule_has_its_own_rows():
    agenda, schedules = WHOLE.agenda, len(WHOLE.problem.actions)
    for first, rows in (
        (agenda.break_from, agenda.breaks),
        (agenda.event_from, agenda.time),
        (agenda.stretch_from, agenda.stretch),
        (agenda.orbit_from, agenda.orbit),
    ):
        assert len(first) == schedules + 1
        assert (first[0], first[-1]) == (0, len(rows))
        assert (np.diff(first) >= 0).all()
    for k, one in enumerate(WHOLE.problem.actions):
        part = slice(agenda.event_from[k], agenda.event_from[k + 1])
        for name in ("time", "order", "kind", "value", "dose", "target"):
            np.testing.assert_array_equal(getattr(agenda, name)[part], getattr(one, name))
        breaks = agenda.breaks[agenda.break_from[k] : agenda.break_from[k + 1]]
        assert (np.diff(breaks) > 0).all()
        assert set(one.time.tolist()) <= set(breaks.tolist())
    assert len(agenda.cycle_from) == len(agenda.running_from) == 2 * len(agenda.orbit) + 1


def test_targets_are_states_of_the_stage_that_takes_the_dose():
    dosed = set()
    for one, columns in zip(WHOLE.stages, WHOLE.program.stage, strict=True):
        if columns[tables.DOSED]:
            dosed |= set(range(columns[tables.FIRST_STATE], columns[tables.FIRST_STATE] + one.m * one.n))
    for k, targets in enumerate(WHOLE.targets):
        slots = WHOLE.agenda.slot[k, : len(targets)].tolist()
        assert set(slots) <= dosed
        assert len(set(slots)) == len(slots)


def test_steady_states_have_what_happens_in_one_period():
    agenda = WHOLE.agenda
    (row,) = agenda.orbit
    assert row.tolist() == [48.0, 8.0, 0.0]
    for cycle in range(2):  # joint, and the new doses alone: here the same
        events = agenda.cycle[agenda.cycle_from[cycle] : agenda.cycle_from[cycle + 1]]
        assert events[:, 0].tolist() == [0.0]
        assert events[:, 3] == pytest.approx(15e6 / 444.66, rel=1e-3)


# The people -----------------------------------------------------------------------------------------------------------


def test_the_last_person_fills_the_lanes():
    crowd, _ = WHOLE.crowd(np.arange(PEOPLE.n))
    n = -(-PEOPLE.n // LANES) * LANES
    assert crowd.schedule.shape == (n,)
    for name in ("parameters", "x", "base", "noise", "entry", "idle", "onset"):
        values = getattr(crowd, name)
        assert values.shape[0] == n // LANES
        assert values.shape[-1] == LANES
        assert (untiled(values)[..., PEOPLE.n :] == untiled(values)[..., PEOPLE.n - 1 : PEOPLE.n]).all(), name


@settings(max_examples=8)
@given(some=st.lists(st.integers(0, PEOPLE.n - 1), min_size=1, max_size=20, unique=True))
def test_a_persons_numbers_do_not_depend_on_the_company(some):
    whole, _ = WHOLE.crowd(np.arange(PEOPLE.n))
    part, _ = WHOLE.crowd(np.array(some))
    for name in ("parameters", "x", "base", "noise", "entry", "idle", "onset", "knots", "levels"):
        got, wanted = untiled(getattr(part, name))[..., : len(some)], untiled(getattr(whole, name))[..., some]
        assert got.tobytes() == wanted.tobytes(), name
    for name in ("schedule", "slowest"):
        assert getattr(part, name)[: len(some)].tobytes() == getattr(whole, name)[some].tobytes(), name
    assert part.share[:, : len(some)].tobytes() == whole.share[:, some].tobytes()


def test_windows_end_at_yearly_steps_at_steady_states_and_at_the_horizon():
    crowd, _ = WHOLE.crowd(np.arange(PEOPLE.n))
    assert (crowd.edges[:, -1] == DAYS * 24).all()
    assert (np.diff(crowd.edges, axis=1) >= 0).all()
    for person in range(PEOPLE.n):
        edges = set(crowd.edges[person].tolist())
        assert {365 * 24.0, 730 * 24.0} <= edges
        assert (48.0 in edges) == (person % 4 == 3)


def test_nothing_happens_to_those_who_take_nothing_and_do_not_age():
    crowd, _ = WHOLE.crowd(np.arange(PEOPLE.n))
    idle, columns = untiled(crowd.idle), WHOLE.program.stage
    names = [one.block.name for one in WHOLE.stages]
    members = lambda name: slice(
        columns[names.index(name), tables.FIRST_MEMBER],
        columns[names.index(name), tables.FIRST_MEMBER] + columns[names.index(name), tables.MEMBERS],
    )
    assert idle[members("oral_pk"), 0].all()
    assert idle[members("tissue"), 0].all()
    assert not idle[members("hazard")].any()
    assert not idle[members("carboxylation")].any()  # kidneys age
    assert (idle[members("oral_pk"), 1] == [form != "MK-7" for form in MODEL.members("form")]).all()
    assert not idle[members("tissue"), 1].any()
    assert not idle[:, 3].any() or idle[members("free_vkor"), 3].any()


@pytest.mark.accuracy
def test_the_slowest_loss_of_what_is_dosed():
    crowd, _ = WHOLE.crowd(np.arange(PEOPLE.n))
    assert (crowd.slowest[[k for k in range(PEOPLE.n) if k % 4 == 0]] == 0).all()
    values = untiled(crowd.parameters)
    place = [one.block.name for one in WHOLE.stages].index("oral_pk")
    columns, one = WHOLE.program.stage[place], WHOLE.stages[place]
    names = list(one.block.parameters)
    for person, form in ((1, "MK-7"), (2, "K1"), (3, "MK-4")):
        member = MODEL.members("form").index(form)
        first = columns[tables.FIRST_PARAMETER] + member * columns[tables.PARAMETERS]
        p = dict(zip(names, values[first : first + len(names), person], strict=True))
        rate = lambda x, p=p: np.array(one.block.rates(one.block.Parameters(**p), one.block.State(*x), ()), float)
        base = rate(np.zeros(one.n))
        a = np.stack([rate(column) - base for column in np.eye(one.n)], axis=1)
        state = WHOLE.targets[WHOLE.problem.doses.which[person]][0].state
        hours = 30 / np.abs(np.linalg.eigvals(a)).min()
        late, later = (np.abs(expm(a * time)[:, state]).sum() for time in (hours, 2 * hours))
        assert crowd.slowest[person] == pytest.approx(np.log(late / later) / hours, rel=1e-4)


def test_missed_doses_are_lists_of_what_is_taken():
    everyone, _ = WHOLE.crowd(np.arange(4))
    assert everyone.taken.shape == (LANES, 0)
    made = built(regimen=DAILY * mk.adherence(0.5), days=60)
    crowd, _ = made.crowd(np.arange(4))
    assert crowd.taken.shape == (LANES, 60)
    assert 0.2 < crowd.taken.mean() < 0.8
    for person in range(4):
        assert crowd.taken[person].astype(bool).tolist() == made.problem.taken_by(person).tolist()


def test_sites_wait_for_their_onset():
    crowd, entry = WHOLE.crowd(np.arange(PEOPLE.n))
    place = [one.block.name for one in WHOLE.stages].index("calcification")
    columns = WHOLE.program.stage[place]
    members = slice(columns[tables.FIRST_MEMBER], columns[tables.FIRST_MEMBER] + columns[tables.MEMBERS])
    onset = untiled(crowd.onset)
    assert set(np.unique(onset).tolist()) <= {-np.inf, np.inf}
    begun = entry.offered["agatston"][..., : PEOPLE.n] > 0
    assert ((onset[members, : PEOPLE.n] < 0) == begun).all()
    assert (np.delete(onset, np.r_[members], axis=0) < 0).all()
