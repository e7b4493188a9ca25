"""Crops and label files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.small_result import result, tracked

from darknet_py.detect.result import Result
from darknet_py.errors import OutputError
from darknet_py.images.io import read_image


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_crops_are_the_pixels_of_each_row() -> None:
    rows, columns = np.mgrid[:100, :200]
    image = np.stack([rows, columns, rows], axis=2).astype(np.uint8)
    crops = replace(result(), image=image).crops()
    assert [crop.shape for crop in crops] == [(50, 50, 3)] * 2 + [(10, 50, 3)] * 2
    assert crops[0][0, 0].tolist() == [25, 125, 25] and crops[0][-1, -1].tolist() == [74, 174, 74]
    assert crops[2][0, 0].tolist() == [15, 0, 15], "cut at the left edge"


def test_crops_of_boxes_outside_have_no_pixels() -> None:
    one = result()
    outside = replace(one.boxes, xywhn=one.boxes.xywhn + np.float32(2))
    far = replace(one, boxes=outside)
    assert [crop.size for crop in far.crops()] == [0] * 4


def test_crops_in_folders_of_their_classes(tmp_path: Path) -> None:
    paths = result().save_crops(tmp_path)
    assert files(tmp_path) == ["cat/dog.jpg", "dog _big_/dog.jpg"]
    assert sorted(paths) == [tmp_path / name for name in files(tmp_path)]
    assert read_image(tmp_path / "cat/dog.jpg").shape == (10, 50, 3)
    result().save_crops(os.fspath(tmp_path))
    assert files(tmp_path)[:2] == ["cat/dog.jpg", "cat/dog_2.jpg"], "nothing is lost"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"path": "a.mp4", "time": 0.5, "frame": 12}, "a_000012.jpg"),
        ({"path": "", "frame": 3}, "image_000003.jpg"),
        ({"path": "rtsp://user@host:554/a?b=c", "time": 0.5}, "a_b=c_000000.jpg"),
    ],
)
def test_frames_are_told_apart(tmp_path: Path, changes: dict[str, object], name: str) -> None:
    replace(result(), **changes).save_crops(tmp_path)  # type: ignore[arg-type]
    assert files(tmp_path)[0] == f"cat/{name}"


@pytest.mark.parametrize(
    ("name", "folder"), [("../up", ".._up"), ("..", "_"), ("a:b", "a_b"), ("", "_"), ("a.", "a_")]
)
def test_names_that_no_folder_can_have(tmp_path: Path, name: str, folder: str) -> None:
    one: Result = replace(result().select([2]), names=[name])
    assert one.save_crops(tmp_path / "in") == [tmp_path / "in" / folder / "dog.jpg"]


def test_places_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/cat: cannot be made: Not a directory"):
        result().select([2]).save_crops(tmp_path / "file")


def test_label_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    result().save_txt(path)
    assert path.read_text() == "1 0.75 0.5 0.25 0.5\n2 0.1 0.2 0.3 0.1\n"
    tracked().save_txt(os.fspath(path), save_conf=True)
    assert path.read_text() == "1 0.75 0.5 0.25 0.5 0.906 7\n2 0.1 0.2 0.3 0.1 0.99 2\n"
    with pytest.raises(OutputError, match="cannot be written"):
        result().save_txt(tmp_path / "none" / "a.txt")
