"""Lines of text in the corner of an image."""

from __future__ import annotations

import numpy as np

from darknet_py.images.caption import captioned


def test_lines_stand_below_each_other_and_the_image_is_left_alone() -> None:
    image = np.full((200, 300, 3), 128, np.uint8)
    one, two = captioned(image, ["cat"]), captioned(image, ["cat", "cat"])
    assert (image == 128).all()
    assert one.max() > 240 and one.min() < 15
    rows = [np.flatnonzero((drawn != 128).any(axis=(1, 2))) for drawn in (one, two)]
    assert rows[1].max() > rows[0].max() + 5 and rows[0].min() == rows[1].min()
    columns = np.flatnonzero((two != 128).any(axis=(0, 2)))
    assert columns.max() < 100
    assert (captioned(image, []) == image).all()
