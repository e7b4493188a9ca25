"""The labels of a list of images, image by image."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.ground_truth import read_ground_truth


def images(folder: Path, *labels: str | None) -> list[str]:
    """Paths of images with these labels; None: without a label file."""
    paths = []
    for number, text in enumerate(labels):
        paths.append(str(folder / f"{number}.png"))
        if text is not None:
            (folder / f"{number}.txt").write_text(text)
    return paths


def test_labels_lie_image_by_image(tmp_path: Path) -> None:
    paths = images(tmp_path, "1 .5 .25 .125 .0625\n0 .5 .5 .5 .5\n", None, "", "2 .75 .5 .25 .5\n")
    read = read_ground_truth(paths, 3)
    assert len(read) == 3
    assert read.objects.image.tolist() == [0, 0, 3]
    assert read.objects.class_id.tolist() == [1, 0, 2]
    assert read.objects.boxes[0].tolist() == [0.5, 0.25, 0.125, 0.0625]
    assert read.starts.tolist() == [0, 2, 2, 2, 3]
    assert read.rows(0, 1) == slice(0, 2) and read.rows(1, 4) == slice(2, 3)
    assert read.unlabelled == (str(tmp_path / "1.txt"),)


def test_what_is_wrong_is_named_by_file_and_label(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0.txt: label 2 has class 3, expected 0 to 2"):
        read_ground_truth(images(tmp_path, "0 .5 .5 .1 .1\n3 .5 .5 .1 .1\n"), 3)
    with pytest.raises(DataError, match="label 1 has a number that is not finite"):
        read_ground_truth(images(tmp_path, "0 .5 nan .1 .1\n"), 3)


def test_no_label_at_all_is_an_error_unless_none_is_needed(tmp_path: Path) -> None:
    paths = images(tmp_path, "", None)
    with pytest.raises(DataError, match="no labels for any of the 2 images"):
        read_ground_truth(paths, 3)
    assert len(read_ground_truth(paths, 3, needed=False)) == 0
