"""doctor from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.doctor import sections
from darknet_py.doctor.section import Examined, Section
from darknet_py.doctor.sections import SECTIONS, SELF_TEST

ROOT = Path(__file__).resolve().parents[2]


def sample(self_test: bool) -> Iterator[Section]:
    yield Section("a", "First", Examined({"x": 1}, remarks=("b is slow",)))
    if self_test:
        yield Section("self_test", "Self-test", Examined({"right": False}, ("cpu: wrong",)))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "examined", sample)


@pytest.mark.usefixtures("few")
def test_issues_are_told_and_give_exit_code_1() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    first = "First\n  x: 1\n  remark: b is slow\n\n"
    assert result.stdout == f"{first}Self-test\n  right: no\n  ISSUE: cpu: wrong\n\n1 issue\n"
    result = CliRunner().invoke(main, ["doctor", "--no-self-test"])
    assert (result.exit_code, result.stdout) == (0, f"{first}0 issues\n")


@pytest.mark.usefixtures("few")
def test_as_json() -> None:
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert result.exit_code == 1 and json.loads(result.stdout) == {
        "format": 1,
        "a": {"x": 1},
        "self_test": {"right": False},
        "issues": [{"section": "self_test", "text": "cpu: wrong"}],
        "remarks": [{"section": "a", "text": "b is slow"}],
    }


def test_this_machine_without_the_self_test() -> None:
    result = CliRunner().invoke(main, ["doctor", "--no-self-test"])
    assert result.exit_code == 0, result.stdout
    titles = [line for line in result.stdout.splitlines() if line and line[0] != " "]
    assert titles == [*(row.title for row in SECTIONS.values()), "0 issues"]
    assert os.path.expanduser("~") + os.sep not in result.stdout


BROKEN = {
    "torch.py": "raise OSError('libtorch_cpu.so: cannot open shared object file')",
    "cv2.py": "raise ImportError('libGL.so.1: cannot open shared object file')",
    "pycocotools.py": "raise ModuleNotFoundError('gone', name='pycocotools')",
}


def test_broken_packages_are_named_and_nothing_is_raised(tmp_path: Path) -> None:
    """In a process of its own, where torch, OpenCV and pycocotools cannot be imported."""
    for name, text in BROKEN.items():
        (tmp_path / name).write_text(text)
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "darknet_py", "doctor", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (1, "")
    whole = json.loads(done.stdout)
    assert list(whole) == ["format", *SECTIONS, *SELF_TEST, "issues", "remarks"]
    texts = [issue["text"] for issue in whole["issues"]]
    assert [text.partition(" is ")[0] for text in texts] == [
        "torch",
        "opencv-python",
        "pycocotools",
    ]
    assert "apt-get install libgl1" in texts[1] and texts[2].endswith("pip install pycocotools")
    assert whole["self_test"] == {"unknown": "not examined without torch and cv2"}
    assert whole["processor"]["torch_threads"] is None and whole["memory"]["free_bytes"] > 0
    assert whole["images"] == {"unknown": "not examined without cv2"}
    assert isinstance(whole["compiler"]["builds"], bool) and whole["cache"]["folder"]
