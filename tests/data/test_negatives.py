"""Images without label files are said once; none with one at all is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.data.negatives import unlabelled
from darknet_py.errors import DataError
from darknet_py.forks import ALEXEYAB, PJREDDIE


def images(folder: Path, labelled: int, of: int = 3) -> list[str]:
    for number in range(labelled):
        (folder / f"{number}.txt").write_text("")
    return [str(folder / f"{number}.jpg") for number in range(of)]


def test_all_labelled(tmp_path: Path) -> None:
    assert unlabelled(images(tmp_path, 3), ALEXEYAB) is None


def test_some_are_negative(tmp_path: Path) -> None:
    line = unlabelled(images(tmp_path, 2), ALEXEYAB)
    assert line == (
        "1 of 3 images have no label file and count as images without objects, "
        f"the first: {tmp_path}/2.jpg should have {tmp_path}/2.txt"
    )


def test_no_labels_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of 3 images has a label file: .*0.jpg should have"):
        unlabelled(images(tmp_path, 0), ALEXEYAB)


def test_the_forks_rule_counts(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "labels" / "0.txt").write_text("")
    paths = [str(tmp_path / "images" / "0.jpg")]
    assert unlabelled(paths, PJREDDIE) is None
    with pytest.raises(DataError):
        unlabelled(paths, ALEXEYAB)
