"""Doses, infusions and resets at the starts of panels: an event of sixteen people who step side by side is one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.solve.records import record

from menaquinone.solve import _events as events
from menaquinone.solve import _panels as panels
from menaquinone.solve._kinds import ALIKE, RESET, START, STEP
from menaquinone.solve.equations import LANES
from menaquinone.solve.program import Agenda, Crowd, Lanes, Plan, Tile

AMOUNT, RATE, BACK = 0, 1, 2
PANELS, STATES, TARGETS, DOSES = 4, 3, 2, 5
ROOM = 400

EVENT = st.tuples(
    st.integers(0, 2 * PANELS - 1), st.sampled_from([AMOUNT, RATE, BACK]), st.integers(0, TARGETS - 1),
    st.integers(-1, DOSES - 1), st.sampled_from([RESET, START]), st.floats(0.0, 5.0),
)  # fmt: skip


def gathered(many, seed, *, alike, room=ROOM, missable=True):
    """Gather events (half hours, kind, target, dose, order, value) of sixteen people; return plan and their number."""
    rng = np.random.default_rng(seed)
    many = sorted(many, key=lambda one: one[0])
    half, kind, target, dose, order, value = (np.array(column) for column in zip(*many, strict=True))
    plan = record(
        Plan, size=np.array([1, PANELS, 0, 0, 0, alike]), schedule=np.zeros(LANES, int), kind=np.full(LANES, STEP),
        starts=np.repeat(np.arange(float(PANELS))[:, None], LANES, 1), left=np.zeros(LANES),
        right=np.full(LANES, float(PANELS)), samples=np.ones(LANES, int), length=np.zeros(LANES),
        head=np.zeros(PANELS, int), tail=np.zeros(PANELS, int), following=np.zeros(room, int),
        kinds=np.zeros(room, int), slots=np.zeros(room, int), lanes=np.zeros(room, int),
        values=np.full((room, LANES), np.nan),
    )  # fmt: skip
    agenda = record(
        Agenda, event_from=np.array([0, len(many)]), time=0.5 * half, order=order, kind=kind, value=value, dose=dose,
        target=np.where(kind == BACK, -1, target), slot=np.array([[2, 0]]), cycle_from=np.zeros(1, int),
        cycle=np.zeros((1, 4)),
    )  # fmt: skip
    crowd = record(
        Crowd, share=rng.uniform(0.1, 1.0, (TARGETS, LANES)),
        taken=rng.integers(0, 2, (LANES, DOSES if missable else 0)).astype(np.uint8),
    )  # fmt: skip
    state = record(Lanes, orbit=np.zeros(LANES, int), settled=rng.integers(0, 2, LANES))
    return plan, events.gather_events(agenda, crowd, plan, state, 0)


def followed(plan, seed):
    """Let the events of all panels happen; return rates and amounts behind each."""
    rng = np.random.default_rng(seed)
    tile = record(Tile, rest=rng.uniform(0, 9, (STATES, LANES)), base=rng.uniform(0, 9, (STATES, LANES)))
    x, r, found = np.ones((STATES, LANES)), np.ones((STATES, LANES)), []
    for panel in range(PANELS):
        panels.happen(plan, tile, panel, 0, STATES, x, r, False)
        panels.happen(plan, tile, panel, 0, STATES, x, r, True)
        found += [x.copy(), r.copy()]
    return np.array(found)


@given(many=st.lists(EVENT, min_size=1, max_size=12), seed=st.integers(0, 999), missable=st.booleans())
def test_what_happens_to_all_at_once_is_what_happens_to_each(many, seed, missable):
    one, few = gathered(many, seed, alike=1, missable=missable)
    each, count = gathered(many, seed, alike=0, missable=missable)
    assert few <= count or count == 0  # who misses a dose has no event of it
    assert (followed(one, seed) == followed(each, seed)).all()


def test_an_event_of_all_is_one():
    doses = [(2 * day, AMOUNT, 0, day, START, 1.0) for day in range(PANELS)]
    assert gathered(doses, 1, alike=1)[1] == PANELS
    assert gathered(doses, 1, alike=0, missable=False)[1] == PANELS * LANES


@given(many=st.lists(EVENT, min_size=1, max_size=12), seed=st.integers(0, 99), alike=st.integers(0, 1))
def test_events_without_room_are_counted(many, seed, alike):
    wanted = gathered(many, seed, alike=alike)[1]
    plan, counted = gathered(many, seed, alike=alike, room=1)
    assert counted == wanted
    assert plan.size[ALIKE] == alike
