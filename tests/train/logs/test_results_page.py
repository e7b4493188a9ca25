"""results.png: which panels there are, and what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.one_update import UPDATE

from darknet_py.train.logs import results_page
from darknet_py.train.logs.results_page import draw_results, moving_average
from darknet_py.train.logs.results_table import columns
from darknet_py.train.logs.run_curves import RunCurves

pytest.importorskip("matplotlib")
if TYPE_CHECKING:
    from matplotlib.figure import Figure

TWO = ("yolo_1", "yolo_2")


def drawn(monkeypatch: pytest.MonkeyPatch, curves: RunCurves) -> Figure:
    """The figure that would have been written."""
    figures: list[Figure] = []
    monkeypatch.setattr(results_page, "save", lambda figure, path: figures.append(figure))
    draw_results(Path("results.png"), curves, "a title")
    return figures[0]


def filled(heads: tuple[str, ...] = (), measured: bool = False) -> RunCurves:
    values = {"iou": 0.6, "obj": 0.5, "no_obj": 0.1, "class": 0.7, "boxes": 4.0, "loss": 2.0}
    shown = {f"{head}/{name}": value for head in heads for name, value in values.items()}
    curves = RunCurves(columns(heads=[*shown]))
    for number in range(1, 41):
        more = {"evaluated": measured and number % 10 == 0, "map": number / 100}
        update = replace(UPDATE, number=number, images=64 * number, loss=500 / number, **more)
        curves.add_update(replace(update, heads=shown if number > 1 else {}))
    return curves


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


GENERAL = ["learning rate", "images a second", "waiting for data, % of the time"]
OF_HEADS = ["IoU with labels", "objectness at labels, of all cells dotted"]
OF_HEADS += ["share of the right class", "labels an iteration"]


def test_a_classifier_without_a_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, filled())
    assert titles(figure) == ["loss", *GENERAL]
    loss = figure.axes[0]
    assert loss.get_yscale() == "log" and loss.get_ylim()[1] > 500
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        "each iteration",
        "average",
    ]
    each = next(line for line in loss.lines if line.get_label() == "each iteration")
    assert np.asarray(each.get_ydata())[:2].tolist() == [500, 250]


def test_a_detector_with_two_heads_and_map(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, filled(TWO, measured=True))
    assert titles(figure) == ["loss", "mAP, %: best 40.00 at 40", *OF_HEADS, *GENERAL]
    loss, metric, iou = figure.axes[:3]
    names = [text.get_text() for text in loss.get_legend().get_texts()]
    assert names[2:] == ["average of yolo_1", "average of yolo_2"]
    assert np.asarray(metric.lines[0].get_ydata()).tolist() == [10, 20, 30, 40]
    assert [text.get_text() for text in iou.get_legend().get_texts()] == list(TWO)
    assert {axes.get_xlim() for axes in figure.axes} == {iou.get_xlim()}, "the same in all"
    assert not np.isnan(np.asarray(iou.lines[0].get_ydata(), float)).any()


def test_of_one_head_there_is_no_name_and_no_second_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, filled(("region_15",)))
    assert titles(figure) == ["loss", *OF_HEADS, *GENERAL]
    assert all(axes.get_legend() is None for axes in figure.axes[1:])
    assert len(figure.axes[0].lines) == 2


def test_nothing_of_the_callers_figures_is_touched(tmp_path: Path) -> None:
    from matplotlib import pyplot

    before = pyplot.get_fignums(), pyplot.get_backend()
    draw_results(tmp_path / "results.png", filled(), "a title")
    assert (pyplot.get_fignums(), pyplot.get_backend()) == before
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")


def test_moving_average() -> None:
    values = np.array([np.nan, 10.0, np.nan, 20.0])
    assert np.isnan(moving_average(values)[0])
    assert moving_average(values)[1:].tolist() == [10, 10, 11]
