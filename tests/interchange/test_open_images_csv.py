"""Open Images' rows, most of which speak of images that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawn_layouts import put, text, write
from support.imported import found

HEAD = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsGroupOf\n"


@pytest.mark.parametrize(
    ("row", "boxes", "remark"),
    [
        ("a,x,/m/1,1,0.25,0.75,0.5,0.75,1,0", [(0, 0.5, 0.625, 0.5, 0.25)], ""),
        ("a,x,/m/1,1,0.25,0.75,0.5,0.75,1,1", [], "objects marked as crowd, group or difficult"),
        ("a,x,/m/1,1,0.25,nan,0.5,0.75,0,0", [], "boxes with values that are no numbers"),
        ("a,x,/m/1,1,0.75,0.25,0.5,0.75,0,0", [], "boxes without width or height left out: 1"),
        ("a,x,/m/1,1,x,0.25,0.5,0.75,0,0", None, "lines or entries that are no labels left out"),
        ("a,x", None, "lines or entries that are no labels left out: 1"),
        ("b,x,/m/1,1,0.25,0.75,0.5,0.75,0,0", None, "images that are not there left out"),
    ],
)
def test_what_rows_become(
    row: str, boxes: list[object] | None, remark: str, tmp_path: Path
) -> None:
    put(tmp_path, "a.jpg", "c.jpg")
    more = "c,x,/m/1,1,0,1,0,1,0,0\n"
    text(tmp_path / "train-annotations-bbox.csv", f"{HEAD}{row}\n{more}{row and more}")
    made = found(tmp_path)
    of_image = {one.file.base: [*one.boxes] for one in made.images}
    assert of_image.pop("c.jpg") == [(0, 0.5, 0.5, 1, 1)] * 2
    assert of_image.get("a.jpg") == boxes
    assert "".join(made.remarks[:1]).startswith(remark)
    assert made.names == ("/m/1",)


def test_only_classes_that_have_boxes_are_named(tmp_path: Path) -> None:
    write("open-images", tmp_path)
    made = found(tmp_path)
    assert made.names == ("disc", "kite", "ring")
    (tmp_path / "class-descriptions-boxable.csv").unlink()
    assert found(tmp_path).names == ("/m/0d", "/m/0k", "/m/0r")
    assert made.remarks[0].startswith("images that no list or annotation names left out: 1, the")
