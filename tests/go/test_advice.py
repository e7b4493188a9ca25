"""What `go test` reads and shows."""

from __future__ import annotations

import numpy as np
import pytest
from support.small_go import board, corner, point

from darknet_py.data.go_moves import PASS
from darknet_py.go.advice import Advice, NotUnderstood
from darknet_py.go.board import BLACK, WHITE, Board
from darknet_py.go.policy import Opinion


def opinion(wins: float | None = None) -> Opinion:
    moves = np.zeros(362)
    moves[[point("D4"), point("Q16"), PASS]] = 0.5, 0.25, 0.125
    return Opinion(moves, wins)


def advised() -> Advice:
    advice = Advice(3)
    advice.lines(opinion())
    return advice


def test_the_best_moves_in_words() -> None:
    advice = Advice(3)
    assert advice.lines(opinion()) == ["1: D 4, 50.00%", "2: Q 16, 25.00%", "3: Pass, 12.50%"]
    assert advice.lines(opinion(0.5))[0] == "75.00% Win Chance"
    rows = advice.drawing(dots=True).split("\n")
    assert rows[16] == " 4 . . . 1" + 15 * " ." and rows[4] == "16" + 15 * " ." + " 2 . . ."
    assert rows[10] == "10" + 19 * " ."  # a pass stands nowhere


@pytest.mark.parametrize(
    ("line", "name"),
    [("\n", "D4"), ("1\n", "D4"), ("2", "Q16"), ("2nd", "Q16"), ("C3\n", "C3"), ("C 3\n", "C3")],
)
def test_moves(line: str, name: str) -> None:
    advice = advised()
    assert advice.prompt == "X Enter move: "
    advice.take(line)
    assert advice.board == Board().after(BLACK, point(name))
    assert (advice.player, advice.prompt) == (WHITE, "O Enter move: ")


@pytest.mark.parametrize("line", ["p", "pass", "3"])
def test_passes(line: str) -> None:
    advice = advised()
    advice.take(line)
    assert (advice.board, advice.player) == (Board(), WHITE)


@pytest.mark.parametrize(
    ("line", "expected"), [("b B19", "XXO"), ("w B 19", "XOO"), ("c A19", "..O"), ("bB19", "XXO")]
)
def test_changes_of_the_board_capture_nothing_and_pass_the_turn(line: str, expected: str) -> None:
    advice = Advice(3, board("X.O"))
    advice.take(line)
    assert corner(advice.board, 1, 3) == expected
    assert advice.player == WHITE


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0", "0 is none of the 3 moves"),
        ("4", "4 is none of the 3 moves"),
        ("-1", "-1 is none of the 3 moves"),
        ("Z9", "expected a number of the list, a point"),
        ("I9", "expected a number of the list, a point"),
        ("D44", "expected a number"),
        ("b I9", "expected a number"),
        ("hello", "expected a number"),
        ("A19", "illegal move"),
    ],
)
def test_what_is_not_understood_keeps_the_turn(line: str, reason: str) -> None:
    advice = advised()
    advice.board = board(".O O")
    with pytest.raises(NotUnderstood, match=reason):
        advice.take(line)
    assert (advice.board, advice.player) == (board(".O O"), BLACK)


def test_moves_capture_and_a_ko_is_kept() -> None:
    advice = Advice(3, board(".XO. XO.O .XO."))
    advice.take("C18")
    assert corner(advice.board, 2, 4) == ".XO. X.XO"
    with pytest.raises(NotUnderstood, match="illegal move"):
        advice.take("B18")
