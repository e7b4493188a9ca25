"""A small project of its own: which mutants its tests notice, from the map of lines to the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mutants import trial
from mutants.__main__ import main
from mutants.choose import groups
from mutants.copies import Copy
from mutants.line_map import line_map
from mutants.mutant import Mutant, mutants_of
from mutants.project import Project

CALC = """SIZE = 3


def area(width, height):
    return width * height


def unused(width):
    return width + SIZE


def double(count):
    twice = count + count
    return twice
"""
TESTS = """import os
import subprocess
import sys

from pack.calc import area, double


def test_area():
    assert area(2, 2) == 4


def test_a_program():
    code = "from pack.calc import double; raise SystemExit(double(2))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 4


def test_that_fails():
    assert "MUTANTS_TESTS" not in os.environ
    double(0)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in {"pack/__init__.py": "", "pack/calc.py": CALC}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_calc.py").write_text(TESTS)
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = --import-mode=importlib\n")
    return tmp_path


def test_lines_are_mapped_once_and_mutants_judged(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--root", str(root), "--package", "pack", "--seed", "3", "--workers", "1"]
    words += ["--preload", "pytest"]
    main(words)
    out = capsys.readouterr().out
    assert out.startswith("following the tests of 1 files line by line ...\n")
    rows = [json.loads(line) for line in (root / ".mutants/seed-3.jsonl").read_text().splitlines()]
    verdicts = {row["mutant"]: (row["noticed"], row["by"]) for row in rows}
    for mutant, (noticed, by) in verdicts.items():
        if "calc.py:5" in mutant:  # 2 * 2 is 2 + 2, and width is height
            assert noticed == ("None" in mutant or "/" in mutant), mutant
        elif "calc.py:9" in mutant:
            assert (noticed, by) == (False, "3 tests pass"), "none runs it, those near were tried"
        elif "calc.py:13" in mutant:
            assert (noticed, by) == (True, "tests/test_calc.py::test_a_program")
    assert len(verdicts) == 5, "every line with a mutant"
    assert f"of {len(verdicts)}: " in out

    lines = line_map(Project(root, "pack"), root / ".mutants/lines.json", 1)
    assert set(lines.seconds) == {
        f"tests/test_calc.py::test_{name}" for name in ("area", "a_program", "that_fails")
    }
    program = {"tests/test_calc.py::test_a_program"}
    assert lines.tests["calc.py", 13] == program | {"tests/test_calc.py::test_that_fails"}
    assert lines.tests["calc.py", 5] == {"tests/test_calc.py::test_area"}
    assert ("calc.py", 9) not in lines.tests

    main([*words, "--resume"])
    again = capsys.readouterr().out
    assert "following" not in again and "noticed  " not in again
    assert again.splitlines()[-2] == out.splitlines()[-2]


def test_what_does_not_end_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "START", 2)
    project = Project(root, "pack")
    source = CALC.replace("twice = count + count", "while True: twice = 0").encode()
    mutant = Mutant("pack/calc.py", 13, "by hand", "", "", source)
    copy = Copy.of(root, root / "copy", ["pytest"])
    try:
        lines = line_map(project, root / "lines.json", 1)
        actual = trial.Trials(project, lines).verdict(mutant, copy)
    finally:
        copy.close()
    assert actual.noticed and actual.by.startswith("no end after ")
    assert (copy.root / "pack/calc.py").read_text() == CALC


def test_which_tests_can_notice(root: Path) -> None:
    project = Project(root, "pack")
    lines = line_map(project, root / "lines.json", 1)
    everything = sorted(lines.seconds, key=lambda test: lines.seconds[test])
    first = {mutant.line: mutant for mutant in mutants_of(root, root / "pack/calc.py")}
    assert groups(first[5], project, lines) == [["tests/test_calc.py::test_area"]]
    assert groups(first[9], project, lines) == [list(everything)], "of the file"
    assert groups(first[1], project, lines) == [list(everything)], "it runs at import"
