"""The rules of Go, on positions made by hand."""

from __future__ import annotations

import pytest
from support.small_go import board, corner, point

from darknet_py.go.board import BLACK, WHITE, Board, handicap, result
from darknet_py.go.board_text import name_of


def test_a_stone_without_liberty_is_captured() -> None:
    before = board("XO. O..")
    assert corner(before.after(WHITE, point("C19")), 2, 3) == "XOO O.."
    # The corner had no liberty already; beside it a move takes it.
    before = board("X.. O..")
    assert corner(before.after(WHITE, point("B19")), 2, 3) == ".O. O.."


def test_whole_groups_are_captured_and_several_at_once() -> None:
    before = board(".XXO XO.. OXXO .OO.")
    after = before.after(WHITE, point("A19"))
    assert corner(after, 4, 4) == "OXXO .O.. OXXO .OO."  # both pairs breathe at C18
    after = before.after(WHITE, point("C18"))
    # The group of row 3 is taken; the two of row 1 breathe at the corner.
    assert corner(after, 4, 4) == ".XXO XOO. O..O .OO."
    both = board("XO.OX OX.XO .O.O. ..O..").after(WHITE, point("C18"))
    assert corner(both, 4, 5) == "XO.OX O.O.O .O.O. ..O.."


def test_a_group_lives_with_one_liberty() -> None:
    before = board("XXO OO.")
    assert before.has_liberty(point("A19")) is False
    assert board("XX. OO.").has_liberty(point("A19")) is True
    assert board("XX. OO.").group(point("A19")).points == {0, 1}


def test_suicide_of_one_and_of_a_group() -> None:
    position = board(".O O")
    assert position.suicide(BLACK, 0) and not position.suicide(WHITE, 0)
    position = board(".XO XO. O..")
    assert position.suicide(BLACK, 0)
    assert not position.suicide(WHITE, 0)  # it takes both
    assert not position.legal(BLACK, 0)


def test_what_captures_is_no_suicide() -> None:
    position = board(".OX OX. X..")
    assert not position.suicide(BLACK, 0)
    assert corner(position.after(BLACK, 0), 3, 3) == "X.X .X. X.."


def test_own_stones_stay_until_all_of_the_other_are_captured() -> None:
    """The stone above the move has no liberty before the capture gives it one."""
    after = board("XOX .OX OX.").after(BLACK, point("A18"))
    assert corner(after, 3, 3) == "X.X X.X OX."


def test_ko_forbids_the_position_before_the_last_move() -> None:
    first = board(".XO. XO.O .XO.")
    second = first.after(BLACK, point("C18"))
    assert corner(second, 3, 4) == ".XO. X.XO .XO."
    back = point("B18")
    assert second.legal(WHITE, back)
    assert not second.legal(WHITE, back, first)
    # After a move elsewhere, and an answer, it may be taken back.
    third = second.after(WHITE, point("Q4"))
    fourth = third.after(BLACK, point("Q16"))
    assert fourth.legal(WHITE, back, third)


def test_where_a_stone_stands_nobody_moves() -> None:
    position = Board().after(BLACK, 5)
    assert not position.legal(WHITE, 5) and not position.legal(BLACK, 5)
    assert position.legal(WHITE, 6)


def test_edges_are_edges() -> None:
    """A right end of a row is no neighbour of the next row's left end."""
    position = board("...................\nX").put(point("T19"), WHITE)
    assert position.group(point("A18")).beside == {point("A19"), point("A17"), point("B18")}


def test_points_are_counted() -> None:
    assert Board().points_ahead == 0
    assert board("X").points_ahead == 361
    wall = board("\n".join([".X.O"] * 19))
    # A and B are black's, D to T white's, C is nobody's.
    assert wall.points_ahead == 2 * 19 - 16 * 19
    assert (result(board("X"), 6.5), result(wall, 6.5)) == ("B+354.5", "W+272.5")
    assert result(Board(), 0) == "0"


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (2, "Q16 D4"),
        (4, "Q16 D4 Q4 D16"),
        (5, "Q16 D4 Q4 D16 K10"),
        (6, "Q16 D4 Q4 D16 D10 Q10"),
        (7, "Q16 D4 Q4 D16 D10 Q10 K10"),
        (8, "Q16 D4 Q4 D16 D10 Q10 K16 K4"),
        (9, "Q16 D4 Q4 D16 D10 Q10 K16 K4 K10"),
    ],
)
def test_handicaps_stand_on_the_nine_stars(count: int, names: str) -> None:
    assert [name_of(point) for point in handicap(count)] == names.split()
