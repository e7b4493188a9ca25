"""The chart of losses and mAP, by its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from darknet_py.train.logs.loss_chart import BLUE, MARGIN, PLOT, Curves, draw


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
