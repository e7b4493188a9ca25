"""The line of `rnn valid` in both programs' words."""

from __future__ import annotations

from darknet_py.rnn.command import line, tactic_line
from darknet_py.rnn.perplexity import Score


def test_the_line() -> None:
    score = Score(count=8, words=4, bits=16.0)
    assert line(score, bits=False) == "8 Perplexity: 4.0000    Word Perplexity: 16.0000"
    assert line(score, bits=True) == (
        "8 BPC: 2.0000   Perplexity: 4.0000    Word Perplexity: 16.0000"
    )


def test_the_line_of_validtactic() -> None:
    score = Score(count=8, words=4, bits=16.0)
    assert tactic_line(score) == "8 4 Perplexity: 4.0000    Word Perplexity: 16.0000"
