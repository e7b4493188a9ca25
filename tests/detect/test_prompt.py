"""Paths typed at the prompt."""

from __future__ import annotations

import io

import pytest

from darknet_py.detect.prompt import PROMPT, PipedPaths, typed_paths


def test_a_prompt_for_each_line_until_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" a.jpg \n\nb c.jpg"))
    assert list(typed_paths()) == ["a.jpg", "b c.jpg"]
    assert capsys.readouterr().out == "Enter Image Path: " * 4


def test_all_lines_that_have_come_are_taken_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped = PipedPaths()
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(b"a.jpg\n\n b c.jpg\nlast"), "utf-8")
    )
    taken = []
    for paths in piped:
        taken.append(paths)
        for _ in paths:
            piped.answered()
    assert taken == [["a.jpg", "b c.jpg"], ["last"]]
    assert capsys.readouterr().out == PROMPT * 4, "one before each path and one before the end"


def test_a_line_that_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return self.read(2)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Slow("aé.jpg\nb.jpg\n".encode()), "utf-8"))
    assert [path for paths in PipedPaths() for path in paths] == ["aé.jpg", "b.jpg"]
