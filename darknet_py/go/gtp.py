"""The Go Text Protocol, version 2: Go by lines of text, as Darknet's `go engine` speaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darknet_py.data.go_moves import PASS, POINTS, SIDE
from darknet_py.go.board import BLACK, FREE, MOST_HANDICAP, WHITE, Board, handicap, result
from darknet_py.go.board_text import drawn, name_of, point_of, stones_of
from darknet_py.go.choose import choose, top
from darknet_py.go.game import Game

COLOURS = {"b": BLACK, "black": BLACK, "w": WHITE, "white": WHITE}
UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|#.*")
"""What the protocol leaves out of a line: control characters and remarks."""
SYNTAX = "syntax error"
LONGEST = 9
"""Digits of a number that can be meant."""


class GtpError(Exception):
    """A command is refused; the text is the answer."""


class Reply(NamedTuple):
    """answer: behind the = or ?. shown: what Darknet shows of it on stderr."""

    answer: str = ""
    shown: str = ""


def replies(game: Game, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The answer to each line, as the protocol writes it, and what is shown of it.

    It ends with `quit` or the last line.
    """
    for line in lines:
        words = UNPRINTED.sub("", line).split()
        number = words.pop(0) if words and _is_number(words[0]) else ""
        if not words:
            continue
        name, *arguments = words
        sign, reply = _reply(game, name, arguments)
        yield f"{sign}{number} {reply.answer}\n\n", reply.shown
        if name == "quit":
            return


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _reply(game: Game, name: str, arguments: list[str]) -> tuple[str, Reply]:
    if name not in TABLE:
        return "?", Reply("unknown command")
    try:
        return "=", TABLE[name](game, arguments)
    except GtpError as error:
        return "?", Reply(str(error))


def _word(arguments: list[str], index: int = 0) -> str:
    if index >= len(arguments):
        raise GtpError(SYNTAX)
    return arguments[index]


def _colour(word: str) -> int:
    if word.lower() not in COLOURS:
        raise GtpError(SYNTAX)
    return COLOURS[word.lower()]


def _number(word: str) -> int:
    if not _is_number(word) or len(word) > LONGEST:
        raise GtpError(SYNTAX)
    return int(word)


def _said(text: str) -> Callable[[Game, list[str]], Reply]:
    return lambda game, arguments: Reply(text)


def _known(game: Game, arguments: list[str]) -> Reply:
    return Reply("true" if _word(arguments) in TABLE else "false")


def _list(game: Game, arguments: list[str]) -> Reply:
    return Reply("\n".join(TABLE))


def _name(game: Game, arguments: list[str]) -> Reply:
    return Reply("The Fool!" if game.anonymous else "DarkGo")


def _version(game: Game, arguments: list[str]) -> Reply:
    return Reply(":-DDDD" if game.anonymous else "1.0")


def _boardsize(game: Game, arguments: list[str]) -> Reply:
    if _number(_word(arguments)) != SIDE:
        raise GtpError("unacceptable size")
    game.clear()
    return Reply()


def _clear(game: Game, arguments: list[str]) -> Reply:
    game.clear()
    return Reply()


def _komi(game: Game, arguments: list[str]) -> Reply:
    try:
        komi = float(_word(arguments))
    except ValueError:
        raise GtpError(SYNTAX) from None
    if not abs(komi) <= POINTS:
        raise GtpError(SYNTAX)
    game.komi = komi
    return Reply()


def _play(game: Game, arguments: list[str]) -> Reply:
    return _put(game, arguments[1:], colour=_colour(_word(arguments)))


def _put(game: Game, arguments: list[str], colour: int) -> Reply:
    word = _word(arguments)
    game.passed = word.lower() == "pass"
    if game.passed:
        game.move(colour, PASS)
        return Reply()
    point = point_of(word)
    if point is None:
        raise GtpError(SYNTAX)
    if not game.board.legal(colour, point, game.before):
        raise GtpError("illegal move")
    game.move(colour, point)
    row, column = divmod(point, SIDE)
    return Reply("", f"move: {row} {column}\n{game.drawing()}")


def _genmove(game: Game, arguments: list[str]) -> Reply:
    return _made(game, [], colour=_colour(_word(arguments)))


def _made(game: Game, arguments: list[str], colour: int) -> Reply:
    """A pass is answered by a pass, as in Darknet: the game is over then."""
    opinion = game.policy.opinion(game.board, colour)
    choice = choose(opinion, game.board, colour, game.before, game.rng)
    shown = _thoughts(game, choice.likely)
    if game.passed or choice.move == PASS:
        game.passed = False
        game.move(colour, PASS)
        return Reply("pass", shown)
    game.move(colour, choice.move)
    return Reply(name_of(choice.move), shown + game.drawing())


def _thoughts(game: Game, likely: NDArray[np.float64]) -> str:
    """The moves that were drawn among, on the board and in lines."""
    best = top(likely, game.candidates)
    marked = [move for move in best if likely[move]]
    lines = [f"{number}: {likely[move]:f}\n" for number, move in enumerate(best, start=1)]
    return drawn(game.board, game.dots, marked) + "".join(lines)


def _handicap(game: Game, arguments: list[str]) -> Reply:
    count = _number(_word(arguments))
    if any(game.board.stones):
        raise GtpError("board not empty")
    if not 2 <= count <= MOST_HANDICAP:
        raise GtpError("invalid number of stones")
    points = handicap(count)
    stones = tuple(BLACK if point in points else FREE for point in range(POINTS))
    game.history = [Board(stones)]
    return Reply(" ".join(map(name_of, points)))


def _undo(game: Game, arguments: list[str]) -> Reply:
    if len(game.history) == 1:
        raise GtpError("cannot undo")
    game.history.pop()
    game.passed = False
    return Reply()


def _showboard(game: Game, arguments: list[str]) -> Reply:
    """Always with dots: an empty line would end the answer."""
    return Reply("\n" + drawn(game.board, dots=True).rstrip("\n"))


def _status(game: Game, arguments: list[str]) -> Reply:
    """All stones count as alive: Darknet asks GNU Go, which is not started here."""
    if _word(arguments) not in ("dead", "alive", "seki"):
        raise GtpError(SYNTAX)
    if arguments[0] != "alive":
        return Reply()
    stones = [*stones_of(game.board, BLACK), *stones_of(game.board, WHITE)]
    return Reply("\n".join(map(name_of, stones)))


def _score(game: Game, arguments: list[str]) -> Reply:
    return Reply(result(game.board, game.komi))


def _quiet(game: Game, arguments: list[str]) -> Reply:
    """Of times: a move is one look at the board, and waits for nobody."""
    return Reply()


TABLE: dict[str, Callable[[Game, list[str]], Reply]] = {
    "protocol_version": _said("2"),
    "name": _name,
    "version": _version,
    "known_command": _known,
    "list_commands": _list,
    "quit": _quiet,
    "boardsize": _boardsize,
    "clear_board": _clear,
    "komi": _komi,
    "play": _play,
    "genmove": _genmove,
    "final_status_list": _status,
    # pjreddie's
    "showboard": _showboard,
    "genmove_black": partial(_made, colour=BLACK),
    "genmove_white": partial(_made, colour=WHITE),
    "black": partial(_put, colour=BLACK),
    "white": partial(_put, colour=WHITE),
    "fixed_handicap": _handicap,
    "time_settings": _quiet,
    "time_left": _quiet,
    # those that programs ask for beside
    "undo": _undo,
    "final_score": _score,
}
"""Every command and what answers it. To add one, add a row."""
