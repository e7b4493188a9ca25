"""Which images the page of faulty images shows, and how their boxes are marked."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.images.contact_sheet import SheetTile
from darknet_py.validate import faulty_page
from darknet_py.validate.dataset_report import DatasetReport, inspect_dataset
from darknet_py.validate.faulty_page import BAD, GOOD, draw_page
from darknet_py.validate.inspection import LabelRules
from darknet_py.validate.issues import Issues

LABEL = "0 .5 .5 .2 .2\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def look(home: Path, labels: dict[str, str], strict: bool = False) -> DatasetReport:
    for name, text in labels.items():
        cv2.imwrite(name, np.zeros((40, 40, 3), np.uint8))
        Path(name).with_suffix(".txt").write_text(text)
    (home / "t.list").write_text("\n".join(labels))
    (home / "a.data").write_text("classes=1\ntrain=t.list\n")
    return inspect_dataset(read_data_file(home / "a.data"), LabelRules(1), Issues(strict=strict))


def tiles(
    report: DatasetReport, monkeypatch: pytest.MonkeyPatch, most: int = 9
) -> tuple[list[SheetTile], str]:
    got: list[tuple[list[SheetTile], str]] = []

    def record(tiles: list[SheetTile], title: str) -> None:
        got.append((tiles, title))

    monkeypatch.setattr(faulty_page, "contact_sheet", record)
    draw_page([report], most)
    return got[0]


def test_only_faulty_images_every_kind_in_turn(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nan, far = LABEL + "0 nan .5 .2 .2\n", LABEL + "0 3 3 .2 .2\n"
    labels = {"good.png": LABEL, "n1.png": nan, "n2.png": nan, "f1.png": far, "none.png": ""}
    report = look(home, labels)
    shown, title = tiles(report, monkeypatch)
    assert [tile.caption[0] for tile in shown] == ["n1.png", "f1.png", "n2.png"]
    assert title == f"{home}/a.data: 3 images with faults (red)"
    shown, title = tiles(report, monkeypatch, 2)
    assert len(shown) == 2
    assert title.endswith("2 images with faults (red), 1 more are not shown")


def test_boxes_and_captions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = LABEL + "0 .9 .5 .4 .2\n0 3 3 .2 .2\n0 nan .5 .2 .2\n0 4 4 .2 .2\n"
    (tile,), _ = tiles(look(home, {"a.png": text}), monkeypatch)
    assert tile.image is not None
    assert [(mark.colour, mark.thick) for mark in tile.marks] == [
        (GOOD, False),
        (BAD, True),
        (BAD, True),
        (BAD, True),
    ]
    np.testing.assert_allclose(tile.marks[1].box, (0.7, 0.4, 1.1, 0.6), atol=1e-6)
    assert tile.caption[1].startswith("labels that hold nan or inf: line 4: x=nan")
    assert "line 3: x=3" in tile.caption[2]
    assert "; line 5: x=4" in tile.caption[2]


def test_crowded_images_name_faulty_boxes_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"0 .5 .5 .2 .{number}\n" for number in range(11, 30)) + "7 .5 .5 .2 .2\n"
    (tile,), _ = tiles(look(home, {"a.png": text}), monkeypatch)
    assert [mark.words for mark in tile.marks] == [""] * 19 + ["7"]


def test_an_image_that_cannot_be_read_has_an_empty_tile(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = look(home, {"a.png": LABEL})
    Path("a.png").write_bytes(b"x")
    report = inspect_dataset(read_data_file(home / "a.data"), LabelRules(1), Issues())
    (tile,), _ = tiles(report, monkeypatch)
    assert (tile.image, tile.caption[0]) == (None, "a.png")
    assert "cannot be read" in tile.caption[1]


def test_issues_between_images_are_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look(home, {"a.png": LABEL})
    (home / "t.list").write_text("a.png\na.png\n")
    report = inspect_dataset(read_data_file(home / "a.data"), LabelRules(1), Issues())
    (tile,), _ = tiles(report, monkeypatch)
    assert tile.caption[1] == "images listed twice: a.png: 2 times"


def test_there_is_a_page_where_there_are_faults(home: Path) -> None:
    assert draw_page([look(home, {"a.png": LABEL})]) is None
    page = draw_page([look(home, {"a.png": LABEL + "0 .9 .5 .4 .2\n"})])
    assert page is not None and (page.dtype, page.ndim) == (np.uint8, 3)
    assert (page == BAD).all(axis=2).any()
    assert (page == GOOD).all(axis=2).any()


def test_the_title_names_every_data_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[str] = []
    monkeypatch.setattr(faulty_page, "contact_sheet", lambda tiles, title: got.append(title))
    report = look(home, {"a.png": LABEL + "0 .9 .5 .4 .2\n"})
    draw_page([report, report])
    assert got == [f"{report.path}, {report.path}: 2 images with faults (red)"]
