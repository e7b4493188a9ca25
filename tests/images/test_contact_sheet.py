"""The page of images: sizes, where boxes are, text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from darknet_py.images.contact_sheet import (
    FRAME,
    PAPER,
    BoxMark,
    SheetStyle,
    SheetTile,
    contact_sheet,
)

STYLE = SheetStyle(columns=2, width=120, height=60, lines=2, margin=0.0)
RED = (0, 0, 255)
GREY = np.full((30, 60, 3), 100, np.uint8)
TOP = 27
"""Rows of the title."""


def where(page: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> list[int]:
    """left, top, right, bottom of a colour's pixels."""
    rows, columns = np.nonzero((page == colour).all(axis=2))
    return [int(v) for v in (columns.min(), rows.min(), columns.max(), rows.max())]


def test_tiles_stand_in_rows() -> None:
    page = contact_sheet([SheetTile(GREY)] * 3, style=STYLE)
    assert page.shape == (TOP + 2 * (60 + 2 * 17 + 20), 2 * 130, 3)
    assert where(page[TOP:, :130], (100, 100, 100))[:3] == [0, 0, 119]
    assert (page[-100:, 131:] == PAPER).all(), "the fourth tile is empty"


def test_an_image_keeps_its_aspect_inside_its_margin() -> None:
    tall = np.full((60, 30, 3), 100, np.uint8)
    page = contact_sheet([SheetTile(tall)], style=SheetStyle(2, 120, 60, 2, margin=0.1))[TOP:]
    assert where(page, (100, 100, 100)) == [48, 6, 71, 53]
    assert tuple(page[0, 0]) == FRAME


def test_a_box_is_where_it_is_said_to_be() -> None:
    mark = BoxMark((0.25, 0.5, 0.75, 1.0), RED)
    page = contact_sheet([SheetTile(GREY, (mark,))], style=STYLE)[TOP:]
    assert where(page, RED) == [30, 30, 90, 58]


def test_thick_boxes_are_wider_and_on_top() -> None:
    blue = (255, 0, 0)
    marks = (
        BoxMark((0.25, 0.25, 0.75, 0.75), RED, thick=True),
        BoxMark((0.25, 0.25, 0.75, 0.75), blue),
    )
    page = contact_sheet([SheetTile(GREY, marks)], style=STYLE)[TOP:]
    assert not (page == blue).all(axis=2).any()
    thin = contact_sheet([SheetTile(GREY, (marks[1],))], style=STYLE)[TOP:]
    assert (page == RED).all(axis=2).sum() > 1.5 * (thin == blue).all(axis=2).sum()


def test_a_box_beyond_the_edge_is_seen_in_the_margin() -> None:
    mark = BoxMark((-0.05, 0.25, 0.5, 0.75), RED)
    page = contact_sheet([SheetTile(GREY, (mark,))], style=SheetStyle(2, 120, 60, 2, margin=0.1))[
        TOP:
    ]
    assert where(page, RED)[0] == 12 - 5
    far = BoxMark((1e9, 1e9, 2e9, 2e9), RED)
    page = contact_sheet([SheetTile(GREY, (far,))], style=STYLE)[TOP:]
    assert where(page, RED) == [118, 58, 118, 58]


def test_words_are_written_and_what_is_too_long_is_cut() -> None:
    def ink(caption: tuple[str, ...], title: str = "") -> npt.NDArray[np.bool_]:
        page = contact_sheet([SheetTile(None, caption=caption)], title, STYLE)
        dark: npt.NDArray[np.bool_] = (page < 100).all(axis=2)
        return dark

    assert not ink(()).any()
    assert ink((), "title")[:TOP].any()
    caption = ink(("some words",))
    assert caption[TOP + 60 : TOP + 60 + 17].any()
    assert not caption[:, 121:].any()
    long = ink(("many words " * 30,))
    assert long[TOP + 60 : TOP + 60 + 40].any()
    assert not long[TOP + 60 + 40 :].any()
    assert ink(("\udce9é",)).any()


def test_marks_may_have_words() -> None:
    mark = BoxMark((0.25, 0.5, 0.75, 1.0), RED, "owl")
    page = contact_sheet([SheetTile(GREY, (mark,))], style=STYLE)[TOP:]
    assert where(page, RED)[1] < 30
    assert (page[20:30, 30:60] > 150).all(axis=2).any(), "light letters on red"


def test_no_tiles_give_a_title_alone() -> None:
    assert contact_sheet([], "nothing").shape[0] == TOP


def test_a_legend_stands_under_the_title() -> None:
    legend = [(RED, "wrong"), ((0, 255, 0), "right")]
    page = contact_sheet([SheetTile(GREY)] * 2, "title", STYLE, legend)
    assert page.shape[0] == contact_sheet([SheetTile(GREY)] * 2, "title", STYLE).shape[0] + 27
    strip = page[TOP : TOP + 27]
    left, right = where(strip, RED), where(strip, (0, 255, 0))
    assert left[0] < left[2] < right[0] < right[2]
    assert (strip[:, left[2] + 8 : right[0] - 8] != PAPER).any(), "the words"
