"""Declared values: what fits, and the spot, the value and the expectation of what does not."""

from __future__ import annotations

from typing import Any

import pytest

from darknet_py.errors import DataError, Location
from darknet_py.evaluate.formats.schema import (
    FLAG,
    ID,
    LIMIT,
    NUMBER,
    TEXT,
    Box,
    Kind,
    ListOf,
    Record,
    require,
    shown,
)

BOX = Box("left, top, width and height")
ENTRY = Record({"id": ID, "box": BOX}, optional={"crowd": FLAG})

FITTING: list[tuple[Kind, Any]] = [
    *[(NUMBER, value) for value in (0, -1.5, 2**70, LIMIT)],
    *[(FLAG, value) for value in (True, False, 0, 1, 0.0)],
    *[(ID, value) for value in (7, 7.0, "7")],
    (TEXT, ""),
    (ListOf(ENTRY), []),
    (ListOf(ENTRY), [{"id": 1, "box": [0, 0, 1, 1], "more": object}]),
    (Record({}), {"a": None}),
]


@pytest.mark.parametrize(("kind", "value"), FITTING, ids=repr)
def test_values_that_fit(kind: Kind, value: Any) -> None:
    assert kind.fault(value) is None


NUMBER_WORDS = "a finite number within 1e+100"
FAULTS: list[tuple[Kind, Any, tuple[str, str, str]]] = [
    *[(NUMBER, value, ("", said, NUMBER_WORDS)) for value, said in ((True, "true"), ("1", '"1"'))],
    (NUMBER, float("nan"), ("", "NaN", NUMBER_WORDS)),
    (NUMBER, float("-inf"), ("", "-Infinity", NUMBER_WORDS)),
    (NUMBER, 10**101, ("", "1" + "0" * 39 + "...", NUMBER_WORDS)),
    (ID, True, ("", "true", "a number or a text")),
    (TEXT, 5, ("", "5", "a text")),
    (FLAG, "0", ("", '"0"', "0 or 1")),
    (BOX, [1, 2, 3], ("", "[1, 2, 3]", "left, top, width and height")),
    (BOX, [1, 2, 3, None], ("", "[1, 2, 3, null]", "left, top, width and height")),
    (ENTRY, {"id": 1}, ("box", "nothing", "left, top, width and height")),
    (ENTRY, [], ("", "[]", "an object with id, box")),
    (
        Record({"rows": ListOf(ENTRY, "row")}),
        {"rows": [{"id": 1, "box": [0] * 4}, {"id": 1, "box": [0] * 4, "crowd": []}]},
        ("rows, row 2, crowd", "[]", "0 or 1"),
    ),
    (ListOf(ENTRY, "row"), None, ("", "null", "a list, each row an object with id, box")),
]


@pytest.mark.parametrize(("kind", "value", "expected"), FAULTS)
def test_what_does_not_fit(kind: Kind, value: Any, expected: tuple[str, str, str]) -> None:
    assert kind.fault(value) == expected
    spot, read, words = expected
    with pytest.raises(DataError) as caught:
        require(value, kind, Location("f.json"))
    assert (
        str(caught.value) == f"f.json: {spot + ': ' if spot else ''}read {read}, expected {words}"
    )


def test_a_value_is_shown_in_a_line() -> None:
    assert shown({"a": [1, None]}) == '{"a": [1, null]}'
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert shown(nested) == "what is nested too deeply"
