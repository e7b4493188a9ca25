"""C++ compilers are found, and tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.phone_network import need_compiler

from darknet_py.doctor.compilers import compilers


@pytest.fixture(autouse=True)
def _no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)


def test_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = compilers()
    assert found.facts == {"found": [], "builds": False}
    assert found.remarks == ("--compile: no C++ compiler found; install g++ or clang",)


def test_the_one_of_this_machine() -> None:
    need_compiler()
    found = compilers()
    assert found.facts["builds"] is True and found.remarks == ()


def test_one_that_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "clang++"
    refuses = "while read -r line; do :; done; echo 'fatal error: thread not found' >&2; exit 1"
    version = 'if [ "$1" = --version ]; then echo "clang 15"; echo more; exit 0; fi'
    program.write_text(f"#!/bin/sh\n{version}\n{refuses}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = compilers()
    assert found.facts == {"found": ["clang 15"], "builds": False}
    assert found.remarks == ("--compile: clang++: fatal error: thread not found",)
