"""Games that networks play against each other."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
from support.small_go import constant, plain_row, point

from darknet_py.data.go_moves import PASS, read_moves
from darknet_py.go.board import BLACK, WHITE, Board
from darknet_py.go.self_play import Match, Move, PlayedGame, play

EMPTY = Board()
ONE = EMPTY.after(BLACK, point("D4"))
TWO = ONE.after(WHITE, point("Q16"))


def game() -> PlayedGame:
    moves = (Move(BLACK, point("D4"), EMPTY), Move(WHITE, point("Q16"), ONE))
    return PlayedGame(moves, TWO)


def test_the_rows_of_a_game_are_the_winners(tmp_path: Path) -> None:
    """Nobody is ahead, so white wins by komi; a row shows the board as who moves sees it."""
    assert game().winner == WHITE and game().result == "W+6.5"
    assert game().rows(names_players=False) == plain_row("Q16", own="", other="D4")


def test_rows_that_name_players_are_all_of_them(tmp_path: Path) -> None:
    rows = game().rows(names_players=True)
    first, second = plain_row("D4", said=b"10"), plain_row("Q16", other="D4", said=b"00")
    assert rows == first + second
    (tmp_path / "m").write_bytes(rows)
    positions = read_moves(tmp_path / "m", names_players=True).positions(np.arange(2))
    assert positions.wins is not None and positions.wins.tolist() == [False, True]


def test_a_game_ends_at_the_first_pass(tmp_path: Path) -> None:
    """Two moves are all a network of two points knows; then no legal one is left."""
    policy = constant(tmp_path, D4=0.5, PASS=0.4, Q16=0.1)
    played = play({BLACK: policy, WHITE: policy}, np.random.default_rng(0))
    assert [(move.player, move.point) for move in played.moves] == [(BLACK, point("D4"))]
    assert played.board == ONE and PASS not in [move.point for move in played.moves]
    assert played.winner == BLACK


def test_networks_take_turns_at_black(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    one = constant(tmp_path, D4=0.9, PASS=0.1)
    two = constant(tmp_path / "two", PASS=0.9, D4=0.1)
    match = Match()
    games = islice(match.games(one, two, np.random.default_rng(0)), 2)
    # The first network, black, moves once and white passes; then black is the second.
    assert [len(game.moves) for game in games] == [1, 0]
    assert (match.first, match.second) == (2, 0)
    assert match.line == "Total: 2, Player 1: 1.000000, Player 2: 0.000000"
