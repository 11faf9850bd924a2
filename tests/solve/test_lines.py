"""Arrays that begin with a line of memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.solve.lines import contiguous, empty, zeros

KINDS = st.sampled_from([np.float64, np.int64, np.uint8])
SHAPES = st.one_of(st.integers(0, 300), st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple))


@given(SHAPES, KINDS)
def test_arrays_are_those_of_numpy_and_begin_with_a_line(shape, kind):
    for made, theirs in ((zeros(shape, kind), np.zeros(shape, kind)), (empty(shape, kind), np.empty(shape, kind))):
        assert (made.shape, made.dtype, made.flags.c_contiguous) == (theirs.shape, theirs.dtype, True)
        assert made.ctypes.data % 128 == 0 or not made.size
        assert made.flags.writeable
    assert not zeros(shape, kind).any()


@given(st.integers(0, 40), KINDS)
def test_lines_belong_to_one_array(size, kind):
    made = empty(size, kind)
    base = made.base
    while base.base is not None:
        base = base.base
    begin, end = made.ctypes.data, made.ctypes.data + made.nbytes
    assert base.ctypes.data <= begin
    assert -(-end // 128) * 128 <= base.ctypes.data + base.nbytes


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_what_is_made_contiguous_keeps_its_values_and_what_is_there_is_not_copied(shape, random):
    order = list(range(len(shape)))
    random.shuffle(order)
    values = np.arange(np.prod(shape), dtype=float).reshape(shape).transpose(order)
    made = contiguous(values)
    assert made.flags.c_contiguous
    assert made.ctypes.data % 128 == 0 or not made.size
    assert np.array_equal(made, values)
    assert contiguous(made) is made or not made.size
