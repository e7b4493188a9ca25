"""Arrays for scripts from before and after OpenCV 4.5.4."""

from __future__ import annotations

import json

import numpy as np
import pytest

from darknet_py.dnn.either_shape import either_shape


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_elements_answer_both(kind: type[np.generic]) -> None:
    array = either_shape(np.array([3, 7], kind))
    for element, value in zip(array, (3, 7), strict=True):
        assert element == value and element[0] == value and isinstance(element, kind)
        assert f"{element:.2f}" == f"{value:.2f}" and int(element) == value
    assert array[1][0] == 7 and array[-1] == 7 and [e[0] for e in array] == [3, 7]


def test_it_is_an_array_as_others_are() -> None:
    plain = np.array([2, 0, 1], np.int32)
    array = either_shape(plain)
    assert isinstance(array, np.ndarray) and array.shape == (3,) and array.dtype == np.int32
    assert array.tolist() == [2, 0, 1] and json.dumps(array.tolist()) == "[2, 0, 1]"
    assert [i[0] for i in array.flatten()] == [2, 0, 1] and [i - 1 for i in array] == [1, -1, 0]
    assert np.array_equal(array + 1, plain + 1) and array.max() == 2 and len(array) == 3
    words = ["a", "b", "c"]
    assert [words[i] for i in array] == ["c", "a", "b"] == [words[i[0]] for i in array]
    assert {0: "x"}[array[1]] == "x" and np.array_equal(plain[array], [1, 2, 0])
    assert array[array > 0].tolist() == [2, 1] and array[:2].tolist() == [2, 0]


def test_as_a_column_it_is_one() -> None:
    column = either_shape(np.array([4, 5], np.int32)).reshape(-1, 1)
    assert column.shape == (2, 1) and [row[0] for row in column] == [4, 5]
