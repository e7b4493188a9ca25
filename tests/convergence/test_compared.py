"""The comparison of trainings: what it calls different, and its table. The trainings take minutes
and are none of the tests: `make convergence`."""

from __future__ import annotations

import json
import random
import statistics
from pathlib import Path

import numpy as np
import pytest

from convergence.compared import LEVEL, Row, rows, table
from convergence.figures import C_FIGURES, HOME, LAST, STEP, RunFigures, read_figures
from convergence.picture import draw
from darknet_py.images.io import read_image
from darknet_py.network.graph import read_graph

NET = "yolov3-small"


def moved(by: float, scatter: float = 1.0) -> dict[str, list[RunFigures]]:
    """Five runs like the C program's, with a better mAP at the end, and losses scattered more."""
    c = read_figures(C_FIGURES)[NET]
    last = [run.map[700] for run in c]
    mean, spread = statistics.fmean(last), statistics.stdev(last)
    made = []
    for number in range(5):
        end = mean + by + spread * (number - 2) / 2
        base = c[number % len(c)]
        made.append(
            RunFigures(
                base.map | {700: end}, base.loss, base.last_loss, base.last_scatter * scatter
            )
        )
    return {NET: made}


def failing(ours: dict[str, list[RunFigures]]) -> list[str]:
    return [row.what for row in rows(read_figures(C_FIGURES), ours) if row.fails]


def test_what_is_alike_passes_and_what_is_not_is_named() -> None:
    assert failing(moved(0)) == []
    assert failing(moved(8)) == failing(moved(-8)) == ["mAP %, 700 iterations"]
    assert failing(moved(0, scatter=0.7)) == ["their scatter"]


def test_the_chance_is_welchs() -> None:
    """Variances 1 of three runs and 10 of five."""
    row = Row(NET, "mAP", (9.0, 10.0, 11.0), (11.0, 13.0, 15.0, 17.0, 19.0), judged=True)
    t = (10 - 15) / (1 / 3 + 10 / 5) ** 0.5
    freedom = (1 / 3 + 2) ** 2 / ((1 / 3) ** 2 / 2 + 2**2 / 4)
    assert row.chance == pytest.approx(two_sided(t, freedom), abs=2e-4)


def two_sided(t: float, freedom: float) -> float:
    """The area of Student's density beyond |t|, by the trapezoidal rule."""

    def beyond(start: float) -> float:
        heights = (1 + np.arange(start, 400, 0.01) ** 2 / freedom) ** (-(freedom + 1) / 2)
        return float(heights.sum() - heights[0] / 2)

    return beyond(abs(t)) / beyond(0)


def test_a_run_that_learns_nothing_is_no_difference_where_none_learns() -> None:
    c = read_figures(C_FIGURES)["yolov4-tiny-small"]
    (first, *_) = rows({"n": c}, {"n": c})
    assert first.what == "mAP %, 115 iterations"
    assert first.chance == 1


def test_the_table_shows_both_programs() -> None:
    lines = table(list(rows(read_figures(C_FIGURES), moved(8)))).splitlines()
    (line,) = [line for line in lines if "700 iterations" in line]
    assert line.split()[:4] == [NET, "mAP", "%,", "700"]
    assert "21.82 +- 1.69" in line and "29.82 +- 1.34" in line and line.endswith("differ")
    assert len(lines) == 7
    assert lines[1].endswith("(shown only)")


def test_figures_of_losses(tmp_path: Path) -> None:
    rng = random.Random(0)
    losses = [100.0] * 50 + [5 + rng.random() for _ in range(LAST)]
    figures = RunFigures.of(losses, {75: 0.0123, 150: 0.5})
    assert (figures.map, figures.loss[0], len(figures.loss)) == (
        {75: 1.23, 150: 50},
        100,
        150 // STEP,
    )
    assert figures.last_loss == pytest.approx(statistics.fmean(losses[50:]), abs=1e-4)
    assert figures.last_scatter == pytest.approx(statistics.stdev(losses[50:]), abs=1e-4)
    figures.write(tmp_path / "f.json")
    assert RunFigures.read(json.loads((tmp_path / "f.json").read_text())) == figures


def test_the_stored_figures_are_those_of_the_cfgs() -> None:
    for net, runs in read_figures(C_FIGURES).items():
        cfg = read_graph(HOME / f"{net}.cfg").net
        for run in runs:
            assert max(run.map) == cfg.max_batches == STEP * len(run.loss)
            assert len(run.map) == 4
            assert min(run.last_loss, run.last_scatter) > 0


def test_curves_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw(tmp_path / "curves.png", read_figures(C_FIGURES), moved(0))
    red, green, blue = np.moveaxis(read_image(tmp_path / "curves.png").astype(int), 2, 0)
    for lines in (blue - red, red - blue):  # the C program's and ours, left and right
        assert (lines > 60).any(axis=0)[:400].any() and (lines > 60).any(axis=0)[600:].any()
    assert green.shape[1] > 900


def test_the_level_is_what_the_words_say() -> None:
    assert f"{LEVEL:.0%}" == "1%"
