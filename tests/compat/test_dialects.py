"""Which darknet.py a script was written for."""

from __future__ import annotations

import pytest

from darknet_py.compat.dialects import (
    BEFORE_2020_04,
    DIALECTS,
    HANK,
    ORIGINAL,
    TODAY,
    VARIABLE,
    dialect_named,
    notice,
    present_dialect,
    said_dialect,
    use_dialect,
)
from darknet_py.errors import DarknetError


def test_without_any_sign_it_is_alexeyabs_of_today() -> None:
    assert said_dialect() is None
    assert present_dialect() is TODAY


def test_what_was_called_tells() -> None:
    notice(HANK)
    assert present_dialect() is HANK and said_dialect() is None


def test_what_is_said_counts_more_than_what_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "pjreddie")
    notice(HANK)
    assert present_dialect() is ORIGINAL
    use_dialect("alexeyab-2019")
    assert present_dialect() is BEFORE_2020_04
    assert present_dialect("hank-ai") is HANK
    use_dialect("")
    assert present_dialect() is ORIGINAL


def test_the_forks_are_those_of_the_programs() -> None:
    assert {name: dialect.fork.name for name, dialect in DIALECTS.items()} == {
        "alexeyab": "alexeyab",
        "alexeyab-2019": "alexeyab",
        "pjreddie": "pjreddie",
        "hank-ai": "alexeyab",
    }


def test_an_unknown_dialect_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DarknetError, match="unknown dialect 'hank' of darknet.py, known are alex"):
        dialect_named("hank")
    with pytest.raises(DarknetError, match="did you mean 'pjreddie'"):
        use_dialect("pjredie")
    monkeypatch.setenv(VARIABLE, "nobody")
    with pytest.raises(DarknetError, match="unknown dialect 'nobody'"):
        present_dialect()
