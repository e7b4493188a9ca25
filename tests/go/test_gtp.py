"""Dialogues by the Go Text Protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.small_go import board, constant

from darknet_py.go.board import BLACK, WHITE, Board
from darknet_py.go.game import Game
from darknet_py.go.gtp import TABLE, replies

Talk = Callable[..., list[str]]


@pytest.fixture
def game(tmp_path: Path) -> Game:
    policy = constant(tmp_path, D4=0.8, Q16=0.15, K10=0.05)
    return Game(policy, np.random.default_rng(0), dots=False, candidates=5)


def talk(game: Game, text: str) -> list[str]:
    """The answers to lines, each without its empty line."""
    answers = [answer for answer, _ in replies(game, text.splitlines())]
    assert all(answer.endswith("\n\n") and "\n\n" not in answer[:-2] for answer in answers)
    return [answer[:-2] for answer in answers]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("protocol_version", "= 2"),
        ("name", "= DarkGo"),
        ("version", "= 1.0"),
        ("17 name", "=17 DarkGo"),
        ("known_command genmove", "= true"),
        ("known_command nothing", "= false"),
        ("known_command", "? syntax error"),
        ("boardsize 19", "= "),
        ("boardsize 9", "? unacceptable size"),
        ("boardsize x", "? syntax error"),
        ("boardsize 99999999999999999999", "? syntax error"),
        ("3 boardsize 9", "?3 unacceptable size"),
        ("clear_board", "= "),
        ("komi 7.5", "= "),
        ("komi", "? syntax error"),
        ("komi nan", "? syntax error"),
        ("komi 1e400", "? syntax error"),
        ("play b D4", "= "),
        ("play WHITE q16", "= "),
        ("play b pass", "= "),
        ("play b PASS", "= "),
        ("play x D4", "? syntax error"),
        ("play b I5", "? syntax error"),
        ("play b D20", "? syntax error"),
        ("play b", "? syntax error"),
        ("play", "? syntax error"),
        ("black D4", "= "),
        ("white D4", "= "),
        ("genmove", "? syntax error"),
        ("genmove green", "? syntax error"),
        ("time_left b 10 0", "= "),
        ("time_settings 60 10 1", "= "),
        ("undo", "? cannot undo"),
        ("fixed_handicap 2", "= Q16 D4"),
        ("fixed_handicap 10", "? invalid number of stones"),
        ("final_score", "= W+6.5"),
        ("final_status_list dead", "= "),
        ("final_status_list seki", "= "),
        ("final_status_list else", "? syntax error"),
        ("quit", "= "),
        ("nothing here", "? unknown command"),
        ("5 p", "?5 unknown command"),
        ("\tname # a remark", "= DarkGo"),
        ("na\x01me", "= DarkGo"),
    ],
)
def test_a_line_and_its_answer(game: Game, line: str, answer: str) -> None:
    assert talk(game, line) == [answer]


@pytest.mark.parametrize("line", ["", "   ", "# only a remark", "12", "\x00"])
def test_lines_without_a_command_get_no_answer(game: Game, line: str) -> None:
    assert talk(game, line) == []


def test_all_commands_are_listed_darknets_first(game: Game) -> None:
    (answer,) = talk(game, "list_commands")
    assert answer.startswith(
        "= protocol_version\nname\nversion\nknown_command\nlist_commands\nquit\nboardsize\n"
        "clear_board\nkomi\nplay\ngenmove\nfinal_status_list\n"
    )
    assert answer.removeprefix("= ").split("\n") == list(TABLE)


def test_it_ends_with_quit(game: Game) -> None:
    assert talk(game, "quit\nname") == ["= "]


def test_a_program_without_a_name(game: Game) -> None:
    game.anonymous = True
    assert talk(game, "name\nversion") == ["= The Fool!", "= :-DDDD"]


def test_illegal_moves_leave_the_board(game: Game) -> None:
    assert talk(game, "play b D4\nplay w D4") == ["= ", "? illegal move"]
    assert game.board == Board().after(BLACK, 15 * 19 + 3)
    game.history = [board(".O O")]
    assert talk(game, "play b A19\nplay w A19") == ["? illegal move", "= "]


def test_a_ko_is_illegal_until_another_move(game: Game) -> None:
    game.history = [board(".XO. XO.O .XO.")]
    lines = "play b C18\nplay w B18\nplay w Q4\nplay b Q3\nplay w B18"
    assert talk(game, lines) == ["= ", "? illegal move", "= ", "= ", "= "]


def test_a_captured_stone_is_gone_and_undo_brings_it_back(game: Game) -> None:
    talk(game, "play w A19\nplay b B19\nplay b A18")
    assert game.board == board(".X X")
    assert talk(game, "undo\nundo") == ["= ", "= "]
    assert game.board == board("O")


def test_genmove_makes_the_move_it_tells(game: Game) -> None:
    (answer,) = talk(game, "1 genmove b")
    assert answer in ("=1 D4", "=1 Q16")
    assert sum(game.board.stones) == BLACK
    game.clear()
    (answer,) = talk(game, "genmove_white")
    assert answer in ("= D4", "= Q16")
    assert sum(game.board.stones) == WHITE


def test_a_pass_is_answered_by_a_pass_once(game: Game) -> None:
    answers = talk(game, "play b pass\ngenmove w\ngenmove w")
    assert answers[:2] == ["= ", "= pass"]
    assert answers[2] in ("= D4", "= Q16")
    assert talk(game, "play b pass\nplay b A1\ngenmove w")[2] != "= pass"


def test_what_darknet_shows_of_a_move(game: Game) -> None:
    ((_, shown),) = replies(game, ["genmove b"])
    assert shown.startswith("\n\n   A B C D")
    assert "16" + 15 * "  " + " 2" + 3 * "  " + "\n" in shown
    assert " 4" + 3 * "  " + " 1" + 15 * "  " + "\n" in shown
    assert "1: 0.800000\n2: 0.150000\n3: 0.000000\n4: 0.000000\n5: 0.000000\n" in shown
    assert shown.count("19" + 19 * "  " + "\n") == 2  # before the move, and after it
    ((_, shown),) = replies(game, ["play w C17"])
    assert shown.startswith("move: 2 2\n\n\n   A B C")


def test_handicaps_ask_for_an_empty_board(game: Game) -> None:
    assert talk(game, "fixed_handicap 4\nfixed_handicap 4")[1] == "? board not empty"
    assert sum(game.board.stones) == 4
    assert talk(game, "undo") == ["? cannot undo"]


def test_boards_and_scores(game: Game) -> None:
    talk(game, "play b A19\nkomi .5")
    (answer,) = talk(game, "showboard")
    lines = answer.split("\n")
    assert lines[0] == "= " and lines[1].startswith("   A B") and len(lines) == 21
    assert lines[2] == "19 X" + 18 * " ."
    assert talk(game, "final_score") == ["= B+360.5"]
    assert talk(game, "final_status_list alive") == ["= A19"]
    talk(game, "boardsize 19")
    assert talk(game, "final_status_list alive") == ["= "]
