"""Numbers in C's memory and in numpy's are the same numbers."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from darknet_py.compat.float_memory import c_floats, floats_of


@pytest.mark.parametrize("form", ["array", "pointer", "c array"])
def test_the_memory_is_shared(form: str) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    forms: dict[str, Any] = {
        "array": array,
        "pointer": array.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
        "c array": c_floats(array),
    }
    seen = floats_of(forms[form])
    assert seen.tolist() == [0, 1, 2, 3, 4, 5]
    seen[2] = 9
    assert array[0, 2] == 9


def test_a_pointer_keeps_its_array() -> None:
    pointer = np.full(1000, 0.25, np.float32).ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    assert floats_of(pointer).sum() == 250


def test_a_c_array_reads_as_pythons_floats_and_writes_through() -> None:
    array = np.array([0.1, 0.2], np.float32)
    values = c_floats(array)
    assert values[0] == float(np.float32(0.1)) and type(values[0]) is float
    values[1] = 0.5
    assert array[1] == 0.5 and values[:] == [float(np.float32(0.1)), 0.5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ctypes.pointer(ctypes.c_float(1)), "data: expected array.ctypes.data_as.* got LP_c_float"),
        ([1.0], "data: expected array.ctypes.data_as.* got list"),
        (np.zeros(3), "contiguous float32 array, got float64, contiguous; use np.ascont"),
        (np.zeros((4, 4), np.float32)[:, ::2], "got float32, with gaps"),
        ((ctypes.c_int * 2)(), "data: expected array"),
    ],
)
def test_what_does_not_say_how_much_there_is_is_refused(data: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        floats_of(data)
