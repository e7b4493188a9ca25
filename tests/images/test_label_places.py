"""Words of boxes hide as little as can be."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.images.draw import paint
from darknet_py.images.label_places import LabelPlaces

BOX = [40, 40, 59, 59]


@pytest.mark.parametrize(
    ("others", "spot"),
    [
        ([], (40, 30)),
        ([[40, 25, 75, 38]], (40, 60)),
        ([[45, 35, 45, 35]], (40, 60)),
        ([[40, 25, 75, 38], [40, 62, 75, 75]], (60, 40)),
        ([[40, 25, 75, 38], [40, 62, 75, 75], [61, 39, 90, 60]], (10, 40)),
        ([[62, 20, 70, 38], [62, 62, 70, 80]], (30, 30)),
    ],
    ids=["above", "below", "below, for one pixel", "right", "left", "above, ending with the box"],
)
def test_words_stand_where_no_box_is(others: list[list[int]], spot: tuple[int, int]) -> None:
    size = (30, 10)
    assert LabelPlaces([BOX, *others], 100, 100).take(BOX, size) == spot


def test_words_do_not_cover_earlier_words() -> None:
    places = LabelPlaces([BOX], 100, 100)
    spots = [places.take(BOX, (20, 10)) for _ in range(4)]
    assert spots == [(40, 30), (40, 60), (60, 40), (20, 40)]


def test_words_stay_on_the_canvas() -> None:
    """There is no room above or to the left of this box."""
    places = LabelPlaces([[0, 0, 19, 19]], 100, 100)
    assert places.take([0, 0, 19, 19], (30, 10)) == (0, 20)
    assert LabelPlaces([[0, 0, 9, 9]], 10, 10).take([0, 0, 9, 9], (30, 20)) == (0, 0)


def test_the_box_below_is_not_hidden() -> None:
    """As it is where each label stands above its box."""
    image = np.full((200, 200, 3), 255, np.uint8)
    boxes = [[20, 44, 120, 60], [20, 62, 180, 120]]
    labels, colours = ["", "a label"], [(0, 0, 255), (0, 255, 0)]
    alone = paint(image, boxes[:1], [""], colours[:1])
    both = paint(image, boxes, labels, colours)
    assert ((alone == colours[0]).all(axis=2) == (both == colours[0]).all(axis=2)).all()
