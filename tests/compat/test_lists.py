"""c_array and sample."""

from __future__ import annotations

import ctypes
import random
from collections import Counter

from darknet_py.compat.lists import c_array, sample


def test_a_c_array() -> None:
    array = c_array(ctypes.c_float, [0.5, 2])
    assert array[:] == [0.5, 2] and array._type_ is ctypes.c_float


def test_numbers_are_drawn_by_their_weights() -> None:
    random.seed(1)
    drawn = Counter(sample([1, 0, 3]) for _ in range(4000))
    assert set(drawn) == {0, 2} and 2800 < drawn[2] < 3200
    assert sample([5]) == 0
