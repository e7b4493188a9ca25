"""Lines of text in the corner of an image."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.images.caption import captioned


def rows_drawn(image: np.ndarray, lines: list[str]) -> np.ndarray:
    return np.flatnonzero((captioned(image, lines) != 128).any(axis=(1, 2)))


def test_lines_stand_below_each_other_and_the_image_is_left_alone() -> None:
    image = np.full((200, 300, 3), 128, np.uint8)
    drawn = captioned(image, ["cat", "dog"])
    assert (image == 128).all() and drawn.max() > 240 and drawn.min() == 0
    one, two = rows_drawn(image, ["cat"]), rows_drawn(image, ["cat", "dog"])
    assert one[0] == two[0] == 0 and one[-1] + 8 < two[-1] < 3 * one[-1]
    assert (drawn[:, 150:] == 128).all()
    assert (captioned(image, []) == image).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_what_has_no_room_is_left_out(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    assert captioned(image, ["a long name of a class"] * 50).shape == image.shape
