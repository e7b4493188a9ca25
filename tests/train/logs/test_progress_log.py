"""The live line, the plain lines, results.csv and the chart."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from train.logs.test_darknet_log import UPDATE

from darknet_py.errors import DarknetError, OutputError
from darknet_py.train.logs.loss_chart import BLUE, MARGIN, PLOT, Curves, draw
from darknet_py.train.logs.metric_loggers import CsvLogger, TensorBoardLogger
from darknet_py.train.logs.progress_log import IMAGES, SYMBOLS, LiveLog, PlainLog

COLUMNS = "iteration,images,loss,avg_loss,rate,seconds,data_wait,width,height,map"


def test_the_line() -> None:
    assert UPDATE.line == (
        "12/500  loss 3.25  avg 4.5  rate 0.00025  768 images  40 img/s  data wait 10%  ETA 0:12:11"
    )
    evaluated = replace(UPDATE, metric="mAP", map=0.5, best_map=0.625)
    assert "  mAP 50.00% (best 62.50%)  ETA" in evaluated.line


def test_the_line_of_a_training_without_end() -> None:
    endless = replace(UPDATE, of=0, hours_left=0.0, units=SYMBOLS, speed=123456.7)
    assert endless.line == (
        "12  loss 3.25  avg 4.5  rate 0.00025  768 symbols  123457 symbols/s  data wait 10%"
    )
    assert replace(UPDATE, metric="top5", map=0.5, best_map=0.5).line.count("top5 50.00%") == 1


def test_a_narrow_terminal_shows_what_matters_most() -> None:
    evaluated = replace(UPDATE, map=0.5, best_map=0.625)
    assert UPDATE.fitted(200) == UPDATE.line
    short = "12/500  avg 4.5  40 img/s  data wait 10%  mAP 50.00% (best 62.50%)  ETA 0:12:11"
    assert evaluated.fitted(len(short)) == short
    assert evaluated.fitted(len(short) + 11) == short.replace("avg", "loss 3.25  avg")
    assert evaluated.fitted(20) == short[:20]


def test_plain_lines_come_now_and_then() -> None:
    to = io.StringIO()
    log = PlainLog(to)
    for number in range(1, 41):
        log.update(replace(UPDATE, number=number, of=38, evaluated=number == 15))
    numbers = [line.split("/")[0] for line in to.getvalue().splitlines()]
    assert numbers == ["1", "10", "15", "20", "30", "38", "40"]


def test_the_live_line_is_written_over_and_notes_stay() -> None:
    to = io.StringIO()
    log = LiveLog(to)
    log.update(UPDATE)
    log.note("saved")
    log.update(replace(UPDATE, number=500))
    log.end()
    text = to.getvalue()
    assert text.startswith("\r12/500  loss")
    assert "\rsaved\n\r500/500" in text
    assert text.endswith("\n")
    assert max(map(len, text.replace("\n", "\r").split("\r"))) < 80


def test_rows_of_a_killed_run_are_cut_to_where_it_resumes(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    results = CsvLogger(path, tmp_path / "chart.png", 500, 20)
    results.open(0)
    for number in range(1, 6):
        results.add(replace(UPDATE, number=number, map=0.25, evaluated=number == 2))
    with path.open("a") as file:
        file.write("6,38")
    again = CsvLogger(path, tmp_path / "chart.png", 500, 20)
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
    CsvLogger(path, tmp_path / "chart.png", 500, 20).open(0)
    assert path.read_text().splitlines() == [COLUMNS]


def test_columns_are_named_by_what_is_counted_and_measured(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    results = CsvLogger(path, tmp_path / "chart.png", 500, 20, SYMBOLS)
    results.open(0)
    results.add(replace(UPDATE, units=SYMBOLS))
    lines = path.read_text().splitlines()
    assert lines[0].startswith("iteration,symbols,loss")
    assert lines[1].endswith(",0.2000,,,")
    CsvLogger(path, tmp_path / "chart.png", 500, 20, IMAGES, "top5").open(0)
    assert path.read_text().strip().endswith(",width,height,top5")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        CsvLogger(tmp_path / "no" / "results.csv", tmp_path / "chart.png", 500, 20).open(0)


def test_the_chart_has_a_point_for_each_loss_and_a_line_of_maps(tmp_path: Path) -> None:
    losses = np.array([[100, 10], [200, 5], [300, 400]])
    maps = np.array([[200, 0.6], [300, 0.8]])
    image = draw(Curves(losses, maps, updates=400, top=20), "footer")
    assert image.shape == (1000, 1000, 3)
    for x, y in [(0.25, 0.5), (0.5, 0.75)]:
        assert tuple(image[int(PLOT * y), MARGIN + int(PLOT * x)]) == BLUE
    # What is above the top is drawn at the edge.
    assert tuple(image[1, MARGIN + int(PLOT * 0.75)]) == BLUE
    middle = image[int(PLOT * 0.3) - 3 : int(PLOT * 0.3) + 4, MARGIN + int(PLOT * 0.625)]
    assert any(red > 200 and green < 128 for _, green, red in middle.tolist())


def test_the_chart_of_a_training_without_end_is_as_wide_as_it_is_long() -> None:
    losses = np.array([[50, 5], [100, 10]])
    image = draw(Curves(losses, np.array([[50, 0.5]]), updates=0, top=20, metric="top5"), "")
    assert tuple(image[int(PLOT * 0.75), MARGIN + PLOT // 2]) == BLUE
    assert tuple(image[PLOT // 2, 999]) == BLUE
    empty = draw(Curves(np.zeros((0, 2)), np.zeros((0, 2)), updates=0, top=20), "")
    assert empty.shape == (1000, 1000, 3)


def test_the_chart_is_written_with_each_evaluation(tmp_path: Path) -> None:
    results = CsvLogger(tmp_path / "results.csv", tmp_path / "chart.png", 500, 20)
    results.open(0)
    results.add(UPDATE)
    assert not results.chart.exists()
    results.add(replace(UPDATE, evaluated=True, map=0.5))
    assert cv2.imread(str(results.chart)).shape == (1000, 1000, 3)


def test_tensorboard_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(DarknetError, match="needs the package tensorboard; pip install"):
        TensorBoardLogger.open("runs")
