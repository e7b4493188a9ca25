"""What darknet.py makes of boxes: texts, corners, drawings."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.compat.answers import (
    bbox2points,
    decode_detection,
    draw_boxes,
    non_max_suppression_fast,
    print_detections,
)

ROWS = [("dog", "9.1", (10.4, 20.6, 4.0, 6.0)), ("cat", "100.0", (1.5, 2.5, 1.0, 1.0))]


def test_corners_are_rounded_to_even_as_python_does() -> None:
    assert bbox2points((10.5, 20.5, 4, 6)) == (8, 18, 12, 24)
    assert bbox2points((1.6, 2.4, 1, 1)) == (1, 2, 2, 3)


def test_percent_is_a_text_of_two_places_at_most() -> None:
    rows = [("a", 0.97534, (1, 2, 3, 4)), ("b", 0.5, (1, 2, 3, 4)), (b"c", 1.0, (0, 0, 1, 1))]
    texts = [(name, percent) for name, percent, _ in decode_detection(rows)]
    assert texts == [("a", "97.53"), ("b", "50.0"), ("b'c'", "100.0")]


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_detections(ROWS)
    assert capsys.readouterr().out == "\nObjects:\ndog: 9.1%\ncat: 100.0%\n"
    print_detections(ROWS[:1], True)
    line = "dog: 9.1%    (left_x: 10   top_y:  21   width:   4   height:  6)\n"
    assert capsys.readouterr().out == f"\nObjects:\n{line}"


def test_boxes_are_drawn_on_the_image_itself() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    assert draw_boxes([("dog", "50.0", (30, 20, 20, 10))], image, {"dog": (1, 2, 3)}) is image
    assert image[15, 25].tolist() == image[20, 20].tolist() == [1, 2, 3]
    assert image[20, 30].tolist() == [0, 0, 0]
    assert image[:12].any()  # the name, above the box


def test_the_lowest_box_takes_those_it_covers() -> None:
    low, covered, apart = (5, 5, 4, 4), (5, 4, 4, 4), (50, 5, 4, 3)
    rows = [("a", 0, 0, covered), ("b", 0, 0, low), ("c", 0, 0, apart)]
    assert [row[0] for row in non_max_suppression_fast(rows, 0.5)] == ["b", "c"]
    # 5 x 4 of the 25 pixels: edges count as pixels.
    assert [row[0] for row in non_max_suppression_fast(rows, 0.8)] == ["b", "c", "a"]
    assert non_max_suppression_fast(rows[:0], 0.5) == []
