"""Which classes are meant by names and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from darknet_py.detect.wanted_classes import wanted_classes
from darknet_py.errors import ArgumentError, DataError

NAMES = ["cat", "dog", "cat"]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (None, None),
        (1, {1}),
        (np.int64(0), {0}),
        ("dog", {1}),
        ("cat", {0, 2}),
        ([2, "dog"], {1, 2}),
        ((), set()),
        ({0, 1}, {0, 1}),
        (np.array([0, 2]), {0, 2}),
        (range(3), {0, 1, 2}),
    ],
)
def test_numbers_and_names(classes: Any, expected: set[int] | None) -> None:
    assert wanted_classes(classes, NAMES) == expected


def test_what_is_no_class() -> None:
    with pytest.raises(DataError, match=r"classes: no class is named 'dgo'; did you mean 'dog'\?"):
        wanted_classes(["dgo"], NAMES)
    for number in (3, -1):
        with pytest.raises(
            DataError, match=f"no class has the number {number}; they go from 0 to 2"
        ):
            wanted_classes(number, NAMES)
    for classes in ([1.0], [True], [None]):
        with pytest.raises(ArgumentError, match="is neither number nor name of a class"):
            wanted_classes(classes, NAMES)
