"""VOC's and COCO's files, where boxes lie at edges and images cannot be read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from support.drawn_layouts import HEIGHT, WIDTH, put, text
from support.imported import run

SIDES = ("xmin", "ymin", "xmax", "ymax")


def darknet(folder: Path, labels: str, *more: str) -> Path:
    put(folder, "a.jpg")
    text(folder / "a.txt", labels)
    text(folder / "n.names", "ant\nbee & co\n")
    text(folder / "train.txt", "\n".join(["a.jpg", *more]))
    text(folder / "x.data", "classes=2\ntrain=train.txt\nnames=n.names\n")
    return folder / "x.data"


def test_boxes_of_voc_stay_in_the_image(tmp_path: Path) -> None:
    """And have a size: of a pixel at least, as 1 to 1 would be nothing when it is read."""
    labels = "1 .5 .5 1 1\n0 0 0 .1 .1\n0 .5 .5 .001 .001\n0 .999 .999 .001 .001\n0 .5 .5 .25 .5\n"
    data = darknet(tmp_path, labels)
    result = run("data", "export", data, "--format", "voc", "-o", tmp_path / "voc")
    assert result.exit_code == 0, result.output
    root = ElementTree.parse(tmp_path / "voc" / "Annotations" / "a.xml").getroot()
    boxes = [
        (one.findtext("name"), *(int(one.findtext(f"bndbox/{side}") or 0) for side in SIDES))
        for one in root.iter("object")
    ]
    assert boxes == [
        ("bee & co", 1, 1, WIDTH, HEIGHT),
        ("ant", 1, 1, 6, 4),
        ("ant", 49, 33, 50, 34),
        ("ant", WIDTH - 1, HEIGHT - 1, WIDTH, HEIGHT),
        ("ant", 37, 17, 61, 49),
    ]
    assert (tmp_path / "voc" / "ImageSets" / "Main" / "train.txt").read_text() == "a\n"
    assert "cut at its edge: 1, the first: " in result.stdout
    assert (tmp_path / "voc" / "JPEGImages" / "a.jpg").is_file()


@pytest.mark.parametrize("form", ["coco", "voc"])
def test_images_that_cannot_be_read_are_named(form: str, tmp_path: Path) -> None:
    data = darknet(tmp_path, "0 .5 .5 .5 .5\n7 .5 .5 .5 .5\n", "bad.jpg", "gone.jpg", "a.jpg")
    (tmp_path / "bad.jpg").write_text("no image")
    result = run("data", "export", data, "--format", form, "-o", tmp_path / "out")
    lines = [line.partition(":")[0] for line in result.stdout.splitlines()[1:]]
    assert lines == [
        "objects of a class that has no name left out",
        "images of the lists that are not there left out",
        "images listed twice; the first time counts",
        "images of unknown size left out",
    ]
    if form == "coco":
        values = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())
        assert [one["file_name"] for one in values["images"]] == ["a.jpg"]
        assert values["annotations"][0]["bbox"] == [24, 16, 48, 32]


def test_nothing_to_export(tmp_path: Path) -> None:
    data = darknet(tmp_path, "")
    (tmp_path / "a.jpg").write_text("no image")
    for form in ("coco", "voc"):
        result = run("data", "export", data, "--format", form, "-o", tmp_path / "out")
        assert result.exit_code == 1 and "no image can be read; images of unknown" in result.stderr
        assert not (tmp_path / "out").exists()
    (tmp_path / "a.jpg").unlink()
    result = run("data", "export", data)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert f"{data}: no image of the data set is left; images of the lists that" in result.stderr


def test_pjreddies_labels(tmp_path: Path) -> None:
    """By its rule those of images/ lie in labels/."""
    put(tmp_path / "images", "a.jpg")
    text(tmp_path / "labels" / "a.txt", "0 .5 .5 .5 .5\n")
    text(tmp_path / "x.data", f"classes=1\ntrain={tmp_path / 'images'}\n")
    for fork, boxes in (("pjreddie", 1), ("alexeyab", 0)):
        words = ("--fork", fork, "-o", tmp_path / fork)
        result = run("data", "export", tmp_path / "x.data", *words)
        assert f"1 train images, {boxes} boxes of 1 classes" in result.stdout
