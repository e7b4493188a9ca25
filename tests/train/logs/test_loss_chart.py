"""The chart of losses and mAP, by its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.train.logs import loss_chart
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


def words(monkeypatch: pytest.MonkeyPatch, curves: Curves) -> dict[tuple[int, int], str]:
    """What is written where on a chart."""
    written: dict[tuple[int, int], str] = {}

    def write(canvas: object, text: str, origin: tuple[int, int], colour: object) -> None:
        written[origin] = text

    monkeypatch.setattr(loss_chart, "_text", write)
    draw(curves, "footer")
    return written


def test_the_grid_is_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses from the top down beside it, updates from left to right below it."""
    written = words(monkeypatch, Curves(np.zeros((0, 2)), np.zeros((0, 2)), 400, top=20))
    beside = [written.pop((22, min(94 * number + 3, PLOT))) for number in range(1, 11)]
    assert beside == ["18", "16", "14", "12", "10", "8", "6", "4", "2", "0"]
    lefts = [min(MARGIN + 94 * number - 20, 945) for number in range(11)]
    below = [written.pop((left, PLOT + 15)) for left in lefts]
    assert below == [str(40 * number) for number in range(11)]
    assert written == {
        (10, 60): "Loss",
        (470, 990): "Iteration number",
        (745, 990): "in cfg max_batches=400",
        (15, 973): "footer",
    }


def test_the_best_and_the_last_map_are_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [(100, 0.5), (110, 0.52), (200, 0.4), (300, 0.6), (339, 0.7), (400, 0.55)]
    written = words(monkeypatch, Curves(np.zeros((0, 2)), np.array(values), 400, top=20))
    assert (written[10, 12], written[10, 30]) == ("mAP%", "55.0%")
    at = {(x, y): text for (x, y), text in written.items() if text.endswith("%") and x > 10}
    # Better, but too soon after the last label; late, but worse; the last is labelled though worse.
    spots = [(100, 0.5), (300, 0.6), (400, 0.55)]
    corners = [(MARGIN + 940 * update // 400, int(940 * (1 - share))) for update, share in spots]
    expected = [(min(x, 999) - 30, y + 15) for x, y in corners]
    assert at == dict(zip(expected, ["50%", "60%", "55%"], strict=True))


def test_the_grid_has_a_dark_line_every_tenth() -> None:
    image = draw(Curves(np.zeros((0, 2)), np.zeros((0, 2)), 400, top=20), "")
    dark = [x for x in range(MARGIN, 1000) if image[5, x, 0] == 128]
    assert dark == [MARGIN + 94 * number for number in range(10)]
    light = [x for x in range(MARGIN, 1000) if image[5, x, 0] == 224]
    assert len(light) == 90


def test_an_older_chart_keeps_all_but_its_last_words() -> None:
    losses, maps = np.array([[100, 10.0]]), np.array([[100, 0.5]])
    old = draw(Curves(losses, maps, 400, top=20), "an older footer, which is longer")
    later = np.array([[300, 5.0]])
    new = draw(Curves(later, np.array([[300, 0.75]]), 400, top=20, background=old), "new")
    assert tuple(new[PLOT // 2, MARGIN + PLOT // 4]) == BLUE, "the old loss"
    assert tuple(new[int(PLOT * 0.75), MARGIN + int(PLOT * 0.75)]) == BLUE
    fresh = draw(Curves(later, np.array([[300, 0.75]]), 400, top=20), "new")
    assert (new[PLOT + 18 :] == fresh[PLOT + 18 :]).all(), "no trace of the older footer"
    last = np.s_[15:36, : MARGIN - 1]
    assert (new[last] == fresh[last]).all(), "nor of the mAP of then"
    assert (old != new).any()
