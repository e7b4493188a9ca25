"""Boards and points as text."""

from __future__ import annotations

import pytest
from support.small_go import board

from darknet_py.data.go_moves import PASS
from darknet_py.go.board_text import drawn, name_of, point_of, stones_of

TITLE = "   A B C D E F G H J K L M N O P Q R S T "


@pytest.mark.parametrize(
    ("name", "point"), [("A19", 0), ("T19", 18), ("A1", 342), ("T1", 360), ("H2", 330), ("J2", 331)]
)
def test_names_of_points(name: str, point: int) -> None:
    assert point_of(name) == point_of(name.lower()) == point
    assert name_of(point) == name


@pytest.mark.parametrize("text", ["", "I5", "A0", "A20", "U3", "5", "A", "A1x", "AA1", "A-1", "A١"])
def test_what_is_no_point(text: str) -> None:
    assert point_of(text) is None


def test_a_board_with_blanks() -> None:
    lines = drawn(board("X.O ..X"), False, [1, PASS, 20]).split("\n")
    assert lines[:5] == ["", "", TITLE, "19 X 1 O" + 16 * "  ", "18   3 X" + 16 * "  "]
    assert lines[-2:] == [" 1" + 19 * "  ", ""]
    assert len(lines) == 2 + 20 + 1


def test_a_board_with_dots() -> None:
    lines = drawn(board("X.O"), True).split("\n")
    assert lines[:2] == [TITLE, "19 X . O" + 16 * " ."]
    assert len(lines) == 20 + 1


def test_stones_of_a_kind() -> None:
    assert stones_of(board("X.O X"), 1) == [0, 19]
    assert stones_of(board("X.O X"), -1) == [2]
