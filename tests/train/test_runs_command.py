"""`compare runs` on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from darknet_py.train import runs_command
from darknet_py.train.logs.results_table import columns
from darknet_py.train.logs.run_comparison import TrainingRun

ROW = "1,64,3,3,0.1,1,0,416,416,0.5"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.csv").write_text(f"{','.join(columns())}\n{ROW}\n")
    return tmp_path


def darknet(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_table_and_picture(here: Path) -> None:
    pytest.importorskip("matplotlib")
    result = darknet("compare", "runs", "a", "b")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "a", "b"]
    assert "mAP 50.00 %" in lines[1]
    assert result.stderr == "curves: runs.png\n"
    assert (here / "runs.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "picture"),
    [
        (("compare", "runs", "a", "b", "-o", "c.svg"), "c.svg"),
        (("compare", "-out", "d.png", "runs", "a", "b"), "d.png"),
    ],
)
def test_a_picture_of_another_name(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], picture: str
) -> None:
    pytest.importorskip("matplotlib")
    drawn: list[tuple[Path, int]] = []

    def draw(path: Path, runs: list[TrainingRun]) -> None:
        drawn.append((path, len(runs)))

    monkeypatch.setattr(runs_command, "draw_comparison", draw)
    assert darknet(*words).stderr == f"curves: {picture}\n"
    assert drawn == [(Path(picture), 2)]


def test_without_matplotlib(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_command, "can_draw", lambda: False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = darknet("compare", "runs", "a")
    assert result.exit_code == 0 and result.stdout.startswith("run ")
    assert result.stderr == (
        "runs.png is not drawn: matplotlib is not installed; pip install matplotlib\n"
    )
    asked = darknet("compare", "runs", "a", "-o", "c.png")
    assert asked.exit_code == 1
    assert "-o needs the package matplotlib: pip install matplotlib" in asked.stderr
    assert not list(here.glob("*.png"))


def test_files_are_still_compared_two_at_a_time(here: Path) -> None:
    (here / "one.json").write_text("[]")
    (here / "two.json").write_text("[]")
    result = darknet("compare", "one.json", "two.json", "--show", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    assert darknet("compare", "one.json").exit_code == 2


def test_what_is_missing() -> None:
    result = darknet("compare", "runs")
    assert result.exit_code == 2 and "Missing argument 'RUNS...'" in result.stderr
    result = darknet("compare", "runs", "a", "gone")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: gone: is no file, expected a training's results.csv" in result.stderr
    result = darknet("compare", "runs", "a", "-o", "c.txt")
    assert "c.txt: figures are drawn as .png, .jpg, .svg, .pdf" in result.stderr
