"""What darknet.py's callers hand over."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py.compat.arguments import class_map, path_text, real, required, store, whole


def test_numbers_of_all_kinds() -> None:
    assert [whole(one, "w") for one in (3, np.int64(3), ctypes.c_int(3), True)] == [3, 3, 3, 1]
    values = (0.5, np.float32(0.5), ctypes.c_float(0.5), ctypes.c_double(0.5))
    assert [real(one, "t") for one in values] == [0.5] * 4


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (whole, "3", "w: expected a whole number, got str"),
        (whole, 3.0, "w: expected a whole number, got float"),
        (real, "0.5", "w: expected a number, got str"),
        (real, None, "w: expected a number, got NoneType"),
        (path_text, 3, "w: expected a path as bytes or str, got int"),
    ],
)
def test_another_type_is_named(
    check: Callable[[Any, str], object], value: object, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        check(value, "w")


def test_paths() -> None:
    assert [path_text(one, "p") for one in (b"a/b", "a/b", Path("a/b"))] == ["a/b"] * 3


@pytest.mark.parametrize("wrap", [ctypes.pointer, ctypes.byref, lambda number: number])
def test_a_number_is_stored_where_the_caller_wants_it(wrap: Callable[[Any], Any]) -> None:
    number = ctypes.c_int(0)
    store(wrap(number), 7, "num")
    assert number.value == 7


def test_nothing_is_stored_for_none_and_other_targets_are_named() -> None:
    store(None, 7, "num")
    with pytest.raises(TypeError, match=r"num: expected pointer\(c_int\(0\)\) or None, got list"):
        store([0], 7, "num")
    with pytest.raises(TypeError, match="num: expected pointer"):
        store(ctypes.pointer(ctypes.c_float(0)), 7, "num")


def test_a_map_is_a_list_of_numbers() -> None:
    assert class_map(None) is None
    assert class_map([4, 2]) == class_map((ctypes.c_int * 2)(4, 2)) == (4, 2)
    with pytest.raises(TypeError, match="map: expected None or a list of whole numbers, got LP_c_"):
        class_map(ctypes.pointer(ctypes.c_int(1)))
    with pytest.raises(TypeError, match="map: expected a whole number, got str"):
        class_map(["1"])


def test_what_another_function_returns() -> None:
    assert required("x", str, "im", "make_image") == "x"
    with pytest.raises(TypeError, match="im: expected what make_image returned, got str"):
        required("x", int, "im", "make_image")
