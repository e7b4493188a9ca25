"""How symbols are written: as bytes, as the words of a tokens file, or as numbers."""

from __future__ import annotations

import os

from darknet_py.cfg.text import read_text
from darknet_py.errors import DataError, Location

BYTES = 256
NEWLINE = "<NEWLINE>"


def spellings(symbols: int, tokens: str | os.PathLike[str] | None) -> list[bytes]:
    """What to print for each symbol of a network; words and numbers are followed by a blank.

    tokens: a file with a word a line, <NEWLINE> for the end of a line. Without it symbols are
    bytes; of a network with more than 256, numbers, as tokenized texts hold them.
    Raises DataError for a tokens file with too few words.
    """
    if tokens is not None:
        words = _words(tokens, symbols)
        return [f"{word} ".encode() for word in words]
    if symbols > BYTES:
        return [b"%d " % number for number in range(symbols)]
    return [bytes([number]) for number in range(symbols)]


def _words(path: str | os.PathLike[str], symbols: int) -> list[str]:
    lines = read_text(path, "a tokens", DataError).split("\n")
    words = ["\n" if line.rstrip("\r") == NEWLINE else line.rstrip("\r") for line in lines]
    if words[-1] == "":  # what follows the last line end
        words.pop()
    if len(words) < symbols:
        message = f"has {len(words)} words, the network knows {symbols} symbols"
        raise DataError(f"{message}; use the tokens of its training", Location(os.fspath(path)))
    return words[:symbols]
