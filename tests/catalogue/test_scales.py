import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.catalogue.scales import SCALES


@pytest.mark.parametrize("name", SCALES)
@given(share=st.floats(0.02, 0.98), step=st.floats(0.001, 0.01))
def test_there_and_back_and_rising(name, share, step):
    scale = SCALES[name]
    there = scale.there(np.array([share, share + step]))
    assert there[1] > there[0]
    np.testing.assert_allclose(scale.back(there), [share, share + step], rtol=1e-12)


def test_half_normal_has_its_median_at_zero_and_its_bound_at_minus_infinity():
    scale = SCALES["half-normal"]
    assert scale.back(0.0) == pytest.approx(0.6744897501960817)
    assert scale.back(-np.inf) == 0.0
    assert scale.there(1.959963984540054) == pytest.approx(1.6448536269514722)
