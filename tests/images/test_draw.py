"""Painted boxes and written images."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import OutputError
from darknet_py.images.draw import DrawStyle, colour, draw, paint, save_image
from darknet_py.images.io import Pixels
from darknet_py.images.label_text import Colour, Label


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def plain_colour(class_id: int, classes: int) -> tuple[int, ...]:
    table = [(1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0)]
    position = class_id * 123457 % classes / classes * 5
    low, part = math.floor(position), position - math.floor(position)
    mixed = [(1 - part) * table[low][c] + part * table[math.ceil(position)][c] for c in (0, 1, 2)]
    return tuple(int(255 * value) for value in mixed)


def test_colours_of_darknet() -> None:
    assert colour(0, 80) == (255, 0, 255)
    for class_id in range(80):
        assert colour(class_id, 80) == plain_colour(class_id, 80)
    assert len({colour(class_id, 20) for class_id in range(20)}) == 20
    assert colour(0, 1) == (255, 0, 255)


def test_a_box_is_painted_on_a_copy() -> None:
    image = grey(200, 100)
    painted = draw(image, [[20.9, 30.2, 120, 80]], [""], [2], 80)
    assert (image == 90).all()
    assert tuple(painted[30, 70]) == colour(2, 80)
    assert tuple(painted[50, 20]) == colour(2, 80)
    assert (painted[40:70, 30:110] == 90).all()


def test_a_label_has_a_filled_background_above_the_box() -> None:
    bgr = np.array(colour(16, 80))
    painted = draw(grey(640, 480), [[100, 200, 300, 400]], ["dog: 0.97"], [16], 80)
    above = painted[170:198, 90:400]
    assert (above == bgr).all(axis=2).sum() > 400
    assert (painted[:150] == 90).all()


@pytest.mark.parametrize(
    "box", [[-50, -50, 60, 60], [600, 2, 700, 30], [630, 470, 900, 900], [0, 0, 639, 479]]
)
def test_labels_stay_inside_the_image(box: list[float]) -> None:
    bare = draw(grey(640, 480), [box], [""], [5], 80)
    painted = draw(grey(640, 480), [box], ["giraffe: 0.55"], [5], 80)
    inside = (painted == np.array(colour(5, 80))).all(axis=2)
    assert (painted != bare).any(axis=2).sum() > 300
    assert inside.sum() > 300


def test_the_ink_contrasts_with_the_colour() -> None:
    classes = 5  # class 0 is magenta, class 2 (123457 * 2 % 5 = 4) nearly yellow
    dark = draw(grey(640, 480), [[100, 200, 300, 400]], ["dog"], [0], classes)
    light = draw(grey(640, 480), [[100, 200, 300, 400]], ["dog"], [2], classes)
    # Thin letters of OpenCV 4 do not quite reach white and black.
    assert (dark[160:199] > 220).all(axis=2).any()
    assert (light[160:199] < 35).all(axis=2).any()


def test_lines_grow_with_the_image() -> None:
    def thickness(side: int) -> int:
        painted = draw(
            grey(side, side), [[0.2 * side, 0.2 * side, 0.8 * side, 0.8 * side]], [""], [0], 9
        )
        return int((painted[side // 2, : side // 2] != 90).any(axis=1).sum())

    assert 1 <= thickness(60) <= 2
    assert thickness(2000) > thickness(400) >= 1


def crowd(count: int) -> tuple[np.ndarray, list[str]]:
    random = np.random.default_rng(3)
    middle = random.uniform(0.05, 0.95, (count, 2)) * (640, 480)
    size = random.uniform(0.06, 0.3, (count, 2)) * (640, 480)
    boxes = np.concatenate([middle - size / 2, middle + size / 2], axis=1)
    return boxes, [f"traffic light: 0.{number:02d}" for number in range(count)]


@pytest.fixture
def strips(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """left, top, right, bottom of the labels that are written, right and bottom exclusive."""
    written: list[list[int]] = []
    real = Label.write

    def write(label: Label, canvas: Pixels, left: int, top: int, bgr: Colour) -> None:
        written.append([left, top, left + label.width, top + label.height])
        real(label, canvas, left, top, bgr)

    monkeypatch.setattr(Label, "write", write)
    return written


def shared(one: list[int], other: list[int]) -> int:
    """Pixels of both."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, wide) * max(0, high)


def test_labels_of_a_crowd_do_not_cover_each_other(strips: list[list[int]]) -> None:
    boxes, labels = crowd(40)
    draw(grey(640, 480), boxes, labels, [0] * 40, 2)
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in strips)
    covered = sum(shared(a, b) for a, b in itertools.combinations(strips, 2))
    assert len(strips) == 40 and covered < 0.01 * area
    assert min(np.array(strips)[:, :2].ravel()) >= 0
    assert (np.array(strips)[:, 2:] <= (640, 480)).all()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_places_do_not_depend_on_the_order(strips: list[list[int]], order: Sequence[int]) -> None:
    """That of confidence changes from frame to frame. The highest box has the first choice."""
    boxes = [[100, 200, 300, 400], [100, 201, 300, 400], [100, 202, 300, 400]]
    labels = ["a", "bb", "ccc"]
    draw(grey(640, 480), [boxes[k] for k in order], [labels[k] for k in order], order, 3)
    found = dict(zip(order, strips, strict=True))
    assert found[0][0] == 99 and found[0][3] == 199, "above the box with its line"
    assert found[1][:2] == [99, 402] and found[2][2:] == [302, 201]


def test_the_last_label_is_on_top() -> None:
    """Where there is room for one only."""
    boxes = [[0, 0, 199, 19]] * 2
    painted = draw(grey(200, 20), boxes, ["a long label of one"] * 2, [0, 1], 3)
    assert (painted == colour(1, 3)).all(axis=2).sum() > 500


def test_labels_are_on_top_of_later_boxes(strips: list[list[int]]) -> None:
    """Wherever this one stands, lines run through it."""
    lines = [[0, 0, 639, y] for y in range(0, 480, 8)]
    painted = draw(
        grey(640, 480), [[90, 90, 300, 300], *lines], ["a label"] + [""] * 60, [0] + [1] * 60, 3
    )
    ((left, top, right, bottom),) = strips
    assert bottom - top > 9
    assert not (painted[top:bottom, left:right] == colour(1, 3)).all(axis=2).any()
    assert (painted == colour(1, 3)).all(axis=2).sum() > 60_000


def test_words_stay_inside_a_tiny_image(strips: list[list[int]]) -> None:
    boxes = [[5, 8, 40, 35], [30, 2, 58, 30]]
    draw(grey(60, 40), boxes, ["traffic light: 0.87", "a very long name: 0.5"], [1, 4], 7)
    assert len(strips) == 2 and shared(*strips) == 0
    assert np.min(strips) >= 0 and (np.max(strips, axis=0)[2:] <= (60, 40)).all()
    strips.clear()
    assert (draw(grey(4, 3), [[0, 0, 3, 2]], ["dog"], [1], 7) != 90).any() and strips == []


def test_sizes_can_be_given(strips: list[list[int]]) -> None:
    box, bgr = [[100, 200, 300, 400]], [(0, 0, 255)]
    thick = paint(grey(640, 480), box, [""], bgr, DrawStyle(line_width=11))
    assert (thick[300, :200] != 90).any(axis=1).sum() in range(10, 14)
    for scale in (0.5, 1.0):
        paint(grey(640, 480), box, ["dog"], bgr, DrawStyle(font_scale=scale, boxes=False))
    (small, large) = (strip[3] - strip[1] for strip in strips)
    assert large > 1.6 * small
    bare = paint(grey(640, 480), box, [""], bgr, DrawStyle(boxes=False))
    assert (bare == 90).all()


def test_broken_boxes_do_not_stop_the_painting() -> None:
    boxes = [[math.nan, 0, math.inf, 50], [-math.inf, -5, 1e30, 1e30]]
    assert draw(grey(64, 48), boxes, ["a", "b"], [0, 1], 2).shape == (48, 64, 3)
    assert (draw(grey(64, 48), np.zeros((0, 4)), [], [], 2) == 90).all()


def test_as_many_labels_as_boxes() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw(grey(9, 9), [[0, 0, 5, 5]], [], [0], 2)


@pytest.mark.parametrize("name", ["a.jpg", "b.png", "c.webp", "größe 狗.JPG"])
def test_written_images_can_be_read(tmp_path: Path, name: str) -> None:
    image = cv2.GaussianBlur(draw(grey(64, 48), [[5, 5, 40, 40]], [""], [3], 9), (9, 9), 0)
    save_image(tmp_path / name, image)
    data = np.frombuffer((tmp_path / name).read_bytes(), np.uint8)
    read = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert np.abs(read.astype(int) - image).mean() < 8
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_quality_makes_larger_files(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    save_image(tmp_path / "low.jpg", image, quality=20)
    save_image(tmp_path / "high.jpg", image, quality=95)
    assert (tmp_path / "low.jpg").stat().st_size < (tmp_path / "high.jpg").stat().st_size


@pytest.mark.parametrize("name", ["a.xyz", "plain", "a.txt"])
def test_unknown_formats(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"use \.jpg"):
        save_image(tmp_path / name, grey(4, 4))


def test_unwritable_places(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_image(tmp_path / "gone" / "a.jpg", grey(4, 4))
    (tmp_path / "taken.jpg").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        save_image(tmp_path / "taken.jpg", grey(4, 4))
    assert os.listdir(tmp_path) == ["taken.jpg"]
