"""results.csv, and the chart it is written with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.one_update import UPDATE

from darknet_py.errors import OutputError
from darknet_py.train.logs import metric_loggers
from darknet_py.train.logs.metric_loggers import CsvLogger
from darknet_py.train.logs.progress_log import IMAGES, SYMBOLS

COLUMNS = "iteration,images,loss,avg_loss,rate,seconds,data_wait,width,height,map"


def test_rows_of_a_killed_run_are_cut_to_where_it_resumes(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    results = CsvLogger(path, (tmp_path / "chart.png",), 500, 20)
    results.open(0)
    for number in range(1, 6):
        results.add(replace(UPDATE, number=number, map=0.25, evaluated=number == 2))
    with path.open("a") as file:
        file.write("6,38")
    again = CsvLogger(path, (tmp_path / "chart.png",), 500, 20)
    again.open(4)
    lines = path.read_text().splitlines()
    assert lines[0] == COLUMNS
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3", "4"]
    assert lines[2] == "2,768,3.25,4.5,0.00025,1.5000,0.2000,416,416,0.250000"
    assert list(again.losses) == [1, 4.5, 2, 4.5, 3, 4.5, 4, 4.5]
    assert list(again.maps) == [2, 0.25]


def test_a_new_run_starts_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("something else\n")
    CsvLogger(path, (tmp_path / "chart.png",), 500, 20).open(0)
    assert path.read_text().splitlines() == [COLUMNS]


def test_columns_are_named_by_what_is_counted_and_measured(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    results = CsvLogger(path, (tmp_path / "chart.png",), 500, 20, SYMBOLS)
    results.open(0)
    results.add(replace(UPDATE, units=SYMBOLS))
    lines = path.read_text().splitlines()
    assert lines[0].startswith("iteration,symbols,loss")
    assert lines[1].endswith(",0.2000,,,")
    CsvLogger(path, (tmp_path / "chart.png",), 500, 20, IMAGES, "top5").open(0)
    assert path.read_text().strip().endswith(",width,height,top5")


HEADS = ("yolo_16/iou", "yolo_16/boxes")


def test_rows_have_what_the_heads_show(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    results = CsvLogger(path, (tmp_path / "chart.png",), 500, 20, heads=HEADS)
    results.open(0)
    results.add(replace(UPDATE, number=1, heads={"yolo_16/iou": 0.61234, "yolo_16/boxes": 12.0}))
    results.add(replace(UPDATE, number=2, heads={"yolo_16/boxes": 0.0}))
    lines = path.read_text().splitlines()
    assert lines[0] == f"{COLUMNS},yolo_16/iou,yolo_16/boxes"
    assert [line.split(",", 9)[9] for line in lines[1:]] == [",0.6123,12", ",,0"]


def test_a_run_goes_on_with_the_heads_it_finds(tmp_path: Path) -> None:
    """Rows of an older program have none, those of another cfg have them elsewhere."""
    path = tmp_path / "results.csv"
    fixed = "1,64,3,3,0.1,1,0,416,416,0.5"
    for names, rest, expected in [
        ("", "", ",,"),
        (",yolo_9/iou,yolo_16/boxes", ",0.3,7", ",,7"),
    ]:
        path.write_text(f"{COLUMNS}{names}\n{fixed}{rest}\n2,128{rest}\n")
        results = CsvLogger(path, (tmp_path / "chart.png",), 500, 20, heads=HEADS)
        results.open(9)
        lines = path.read_text().splitlines()
        assert lines == [f"{COLUMNS},yolo_16/iou,yolo_16/boxes", f"{fixed}{expected}"]
        assert (list(results.losses), list(results.maps)) == ([1, 3], [1, 0.5])


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        CsvLogger(tmp_path / "no" / "results.csv", (tmp_path / "chart.png",), 500, 20).open(0)


def test_the_chart_is_written_with_each_evaluation(tmp_path: Path) -> None:
    results = CsvLogger(tmp_path / "results.csv", (tmp_path / "chart.png",), 500, 20)
    results.open(0)
    results.add(UPDATE)
    (chart,) = results.charts
    assert not chart.exists()
    results.add(replace(UPDATE, evaluated=True, map=0.5))
    assert cv2.imread(str(chart)).shape == (1000, 1000, 3)


@pytest.mark.parametrize(
    ("updates", "left"), [(500, "    approx. time left = 0.20 hours"), (0, "")]
)
def test_the_charts_footer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, updates: int, left: str
) -> None:
    footers: list[str] = []
    curves: list[object] = []

    def draw(drawn: object, footer: str) -> np.ndarray:
        curves.append(drawn)
        footers.append(footer)
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(metric_loggers, "draw", draw)
    results = CsvLogger(tmp_path / "results.csv", (tmp_path / "chart.png",), updates, 7.5)
    results.open(0)
    for number in (99, 100, 101):  # also where several processes count several at once
        results.add(replace(UPDATE, number=number))
    assert footers == [f"current avg loss = 4.5000    iteration = 100{left}"], "every hundredth"
    results.end(replace(UPDATE, number=101))
    (_, last) = curves
    assert last.losses.tolist() == [[99, 4.5], [100, 4.5], [101, 4.5]]  # type: ignore[attr-defined]
    assert (last.updates, last.top, last.metric) == (updates, 7.5, "mAP")  # type: ignore[attr-defined]


def test_a_hundred_that_no_update_ends_at_is_drawn_after_it(tmp_path: Path) -> None:
    """Of three processes a step counts for three updates."""
    results = CsvLogger(tmp_path / "results.csv", (tmp_path / "chart.png",), 500, 7.5)
    results.open(0)
    drawn = []
    for number in (99, 102, 198, 201):
        results.add(replace(UPDATE, number=number))
        drawn.append(results.drawn)
    assert drawn == [0, 102, 102, 201]
    results.open(199)
    assert results.drawn == 199
