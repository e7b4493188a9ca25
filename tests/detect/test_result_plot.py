"""What a drawn result shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.small_result import result, tracked

from darknet_py.detect import result_plot
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.errors import DarknetError
from darknet_py.images.draw import colour


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the painting is asked for."""
    asked: dict[str, Any] = {}

    def paint(image: Any, boxes: Any, labels: Any, colours: Any, style: Any) -> Any:
        asked.update(boxes=boxes, labels=labels, colours=colours, style=style)
        return image

    monkeypatch.setattr(result_plot, "paint", paint)
    return asked


def test_hidden_classes_are_in_no_label(drawn: dict[str, Any]) -> None:
    result().plot()
    assert drawn["labels"] == ["cat: 0.50", 'dog "big": 0.91, cat']
    assert drawn["boxes"][1].tolist() == [125, 25, 175, 75], "the most confident one is last"
    assert drawn["colours"] == [colour(0, 3), colour(1, 3)]
    assert len(result().best()) == 2 and result().best(hidden=True) == [3, 1]


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({}, ["cat: 0.50", 'dog "big" #7: 0.91, cat']),
        ({"ids": False}, ["cat: 0.50", 'dog "big": 0.91, cat']),
        ({"conf": False}, ["cat", 'dog "big" #7, cat']),
        ({"labels": False}, ["", ""]),
        ({"classes": {1, 2}}, ['dog "big" #7: 0.91, cat']),
        ({"classes": []}, []),
    ],
)
def test_words_of_labels(drawn: dict[str, Any], options: dict[str, Any], labels: list[str]) -> None:
    tracked().plot(**options)
    assert drawn["labels"] == labels and len(drawn["boxes"]) == len(labels)


def test_names_that_opencv_has_no_letters_for(drawn: dict[str, Any]) -> None:
    replace(result(), names=["\U0001f431", "größe", "x"]).plot()
    assert drawn["labels"] == ["größe: 0.91, class 0", "x: 0.99, class 0"]


def test_each_object_its_own_colour(drawn: dict[str, Any]) -> None:
    tracked().plot(color_mode="instance")
    assert drawn["colours"] == [colour(0, 60), colour(7, 60)]
    result().plot(color_mode="instance")
    assert drawn["colours"] == [colour(1, 60), colour(0, 60)]
    near = np.array([colour(number, 60) for number in range(60)], int)
    assert np.abs(near[1:] - near[:-1]).max(axis=1).min() >= 100, "neighbours are told apart"


def test_sizes_and_boxes_are_handed_on(drawn: dict[str, Any]) -> None:
    result().plot(line_width=3, font_scale=0.5, boxes=False)
    style = drawn["style"]
    assert (style.line_width, style.font_scale, style.boxes) == (3, 0.5, False)


def test_labels_without_boxes() -> None:
    boxes = Boxes(
        np.array([[0.5, 0.5, 0.5, 0.5]], np.float32),
        np.ones(1, np.float32),
        np.zeros(1, int),
        np.zeros(1, int),
        width=200,
        height=200,
    )
    one = Result("", np.full((200, 200, 3), 128, np.uint8), boxes, ["cat"])
    bare = one.plot(boxes=False)
    assert (one.plot(labels=False)[100] != 128).any() and (bare[100] == 128).all()
    assert (bare[30:51] != 128).any()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"color_mode": "track"}, "color_mode 'track': expected class or instance"),
        ({"line_width": 0}, "line_width 0: expected 1 to 1000 pixels"),
        ({"font_scale": 0.0}, "font_scale 0.0: expected above 0 to 100"),
    ],
)
def test_wrong_options(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(DarknetError, match=f"^{expected}$"):
        result().plot(**options)


def test_classes_are_numbers_or_names(drawn: dict[str, Any]) -> None:
    for classes in (0, "cat", ["cat"], {0}):
        result().plot(classes=classes)
        assert drawn["labels"] == ["cat: 0.50"], classes
    with pytest.raises(DarknetError, match="classes: no class is named 'cta'; did you mean 'cat'"):
        result().plot(classes=["cta"])
