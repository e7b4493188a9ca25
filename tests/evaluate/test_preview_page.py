"""The page of `train --preview`: its images, its colours, its words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.matched_detections import matched_detections

from darknet_py.evaluate import preview_page
from darknet_py.evaluate.preview_page import IMAGES, LEGEND, PreviewPage, previewed
from darknet_py.evaluate.worst_images import FOUND, MISSED, RIGHT, WRONG
from darknet_py.images.contact_sheet import SheetTile


def test_the_same_images_each_time() -> None:
    chosen = previewed(1000, 7)
    assert chosen == previewed(1000, 7) != previewed(1000, 8)
    assert len(set(chosen)) == IMAGES and chosen == sorted(chosen)
    assert set(chosen) <= set(range(1000))
    assert previewed(3, 7) == [0, 1, 2]


def tiles(
    monkeypatch: pytest.MonkeyPatch, page: PreviewPage, numbers: list[int]
) -> list[SheetTile]:
    """What would be drawn."""
    taken: list[SheetTile] = []

    def sheet(tiles: list[SheetTile], *_: object) -> np.ndarray:
        taken.extend(tiles)
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(preview_page, "contact_sheet", sheet)
    page.save(Path("page.png"), numbers, "a title")
    return taken


def test_marks_and_captions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = PreviewPage(matched_detections(tmp_path), ["x", "y"], 0.25)
    first, second = tiles(monkeypatch, page, [0, 1])
    assert first.caption == ("1 of 2 found, 2 wrong: a.png",)
    assert [(mark.colour, mark.words, mark.thick) for mark in first.marks] == [
        (FOUND, "", False),
        (MISSED, "y", True),
        (RIGHT, "x 0.90", False),
        (WRONG, "x 0.80", True),
        (WRONG, "x 0.70", True),
    ]
    assert first.marks[2].box == pytest.approx((0.2, 0.2, 0.4, 0.4))
    assert second.caption == ("0 of 1 found, 0 wrong: b.png",), "its box is below the threshold"
    assert [mark.colour for mark in second.marks] == [MISSED]


def test_where_there_are_many_only_errors_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PreviewPage(matched_detections(tmp_path), ["x", "y"], 0.25)
    monkeypatch.setattr(preview_page, "NAMELESS", 3)
    (tile,) = tiles(monkeypatch, page, [0])
    assert [mark.words for mark in tile.marks] == ["", "y", "", "x 0.80", "x 0.70"]
    monkeypatch.setattr(preview_page, "NAMELESS", 2)
    (tile,) = tiles(monkeypatch, page, [0])
    assert not any(mark.words for mark in tile.marks)
    monkeypatch.setattr(preview_page, "MOST_BOXES", 1)
    (tile,) = tiles(monkeypatch, page, [0])
    assert [mark.colour for mark in tile.marks] == [FOUND, MISSED, RIGHT]
    assert tile.caption == ("1 of 2 found, 2 wrong: a.png",), "all are counted"


def test_the_page_as_it_is_written(tmp_path: Path) -> None:
    page = PreviewPage(matched_detections(tmp_path), ["x", "y"], 0.25)
    (tmp_path / "b.png").unlink()
    page.save(tmp_path / "page.png", [0, 1], "a title")
    pixels = cv2.imread(str(tmp_path / "page.png"))
    top = pixels[:60]
    for colour, _ in LEGEND:
        assert (top == colour).all(axis=2).sum() > 20, "of the legend"
        # The label that is found lies under the box that hits it.
        assert ((pixels[60:] == colour).all(axis=2).sum() > 50) == (colour != FOUND), "of a box"
