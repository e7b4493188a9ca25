"""What is private is taken out of the report."""

from __future__ import annotations

import getpass
import os

import pytest

from darknet_py.doctor.section import anonymous, first_line, without_names


@pytest.fixture(autouse=True)
def _alice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setattr(getpass, "getuser", lambda: "alice")


def test_the_user_is_not_named() -> None:
    text = "/home/alice/.cache and /data/alice/x, alice.cfg"
    assert anonymous(text) == "~/.cache and /data/USER/x, alice.cfg"


def test_root_and_nobody_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("uid 10001")

    monkeypatch.setenv("HOME", "/")
    for who in (lambda: "root", unknown):
        monkeypatch.setattr(getpass, "getuser", who)
        assert anonymous("/etc/root/x, /home/alice/y") == "/etc/root/x, /home/alice/y"


def test_everything_in_a_fact_is_looked_at() -> None:
    home = os.path.expanduser("~")
    fact = {"a": [home, 1, None, {"b": f"{home}/c"}], "d": True, "e": 0.5}
    assert without_names(fact) == {"a": ["~", 1, None, {"b": "~/c"}], "d": True, "e": 0.5}


def test_an_exception_in_one_line() -> None:
    assert first_line(ImportError("\n  libGL.so.1: cannot open\nmore")) == "libGL.so.1: cannot open"
    assert first_line(ValueError()) == "ValueError"
