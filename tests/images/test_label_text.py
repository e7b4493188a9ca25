"""Words that fit an image, in letters that can be drawn."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.images.label_text import (
    SMALLEST_SCALE,
    Label,
    Pen,
    can_write,
    fitted_label,
    ink_on,
    plain,
)

PEN = Pen(line=2, stroke=1, margin=2, scale=0.5)


def test_sizes_grow_with_the_image() -> None:
    small, large = (Pen.of(np.zeros((side, 2 * side, 3), np.uint8)) for side in (480, 3000))
    assert small == Pen(line=2, stroke=1, margin=2, scale=0.48)
    assert large == Pen(line=12, stroke=5, margin=15, scale=3.0)
    assert Pen.of(np.zeros((9, 9, 3), np.uint8)) == Pen(line=1, stroke=1, margin=2, scale=0.4)


def test_sizes_that_are_given_stand() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    assert Pen.of(image, 7) == Pen(line=7, stroke=1, margin=2, scale=0.48)
    assert Pen.of(image, None, 2.0) == Pen(line=2, stroke=3, margin=10, scale=2.0)


def fitted(text: str, width: int, height: int = 100) -> Label:
    label = fitted_label(text, PEN, width, height)
    assert label is not None and label.width <= width and label.height <= height
    return label


def test_what_fits_is_written_as_it_is() -> None:
    label = fitted("dog: 0.97", 300)
    assert (label.text, label.pen) == ("dog: 0.97", PEN)


def test_what_is_too_long_is_written_smaller_and_then_cut() -> None:
    whole = fitted("traffic light: 0.97", 1000).width
    smaller = fitted("traffic light: 0.97", round(0.8 * whole))
    assert smaller.text == "traffic light: 0.97" and 0.3 < smaller.pen.scale <= 0.45
    cut = fitted("traffic light: 0.97", round(0.4 * whole))
    assert cut.pen.scale == SMALLEST_SCALE
    start = cut.text.removesuffix("...")
    assert 4 <= len(start) < 16 and "traffic light".startswith(start) and start + "..." == cut.text
    assert cut.width > 0.25 * whole, "no more is cut than need be"


def test_what_is_too_high_is_written_smaller() -> None:
    high = fitted("dog", 500).height
    assert 0.3 <= fitted("dog", 500, high - 2).pen.scale < 0.5


@pytest.mark.parametrize("size", [(5, 100), (300, 4), (1, 1)])
def test_nothing_is_written_where_nothing_fits(size: tuple[int, int]) -> None:
    assert fitted_label("dog", PEN, *size) is None


def test_endless_words_end() -> None:
    assert fitted("word " * 100_000, 200).text.endswith("...")


@pytest.mark.parametrize(
    ("text", "ascii_only", "every_script"),
    [
        ("dog: 0.97", "dog: 0.97", "dog: 0.97"),
        ("größe Łódź", "grosse Lodz", "größe Łódź"),
        ("ångström", "angstrom", "ångström"),
        ("狗 x", "? x", "狗 x"),
        ("Жук", "???", "Жук"),
        ("\U0001f436 dog", "? dog", "? dog"),
        ("a\tb\nc", "a b c", "a b c"),
        ("a\0\udce9", "a??", "a??"),
        ("really?", "really?", "really?"),
    ],
)
def test_letters_of_opencv_4_and_5(text: str, ascii_only: str, every_script: str) -> None:
    assert plain(text, every_script=False) == ascii_only
    assert plain(text, every_script=True) == every_script


def test_whether_all_letters_are_drawn() -> None:
    assert can_write("Łódź?", every_script=False) and can_write("狗", every_script=True)
    assert not can_write("狗", every_script=False) and not can_write("\U0001f436", True)


@pytest.mark.parametrize("text", ["größe 狗", "\udce9\0", "\U0001f436"])
def test_any_text_can_be_drawn(text: str) -> None:
    canvas = np.full((60, 200, 3), 90, np.uint8)
    fitted(text, 200, 60).write(canvas, 20, 10, (255, 255, 255))
    assert (canvas < 60).all(axis=2).any(), "black on white"
    assert (canvas[:10] == 90).all() and (canvas[:, :20] == 90).all()


def test_the_strip_is_as_large_as_it_says() -> None:
    canvas = np.zeros((60, 200, 3), np.uint8)
    label = fitted("dog", 200)
    label.write(canvas, 20, 10, (0, 0, 200))
    rows, columns = np.nonzero(canvas.any(axis=2))
    assert (columns.min(), rows.min()) == (20, 10)
    assert (columns.max() + 1, rows.max() + 1) == (20 + label.width, 10 + label.height)


def test_the_ink_contrasts() -> None:
    assert ink_on((0, 255, 255)) == (0, 0, 0) and ink_on((255, 0, 0)) == (255, 255, 255)
