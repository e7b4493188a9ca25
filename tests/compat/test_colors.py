"""A colour for each class: drawn, or made of the name."""

from __future__ import annotations

import random

from darknet_py.compat.colors import class_colors
from darknet_py.compat.dialects import HANK, notice


def test_alexeyabs_are_drawn_in_the_order_of_the_names() -> None:
    random.seed(3)
    # The first two rows that AlexeyAB's darknet.py gives for coco.names after random.seed(3).
    expected = {"person": (121, 66, 189), "bicycle": (242, 33, 6)}
    assert class_colors(["person", "bicycle"]) == expected


def test_hank_ais_are_made_of_the_name() -> None:
    before = random.getstate()
    # MD5 of "dog" is 06d80eb0c50b49a509b49f2424e8c805.
    assert class_colors(["dog"], dialect="hank-ai") == {"dog": (0x06, 0xD8, 0x0E)}
    notice(HANK)
    assert class_colors(["dog"]) == {"dog": (0x06, 0xD8, 0x0E)}
    assert random.getstate() == before
