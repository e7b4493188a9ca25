"""`compare runs`: the table, the picture, and what cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.one_update import UPDATE

from darknet_py.errors import DataError
from darknet_py.train.logs import run_comparison
from darknet_py.train.logs.metric_loggers import CsvLogger
from darknet_py.train.logs.progress_log import SYMBOLS, Units
from darknet_py.train.logs.run_comparison import comparison_table, draw_comparison, read_runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def run(folder: Path, iterations: int, units: Units = UPDATE.units, best: float = 0.0) -> str:
    """Writes the results.csv of a training; the best mAP comes first."""
    folder.mkdir(parents=True, exist_ok=True)
    table = CsvLogger(folder / "results.csv", (folder / "chart.png",), iterations, 20, units)
    table.open(0)
    table.charts = ()
    for number in range(1, iterations + 1):
        update = replace(UPDATE, number=number, images=64 * number, seconds=1.8, units=units)
        update = replace(update, average=10 / number, evaluated=bool(best) and number > 5)
        table.add(replace(update, map=best - number / 100))
    return str(folder)


def test_table(tmp_path: Path) -> None:
    first = run(tmp_path / "a" / "backup", 10, best=0.5)
    second = run(tmp_path / "long" / "backup", 8, SYMBOLS)
    assert comparison_table(read_runs([first, f"{second}/results.csv"])) == [
        "run   iterations  avg loss         best  at      images/s  hours",
        "a             10         1  mAP 44.00 %   6          32.0   0.01",
        "long           8      1.25            -   -  32.0 symbols   0.00",
    ]


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b/x", "b/y"):
        run(Path(name), 1)
    assert [one.name for one in read_runs(["a", "b/x"])] == ["a", "b/x"]
    assert [one.name for one in read_runs(["b/x/", "b/y/results.csv"])] == ["x", "y"]
    assert [one.name for one in read_runs(["a", "a"])] == ["a", "a"]
    assert [one.name for one in read_runs(["b/x"])] == ["b/x"]


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no results.csv, expected the folder of a training's"):
        read_runs([str(tmp_path)])
    run(tmp_path / "empty", 0)
    with pytest.raises(DataError, match=r"empty/results.csv: has no iteration yet, expected a row"):
        read_runs([str(tmp_path / "empty")])
    with pytest.raises(DataError, match=r"gone: is no file, expected a training's results.csv"):
        read_runs([str(tmp_path / "gone")])


def test_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    figures: list[Figure] = []
    monkeypatch.setattr(run_comparison, "save", lambda figure, path: figures.append(figure))
    first, second = run(tmp_path / "a", 10, best=0.5), run(tmp_path / "b", 20)
    draw_comparison(tmp_path / "runs.png", read_runs([first, second]))
    loss, metric = figures[0].axes
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["a: 1", "b: 0.5"]
    assert [text.get_text() for text in metric.get_legend().get_texts()] == ["a: 44.00 at 6"]
    assert loss.get_xlim() == metric.get_xlim() == pytest.approx((-0.3, 20.3))
    draw_comparison(tmp_path / "runs.png", read_runs([second]))
    assert [axes.get_title() for axes in figures[1].axes] == ["average loss, and the last"]
