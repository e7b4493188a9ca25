"""How symbols are spelt on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.rnn.symbols import spellings


def test_bytes_stay_bytes() -> None:
    assert b"".join(spellings(256, None)) == bytes(range(256))
    assert len(spellings(128, None)) == 128


def test_more_symbols_than_bytes_are_numbers() -> None:
    assert spellings(300, None)[299] == b"299 "


def test_tokens_are_words_with_a_blank(tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text("the\n<NEWLINE>\ncafé\r\n\nrest\n")
    assert spellings(4, path) == [b"the ", b"\n ", "café ".encode(), b" "]


def test_too_few_tokens_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text("a\nb\n")
    assert spellings(2, path) == [b"a ", b"b "]
    with pytest.raises(DataError, match="has 2 words, the network knows 4 symbols"):
        spellings(4, path)
