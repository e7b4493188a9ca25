"""The C++ compiler: which one, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.engines import compiler
from darknet_py.engines.compiler import CannotBuild, build


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_no_compiler_is_found_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(CannotBuild, match="^no C\\+\\+ compiler found; install g"):
        compiler.compiler()


def test_the_users_choice_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clang++", "c++"):
        script(tmp_path, name, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert compiler.compiler() == "clang++"
    monkeypatch.setenv("CXX", str(tmp_path / "c++"))
    assert compiler.compiler() == str(tmp_path / "c++")
    monkeypatch.setenv("CXX", "not-there")
    assert compiler.compiler() == "clang++"


def test_it_is_given_the_text_and_the_words(tmp_path: Path) -> None:
    copies = script(tmp_path, "c++", f'cat > {tmp_path}/source; echo "$@" > {tmp_path}/words')
    build([copies, "-lsome"], "int x;", tmp_path / "x.so")
    assert (tmp_path / "source").read_text() == "int x;"
    expected = f"{' '.join(compiler.FLAGS)} -x c++ - -lsome -o {tmp_path / 'x.so'}\n"
    assert (tmp_path / "words").read_text() == expected


def test_what_it_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = "cat > /dev/null; echo 'x: note' >&2; echo 'x:1: fatal error: omp.h' >&2; exit 1"
    refuses = script(tmp_path, "c++", says)
    with pytest.raises(CannotBuild, match="c\\+\\+: x:1: fatal error: omp.h$"):
        build([refuses], "", tmp_path / "x.so")
    silent = script(tmp_path, "g++", "cat > /dev/null; exit 1")
    with pytest.raises(CannotBuild, match="g\\+\\+: it failed$"):
        build([silent], "", tmp_path / "x.so")
    with pytest.raises(CannotBuild, match="gone: No such file"):
        build([str(tmp_path / "gone")], "", tmp_path / "x.so")
    monkeypatch.setattr(compiler, "SECONDS", 0.01)
    slow = script(tmp_path, "slow", "exec sleep 5")
    with pytest.raises(CannotBuild, match="slow took over 0.01 s$"):
        build([slow], "", tmp_path / "x.so")
    assert not (tmp_path / "x.so").exists()
