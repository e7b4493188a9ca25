"""The axis of losses has ticks that are plain numbers, wherever the losses lie."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.plots import new_figure
from darknet_py.train.logs.loss_axis import log_axis

pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([500, 2.5], ["5", "10", "20", "50", "100", "200", "500"]),
        ([2.9, 2.1], ["2", "2.25", "2.5", "2.75", "3"]),
        ([1e5, 0.5, 0.0, np.nan], ["1", "10", "100", "1000", "10000", "100000"]),
    ],
)
def test_ticks(values: list[float], labels: list[str]) -> None:
    axes = new_figure(4, 4).subplots()
    log_axis(axes, [np.array(values)])
    low, high = axes.get_ylim()
    assert axes.get_yscale() == "log"
    positive = [value for value in values if value > 0]
    assert low < min(positive) and max(positive) < high
    ticks = [tick for tick in axes.yaxis.get_major_locator()() if low <= tick <= high]
    assert axes.yaxis.get_major_formatter().format_ticks(ticks) == labels


def test_headroom() -> None:
    axes = new_figure(4, 4).subplots()
    log_axis(axes, [np.array([1.0, 100.0])], headroom=0.2)
    low, high = np.log(axes.get_ylim())
    assert (np.log(110) - low) / (high - low) == pytest.approx(0.8)


def test_without_a_loss_above_nothing_it_stays_linear() -> None:
    axes = new_figure(4, 4).subplots()
    log_axis(axes, [np.array([0.0, np.nan])])
    assert axes.get_yscale() == "linear"
