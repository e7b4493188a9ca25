"""Paths typed at the prompt."""

from __future__ import annotations

import io

import pytest

from darknet_py.detect.prompt import typed_paths


def test_a_prompt_for_each_line_until_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" a.jpg \n\nb c.jpg"))
    assert list(typed_paths()) == ["a.jpg", "b c.jpg"]
    assert capsys.readouterr().out == "Enter Image Path: " * 4
