"""Where a training writes its chart and its numbers; an older chart that it goes on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.small_detector import small_options

from darknet_py.errors import DataError, ImageError
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train import opened_loggers
from darknet_py.train.command import run
from darknet_py.train.logs import page_logger
from darknet_py.train.logs.run_curves import RunCurves
from darknet_py.train.loop import Loop


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(folder: Path, **choices: object) -> DetectorTrainOptions:
    return small_options(folder, results=None, **choices)  # type: ignore[arg-type]


def test_chart_and_numbers_lie_beside_the_weights(here: Path) -> None:
    before = {"small.cfg", "small.data", "backup"}
    assert run(options(here, max_batches=3)) == 0
    assert {path.name for path in here.iterdir()} == before
    backup = here / "backup"
    assert (backup / "chart.png").read_bytes() == (backup / "chart_small.png").read_bytes()
    assert len((backup / "results.csv").read_text().splitlines()) == 4


def test_a_resumed_training_goes_on_with_its_chart_and_numbers(here: Path) -> None:
    first, second = here / "first", here / "second"
    assert run(options(first, max_batches=6)) == 0
    for choices in ({"iterations": 4}, {"resume": True}):
        assert run(options(second, max_batches=6, **choices)) == 0
    rows = [(folder / "backup/results.csv").read_text().splitlines() for folder in (first, second)]
    losses = [[row.split(",")[2:4] for row in some] for some in rows]
    assert losses[0] == losses[1] and len(losses[0]) == 7
    charts = [cv2.imread(str(folder / "backup/chart.png")) for folder in (first, second)]
    # The footer says how much time is left.
    assert (charts[0][:950] == charts[1][:950]).all()


def test_an_older_chart_is_drawn_on_in_the_working_folder(here: Path) -> None:
    old = np.full((1000, 1000, 3), 200, np.uint8)
    cv2.imwrite("old.png", old)
    assert run(options(here, max_batches=3, chart="old.png")) == 0
    assert (cv2.imread("old.png") == 200).all(), "left as it is"
    new = cv2.imread("chart.png")
    assert (new == cv2.imread("chart_small.png")).all()
    assert 0.9 < (new == 200).mean() < 1
    assert not list((here / "backup").glob("chart*"))
    assert (here / "backup" / "results.csv").exists()


def test_a_chart_can_be_written_over_the_one_it_goes_on_with(here: Path) -> None:
    scale = "max_chart_loss=100"
    run(options(here, max_batches=3, net=scale, chart="old.png"))
    first = cv2.imread("chart.png")
    run(options(here, max_batches=3, net=scale, chart="chart.png", seed=5))
    blue = [(chart == (255, 0, 0)).all(axis=2).sum() for chart in (first, cv2.imread("chart.png"))]
    assert blue[1] > blue[0] > 0


def test_no_older_chart_is_a_new_one(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run(options(here, max_batches=1, chart="no.png")) == 0
    assert caplog.messages == ["-chart: no.png is not there to go on with: a new chart is drawn"]
    assert cv2.imread("chart.png").shape == (1000, 1000, 3)


def test_what_is_no_chart(here: Path) -> None:
    cv2.imwrite("small.png", np.zeros((480, 640, 3), np.uint8))
    size = r"small\.png: is 640 x 480, expected a chart of 1000 x 1000 pixels; without -chart a new"
    with pytest.raises(DataError, match=size):
        run(options(here, chart="small.png"))
    Path("text.png").write_text("a chart")
    with pytest.raises(ImageError, match=r"text\.png: not an image"):
        run(options(here, chart="text.png"))


def test_values_of_net_by_option(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = options(here, max_batches=2, batch=6, subdivisions=3, width=64, height=48)
    assert run(replace(given, max_batches=4)) == 0
    printed = capsys.readouterr().out
    assert "images, 64x48, batch 6/3, 4 iterations from 0" in printed
    told = "width=64 height=48 batch=6 subdivisions=3 max_batches=4 by option instead of the cfg's"
    assert f"small.cfg: {told}\n" in printed
    rows = (here / "backup" / "results.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [[str(n), str(6 * n)] for n in range(1, 5)]
    assert all(row.split(",")[7:9] == ["64", "48"] for row in rows)


def test_subdivisions_of_a_resumed_training(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(options(here, iterations=1))
    seen: list[int] = []

    def note(loop: Loop) -> int:
        seen.append(loop.trainer.subdivisions)
        return 0

    monkeypatch.setattr(Loop, "run", note)
    run(options(here, resume=True))
    run(options(here, resume=True, subdivisions=8))
    assert seen == [2, 8]


def test_the_page_of_a_training_and_of_one_that_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the heads show goes into results.csv, and from there into the next run's picture."""
    drawn: list[RunCurves] = []
    monkeypatch.setattr(page_logger, "LEAST", 4)
    monkeypatch.setattr(page_logger, "draw_results", lambda path, curves, _: drawn.append(curves))
    for choices in ({"iterations": 3}, {"resume": True}):
        assert run(options(here, max_batches=5, evaluates=True, **choices)) == 0
    assert len(drawn) == 1, "the first run was too short"
    (curves,) = drawn
    values = curves.values
    assert curves.iterations.tolist() == [1, 2, 3, 4, 5]
    assert np.isfinite(values.mean("loss")).all() and (values.mean("loss") > 0).all()
    (iou,) = values.having("/iou")
    assert ((values.mean(iou) > 0) & (values.mean(iou) < 1)).all()
    (boxes,) = values.having("/boxes")
    assert (values.mean(boxes) >= 1).all()
    assert [update for update, _ in curves.measured] == [5]


def test_without_matplotlib_a_line_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opened_loggers, "can_draw", lambda: False)
    assert run(options(here, max_batches=2)) == 0
    said = "results.png is not drawn: matplotlib is not installed; pip install matplotlib"
    assert capsys.readouterr().out.count(said) == 1
