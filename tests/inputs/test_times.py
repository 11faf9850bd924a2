"""Times as people write them; what is refused is tested where they are asked for."""

import numpy as np
import pytest

from menaquinone.errors import InputError
from menaquinone.inputs.times import hours_of


def test_messages_name_the_argument():
    with pytest.raises(InputError) as caught:
        hours_of([0, 2, 1], "visits")
    assert str(caught.value) == "visits: got 1 d after 2 d, expected times in rising order, each once."


def test_spans_and_days():
    assert hours_of("0:2:1 wk").tolist() == [0, 168, 336]
    assert hours_of(np.array([0.5])).tolist() == [12]
