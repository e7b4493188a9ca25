"""MNN's package is quiet, and its converter's failures are one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("_mnncengine", reason="needs pip install MNN")

from darknet_py.engines.mnn_library import converted  # noqa: E402 - it imports MNN


def test_it_says_why_there_is_no_file(tmp_path: Path) -> None:
    reason = converted(tmp_path / "none.onnx", tmp_path / "none.mnn")
    assert reason.startswith("MNN does not convert it: ") and "Not Exist" in reason


@pytest.mark.parametrize(
    ("stdout", "code", "said"),
    [
        ("Start\nThese Op Not Support: X\nthe end\n", 0, "These Op Not Support: X"),
        ("Start\nthe end\n", 0, "the end"),
        ("", -11, "it ended with -11"),
    ],
)
def test_the_telling_line(
    stdout: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = SimpleNamespace(stdout=stdout, stderr="", returncode=code)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    words = converted(tmp_path / "a.onnx", tmp_path / "a.mnn")
    assert words == f"MNN does not convert it: {said}"


def test_a_converter_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("x", 1)

    monkeypatch.setattr(subprocess, "run", hang)
    words = converted(tmp_path / "a.onnx", tmp_path / "a.mnn")
    assert words == "MNN's converter took over 300 s"


def test_nothing_is_printed_when_it_is_loaded() -> None:
    """Results go to stdout, and its library would put a line among them."""
    code = "import darknet_py.engines.mnn_library; print('ours')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ours\n", "")
