"""What Darknet's programs are given: names of files, labels, lists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.drawn_layouts import put, text

from darknet_py.data.label_paths import label_path
from darknet_py.errors import OutputError
from darknet_py.forks import FORKS
from darknet_py.interchange.darknet_writer import label_text, write_darknet_set
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.image_names import ImageNames
from darknet_py.interchange.labelled_set import LabelledBox, LabelledImage, LabelledSet
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.open_tree import folder_tree

BOX = LabelledBox(1, 1 / 3, 0.5, 0.25, 1e-5)
LINE = "1 0.3333333333 0.5 0.25 1e-05"


def a_set(folder: Path, *names: str) -> LabelledSet:
    tree = folder_tree(folder)
    images = [LabelledImage(StoredFile(tree, name), "valid", (BOX,)) for name in names]
    return LabelledSet(("x", "y"), tuple(images), ("a remark",))


def test_names_that_would_share_a_label_file(tmp_path: Path) -> None:
    names = ["a.jpg", "b/A.png", "b/a.jpg", "a_.webp", "b/a?.jpg", "c/#x.jpg", "d/ .jpg"]
    for name in names:
        text(tmp_path / "in" / name, name)
    data, remarks = write_darknet_set(a_set(tmp_path / "in", *names), tmp_path / "out")
    home = tmp_path / "out"
    lines = (home / "valid.txt").read_text().splitlines()
    there = ["a.jpg", "b_A.png", "a-2.jpg", "a_.webp", "b_a_.jpg", "#x.jpg", "image.jpg"]
    assert lines == [f"{home}/valid/{name}" for name in there]
    assert [Path(line).read_text() for line in lines] == names
    for fork in FORKS.values():
        assert {label_path(line, fork).read_text() for line in lines} == {LINE + "\n"}
    assert remarks[0] == "a remark"
    assert remarks[1].startswith(
        "images given another name: theirs was taken, or cannot stand in a"
    )
    assert ": 4, the first: " in remarks[1] and remarks[1].endswith("b/A.png is b_A.png")
    assert data.read_text() == (
        f"classes=2\nvalid={home}/valid.txt\nnames={home}/obj.names\nbackup={home}/backup\n"
    )


def test_names_that_no_list_could_hold(tmp_path: Path) -> None:
    tree = folder_tree(put_one(tmp_path))
    names = ImageNames(LeftOut())
    taken = [
        names.take(StoredFile(tree, name))
        for name in ("a\nb.jpg", "c\0.jpg", "x\udcff.png", " . .jpg", "n" * 400 + ".jpg")
    ]
    assert taken == ["a_b.jpg", "c_.jpg", "x_.png", "image.jpg", "n" * 150 + ".jpg"]


def test_frames_of_many_videos(tmp_path: Path) -> None:
    """The same name in each folder: the folder tells them apart, and numbers where it cannot."""
    tree = folder_tree(put_one(tmp_path))
    names = ImageNames(LeftOut())
    files = [*(f"train/images/v{number}/1.jpg" for number in range(3)), "images/1.jpg", "1.png"]
    taken = [names.take(StoredFile(tree, name)) for name in files]
    assert taken == ["1.jpg", "v1_1.jpg", "v2_1.jpg", "1-2.jpg", "1-3.png"]


def put_one(folder: Path) -> Path:
    put(folder, "a.jpg")
    return folder


def test_nothing_is_left_when_it_fails(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg")
    with pytest.raises(OutputError, match="gone.jpg: cannot be copied: No such file"):
        write_darknet_set(a_set(tmp_path / "in", "a.jpg", "gone.jpg"), tmp_path / "out")
    assert os.listdir(tmp_path) == ["in"]


def test_lines_of_labels() -> None:
    assert label_text(BOX) == LINE
    assert label_text(LabelledBox(0, 10 / 96, 0.5, 1.0, 0.0625)) == "0 0.1041666667 0.5 1 0.0625"


def test_a_name_that_pjreddies_rule_takes_for_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path / "in", "a.jpg")
    write_darknet_set(a_set(tmp_path / "in", "a.jpg"), tmp_path / "raw" / "out")
    assert "by pjreddie's rule labels of images there are looked for elsewhere" in caplog.text
