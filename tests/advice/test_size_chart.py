"""The picture of object sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py.advice import size_chart
from darknet_py.advice.advice_report import HeadFacts, ObjectFacts

HEADS = (HeadFacts(4, 29, "yolo", 32, 0.5), HeadFacts(1, 18, "yolo", 8, 0.25))
OBJECTS = ObjectFacts(64, 64, (1, 2, 3), 0.1, HEADS)


def drawn(monkeypatch: pytest.MonkeyPatch, boxes: np.ndarray) -> Any:
    pytest.importorskip("matplotlib")
    figures: list[Any] = []
    monkeypatch.setattr(size_chart, "save", lambda figure, path: figures.append(figure))
    size_chart.draw_sizes(Path("s.png"), boxes, OBJECTS)
    (axes,) = figures[0].axes
    return axes


def test_every_object_is_in_it_and_every_head(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = drawn(monkeypatch, np.array([[4.0, 4], [8, 2], [64, 64], [32, 32]]))
    assert sum(bar.get_height() for bar in axes.patches) == 4
    lines = {line.get_xdata()[0]: line.get_label() for line in axes.lines}
    assert lines == {
        16: "16 pixels",
        8: "cell of stride 8: 25.0% are smaller",
        32: "cell of stride 32: 50.0% are smaller",
    }


@pytest.mark.parametrize("side", [8.0, 0.3])
def test_objects_of_one_size(monkeypatch: pytest.MonkeyPatch, side: float) -> None:
    assert drawn(monkeypatch, np.full((3, 2), side)).patches
