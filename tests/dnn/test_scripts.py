"""Scripts for OpenCV 4 give what OpenCV 4.13 gave, on whatever OpenCV is installed.

opencv-4.13.json was recorded from the same scripts; $DARKNET_PY_OPENCV4, the Python of an
environment with opencv-python 4, records them anew and compares.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.opencv_scripts import FORMS, for_new_opencv, scripts

from darknet_py.dnn import installed
from darknet_py.dnn.__main__ import main
from darknet_py.dnn.installation import uninstall

ROOT = Path(__file__).resolve().parents[2]
FILES = ["cfg/shapes.cfg", "data/shapes.weights", "data/shapes-2.jpg"]
RECORDED = json.loads((Path(__file__).parent / "opencv-4.13.json").read_text())
OTHER_PYTHON = "DARKNET_PY_OPENCV4"
Lines = list[list[Any]]


def test_there_are_three_of_each_of_eight_forms() -> None:
    assert len(FORMS) == 8 and all(len(set(texts)) == 3 for texts in FORMS.values())
    assert set(RECORDED) == set(scripts())


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those of a script, which stand behind its name."""
    paths = [str(ROOT / name) for name in FILES]
    monkeypatch.setattr(sys, "argv", ["script.py", *paths])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return paths


def compared(name: str, printed: str) -> None:
    """Boxes may be a pixel off: whole pixels are cut off, and decoders of JPEG differ."""
    actual: Lines = [json.loads(line) for line in printed.splitlines()]
    assert [line[0] for line in actual] == [line[0] for line in RECORDED[name]]
    for line, (_, number, box) in zip(actual, RECORDED[name], strict=True):
        assert line[1] == pytest.approx(number, abs=0.002)
        assert line[2] == pytest.approx(box, abs=1)


@pytest.mark.parametrize("name", scripts())
def test_after_install(
    name: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(scripts()[name])
    with installed():
        runpy.run_path(str(script), run_name="__main__")
    compared(name, capsys.readouterr().out)


@pytest.mark.parametrize("name", scripts())
def test_through_the_command(
    name: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(scripts()[name])
    try:
        assert main([str(script), *arguments]) == 0
    finally:
        uninstall()
    compared(name, capsys.readouterr().out)


@pytest.mark.slow
def test_in_a_process_of_its_own(arguments: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(scripts()["old numbers 1"])
    command = [sys.executable, "-m", "darknet_py.dnn", str(script), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    compared("old numbers 1", ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", scripts())
def test_under_opencv_4(name: str, arguments: list[str], tmp_path: Path) -> None:
    python = os.environ.get(OTHER_PYTHON)
    if not python:
        pytest.skip(f"needs a Python with opencv-python 4 as ${OTHER_PYTHON}")
    script = tmp_path / "script.py"
    script.write_text(for_new_opencv(scripts()[name]))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [python, str(script), *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    compared(name, ran.stdout)
