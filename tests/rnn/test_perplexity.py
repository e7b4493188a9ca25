"""How well a network predicts a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.learnt_text import CPU, TEXT, Learnt, codes, constant, reader

from darknet_py.rnn.perplexity import scores, tactics
from darknet_py.rnn.reader import Reader


def test_a_text_that_was_learnt_has_a_low_perplexity(learnt: Learnt) -> None:
    known = list(scores(reader(learnt, steps=13), codes(b"dog; "), codes(TEXT * 3)))[-1]
    other = list(scores(reader(learnt, steps=16), codes(b"dog; "), codes(TEXT[::-1] * 3)))[-1]
    assert known.count == other.count == 3 * len(TEXT) - 1
    assert known.perplexity < 1.5
    assert other.perplexity > 20


@pytest.mark.parametrize("steps", [1, 4, 7, 64])
def test_scores_are_those_of_a_plain_loop(tmp_path: Path, steps: int) -> None:
    probabilities = np.linspace(1, 4, 40)
    probabilities /= probabilities.sum()
    seed, text = np.array([3, 4]), np.array([5, 32, 7, 8, 10, 9, 30, 31, 2])
    bits, words, expected = 0.0, 1, []
    for following in text[1:]:
        bits -= np.log2(probabilities[following])
        words += following in (32, 9, 10)
        expected.append((len(expected) + 1, words, bits))
    reader = Reader(constant(tmp_path, probabilities.tolist(), steps), CPU)
    ours = [(s.count, s.words, s.bits) for s in scores(reader, seed, text)]
    assert ours == [(c, w, pytest.approx(b, rel=1e-5)) for c, w, b in expected]


def test_tactics_are_scored_behind_their_signs_alone(tmp_path: Path) -> None:
    """Against Darknet's loop, written out: a pair of symbols at a time."""
    text = b"x. a >>intro.\n>.\nb >> >>c.d>>e.\nend."
    probabilities = np.linspace(1, 4, 128)
    probabilities /= probabilities.sum()
    expected, words, bits, inside = [], 1, 0.0, False
    for now, following in zip(text, text[1:], strict=False):
        if now == ord(".") and following == ord("\n"):
            inside = False
        if not inside:
            if now == following == ord(">"):
                inside, words = True, words + 1
            continue
        bits -= np.log2(probabilities[following])
        expected.append((len(expected) + 1, words, pytest.approx(bits, rel=1e-5)))
    reader = Reader(constant(tmp_path, probabilities.tolist(), 4), CPU)
    seed = np.frombuffer(b">>", np.uint8).astype(np.int64)
    codes = np.frombuffer(text, np.uint8).astype(np.int64)
    actual = [(s.count, s.words, s.bits) for s in scores(reader, seed, codes, tactics)]
    assert actual == expected
    # intro.  and  " >>c.d>>e." without the line ends behind their full stops
    assert len(actual) == len("intro.") + len(" >>c.d>>e.")
    assert actual[-1][1] == 3


def test_what_has_probability_0_is_infinitely_perplexing(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [1.0, 0.0]), CPU)
    (score,) = scores(reader, np.array([], np.int64), np.array([0, 1]))
    assert score.perplexity == score.word_perplexity == float("inf")


def test_large_word_perplexities_do_not_overflow(tmp_path: Path) -> None:
    reader = Reader(constant(tmp_path, [0.5, 0.5]), CPU)
    last = list(scores(reader, np.array([0]), np.zeros(1100, np.int64)))[-1]
    assert last.word_perplexity == float("inf")
    assert last.perplexity == pytest.approx(2)
