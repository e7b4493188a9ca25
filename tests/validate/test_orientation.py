"""`check`: images that EXIF data turns, and labels that were drawn the other way round."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.validate.inspection import LabelRules, inspect_image

STORED, SEEN = (60, 40), (40, 60)


def turned_image(path: Path, orientation: int = 6, size: tuple[int, int] = STORED) -> str:
    """A JPEG of this size as stored, with an EXIF orientation."""
    data = cv2.imencode(".jpg", np.zeros((size[1], size[0], 3), np.uint8))[1].tobytes()
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    segment = b"Exif\0\0" + tiff
    head = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2)
    path.write_bytes(head + segment + data[2:])
    return str(path)


def label_on(size: tuple[int, int]) -> str:
    """A box from (7, 11) to (19, 36) in pixels of an image of this size."""
    x, y, w, h = 13 / size[0], 23.5 / size[1], 12 / size[0], 25 / size[1]
    return f"0 {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n"


def kinds(image: str, fork: object = ALEXEYAB, decode: bool = True) -> dict[str, str]:
    found = inspect_image(image, LabelRules(fork=fork), decode)  # type: ignore[arg-type]
    assert found.readable
    return {issue.kind: issue.message for issue in found.issues if issue.kind.startswith("exif")}


@pytest.mark.parametrize("decode", [True, False])
def test_what_the_fork_in_force_does_is_said(tmp_path: Path, decode: bool) -> None:
    image = turned_image(tmp_path / "a.jpg")
    note = "exif-orientation"
    assert kinds(image, ALEXEYAB, decode) == {
        note: "EXIF orientation 6: turned upright, 40 x 60 pixels"
    }
    assert kinds(image, PJREDDIE, decode) == {
        note: "EXIF orientation 6: read as it is stored, 60 x 40 pixels"
    }
    assert kinds(turned_image(tmp_path / "b.jpg", 1), ALEXEYAB, decode) == {}


@pytest.mark.parametrize("drawn", [STORED, SEEN])
@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE])
def test_boxes_on_whole_pixels_tell_what_they_were_drawn_on(
    tmp_path: Path, drawn: tuple[int, int], fork: object
) -> None:
    image = turned_image(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text(label_on(drawn))
    read = SEEN if fork is ALEXEYAB else STORED
    wrong = kinds(image, fork).get("exif-labels")
    if drawn == read:
        assert wrong is None
    else:
        assert wrong is not None and f"drawn on {drawn[0]} x {drawn[1]} pixels" in wrong


def test_what_cannot_be_told_is_not_said(tmp_path: Path) -> None:
    cases = {
        "0 .5 .5 .5 .5\n": STORED,  # on whole pixels either way
        "0 .51234 .51234 .31234 .41234\n": STORED,  # on whole pixels neither way
        label_on(STORED): (60, 60),  # the same both ways
        "": STORED,
    }
    for label, size in cases.items():
        image = turned_image(tmp_path / "a.jpg", size=size)
        (tmp_path / "a.txt").write_text(label)
        assert set(kinds(image)) == {"exif-orientation"}
    half_round = turned_image(tmp_path / "a.jpg", 3)  # upside down: the size says nothing
    (tmp_path / "a.txt").write_text(label_on(STORED))
    assert set(kinds(half_round)) == {"exif-orientation"}


@pytest.mark.parametrize("folder", ["JPEGImages", "Annotations"])
def test_an_annotation_of_vocs_tells_it(tmp_path: Path, folder: str) -> None:
    for name in ("JPEGImages", "Annotations", "labels"):
        (tmp_path / name).mkdir()
    image = turned_image(tmp_path / "JPEGImages" / "a.jpg")
    xml = tmp_path / folder / "a.xml"
    for (width, height), told in ((STORED, True), (SEEN, False), ((9, 9), False)):
        xml.write_text(f"<size><width>{width}</width>\n<height> {height} </height></size>")
        assert ("exif-labels" in kinds(image)) == told


def test_check_lists_them_and_the_option_decides(tmp_path: Path) -> None:
    image = turned_image(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text(label_on(STORED))
    (tmp_path / "l.txt").write_text(f"{image}\n")
    data = tmp_path / "d.data"
    data.write_text(f"classes=1\ntrain={tmp_path / 'l.txt'}\n")
    said = {
        option: CliRunner().invoke(main, ["check", str(data), *option]).output
        for option in ((), ("--exif",), ("--no-exif",), ("--fork", "pjreddie"))
    }
    for option in ((), ("--exif",)):
        assert "labels drawn on an image the other way round: 1; read all images" in said[option]
    for option in (("--no-exif",), ("--fork", "pjreddie")):
        assert "the other way round" not in said[option]
        assert "images that their EXIF data turns: 1;" in said[option]
        assert "read as it is stored, 60 x 40 pixels" in said[option]
