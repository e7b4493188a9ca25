"""Texts that a network makes up, and how symbols are spelt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.learnt_text import CPU, TEXT, Learnt, constant, reader

from darknet_py.errors import DataError
from darknet_py.rnn.generate import draw, generate_step, generate_symbols, spellings
from darknet_py.rnn.reader import Reader


def told(learnt: Learnt, seed: bytes, length: int, temperature: float = 0.5) -> bytes:
    rng = np.random.default_rng(0)
    return bytes(generate_symbols(reader(learnt, temperature=temperature), list(seed), length, rng))


def test_what_was_learnt_is_told_again(learnt: Learnt) -> None:
    assert told(learnt, b"cat sat", 57) == TEXT * 4


def test_the_memory_makes_the_difference(learnt: Learnt) -> None:
    """After `a` comes t or a blank, after t a blank or a comma: only the past tells which."""
    pairs = ((b"g; ca", b"t"), (b"sat, a", b" "), (b"dog; cat", b" "), (b"cat sat", b","))
    for start, expected in pairs:
        assert told(learnt, start, 1)[-1:] == expected


def test_a_step_goes_on_with_a_text_and_does_not_tell_it_again(learnt: Learnt) -> None:
    rng = np.random.default_rng(0)
    told = bytes(generate_step(reader(learnt, temperature=0.5), TEXT + b"cat sat", 12, rng))
    assert told == b", a dog; cat"


@pytest.mark.parametrize("ends", [b".\n", b"..\n"])
def test_a_step_ends_at_a_full_stop_before_a_line_end(
    ends: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn = iter(b"a\nb\n" + ends + b"more")
    monkeypatch.setattr("darknet_py.rnn.generate.draw", lambda *_: next(drawn))
    reader = Reader(constant(tmp_path, [1 / 128] * 128), CPU)
    # The text ends in a full stop as well: only one that is made up counts.
    told = bytes(generate_step(reader, b">>.", 100, np.random.default_rng(0)))
    assert told == b"a\nb\n" + ends[:-1]


def test_symbols_are_drawn_as_often_as_they_are_likely() -> None:
    rng = np.random.default_rng(0)
    probabilities = np.array([0.0, 0.7, 0.00009, 0.29991])
    drawn = np.bincount([draw(probabilities, rng) for _ in range(3000)], minlength=4)
    assert drawn[0] == drawn[2] == 0
    assert drawn[1] / 3000 == pytest.approx(0.7, abs=0.03)


def test_when_all_are_unlikely_all_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = {draw(np.full(20_000, 0.00005), rng) for _ in range(50)}
    assert len(drawn) > 45


def test_an_empty_seed_counts_as_symbol_0(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [0.5, 0.5]), CPU)
    assert next(generate_symbols(reader, [], 3, np.random.default_rng(0))) == 0


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
