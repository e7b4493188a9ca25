"""`check` on data sets from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.main import main

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        cv2.imwrite(f"{name}.png", np.zeros((9, 9, 3), np.uint8))
        Path(f"{name}.txt").write_text("0 .5 .5 .2 .2\n")
    Path("t.list").write_text("a.png\nb.png\n")
    Path("n.names").write_text("owl\n")
    Path("x.data").write_text("classes=1\ntrain=t.list\nnames=n.names\n")
    return tmp_path


def test_a_good_data_set(home: Path) -> None:
    result = run("check", "x.data")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "OK"
    assert "0 owl            2             2" in result.stdout


def test_errors_give_exit_code_1_and_findings_the_lines_shown(home: Path) -> None:
    Path("a.txt").write_text("3 .5 .5 .2 .2\n4 .5 .5 .2 .2\n")
    result = run("check", "x.data")
    assert result.exit_code == 1
    assert "  a.txt:1: class 3, expected 0 to 0\n  a.txt:2: class 4" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 errors, 0 warnings"
    shown = run("check", "x.data", "-findings", 1).stdout
    assert "  a.txt:1: class 3, expected 0 to 0\n  ... and 1 more\n" in shown


def test_json_report_and_page(home: Path) -> None:
    Path("a.txt").write_text("3 .5 .5 .2 .2\n")
    words = ("--json", "--report", "r.txt", "--page", "p.jpg", "--quick", "--workers", 1)
    result = run("check", "x.data", *words)
    found = json.loads(result.stdout)
    assert (result.exit_code, found["errors"], found["data"][0]["classes"]) == (1, 1, 1)
    assert Path("r.txt").read_text().endswith("1 error, 0 warnings\n")
    assert cv2.imread("p.jpg") is not None
    said = "r.txt: the whole report\np.jpg: the images with faults\n"
    assert said in result.stderr


def test_an_empty_page_is_not_written(home: Path) -> None:
    Path("a.txt").write_text("0 .5 .5 .2 .2\n")
    result = run("check", "x.data", "--page", "p.jpg", "--workers", 1)
    assert "p.jpg: not written: no image has a fault\n" in result.stderr
    assert not Path("p.jpg").exists()


def test_a_light_check_has_no_report(home: Path) -> None:
    Path("t.list").unlink()
    result = run("check", "x.data", "--report", "r.txt")
    message = "darknet-py: error: --report and --page need a .data file with a list that exists\n"
    assert (result.exit_code, result.stderr) == (1, message)
    assert not Path("r.txt").exists()


def test_a_data_set_is_checked_without_torch(home: Path) -> None:
    code = "import sys; from darknet_py.cli.main import main\ntry: main()\n"
    code += "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    command = [
        sys.executable,
        "-c",
        code,
        "check",
        "x.data",
        "--report",
        "r.txt",
        "--page",
        "p.png",
    ]
    result = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert result.stdout.splitlines()[-1] == "0 False", result.stderr
