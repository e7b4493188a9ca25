"""Which move is made."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from support.small_go import board, point

from darknet_py.data.go_moves import PASS
from darknet_py.go.board import BLACK, WHITE, Board
from darknet_py.go.board_text import name_of
from darknet_py.go.choose import choose, top
from darknet_py.go.policy import Opinion


def opinion(**shares: float) -> Opinion:
    moves = np.zeros(362 if "PASS" in shares else 361)
    for name, share in shares.items():
        moves[PASS if name == "PASS" else point(name)] = share
    return Opinion(moves, None)


def chosen(
    opinion: Opinion, position: Board, player: int = BLACK, before: Board | None = None
) -> Counter[str]:
    rng = np.random.default_rng(0)
    moves = [choose(opinion, position, player, before, rng).move for _ in range(200)]
    return Counter("PASS" if move == PASS else name_of(move) for move in moves)


def test_moves_are_drawn_as_often_as_they_are_likely() -> None:
    counts = chosen(opinion(D4=0.6, Q4=0.3, Q16=0.09, D16=0.01), Board())
    assert set(counts) == {"D4", "Q4"}  # the others are under .1
    assert counts["D4"] / 200 == pytest.approx(2 / 3, abs=0.1)


def test_where_none_is_likely_the_best_five_are_drawn_among() -> None:
    shares = {f"{name}1": 0.01 * number for number, name in enumerate("ABCDEFG", 1)}
    assert set(chosen(opinion(**shares), Board())) == {"C1", "D1", "E1", "F1", "G1"}


def test_taken_points_and_ko_are_never_chosen() -> None:
    first = board(".XO. XO.O .XO.")
    second = first.after(BLACK, point("C18"))
    thought = opinion(B18=0.7, C18=0.2, Q4=0.1)
    assert set(chosen(thought, second, WHITE, first)) == {"Q4"}
    assert set(chosen(thought, second, WHITE)) == {"B18", "Q4"}


def test_a_best_move_that_is_suicide_is_a_pass() -> None:
    position = board(".O O")
    assert set(chosen(opinion(A19=0.6, Q4=0.4), position)) == {"PASS"}
    assert set(chosen(opinion(A19=0.4, Q4=0.6), position)) == {"Q4"}


def test_a_pass_is_an_answer_of_networks_that_know_it() -> None:
    assert set(chosen(opinion(PASS=0.6, D4=0.4), Board())) == {"PASS"}
    assert set(chosen(opinion(PASS=0.4, D4=0.6), Board())) == {"D4"}


def test_without_any_move_it_passes() -> None:
    full = Board((BLACK,) * 361)
    assert set(chosen(opinion(D4=1.0), full)) == {"PASS"}


def test_what_was_drawn_from_is_told() -> None:
    choice = choose(opinion(D4=0.6, Q4=0.05), Board(), BLACK, None, np.random.default_rng(0))
    assert np.flatnonzero(choice.likely).tolist() == [point("D4")]


def test_top_names_the_largest_first() -> None:
    assert top(np.array([0.1, 0.5, 0.0, 0.3, 0.5]), 3) == [1, 4, 3]
