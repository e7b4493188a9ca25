"""Mask files: C's run lengths, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import darknet_py.data.masks as masks
from darknet_py.data.masks import read_masks
from darknet_py.errors import ImageError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "m.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def as_c_paints(runs: list[int], pixels: int) -> list[int]:
    """One run after the other, and the rest in what comes next."""
    out, value = list[int](), 0
    for run in runs:
        out += [value] * run
        value = 1 - value
    return out + [value] * (pixels - len(out))


@pytest.mark.parametrize("runs", ["2,3,1,1,5", "0,12", "12", "4", "3,2,", "1,0,0,4,7", "", ",,"])
def test_runs_are_painted_as_in_c(tmp_path: Path, runs: str) -> None:
    (mask,) = read_masks(written(tmp_path, f"1 {runs or ','}\n"), 4, 3, classes=2)
    expected = as_c_paints([int(run or 0) for run in (runs or ",").split(",")], 12)
    assert mask.class_id == 1
    assert mask.painted(4, 3).ravel().tolist() == expected


def test_rows_come_one_after_the_other(tmp_path: Path) -> None:
    (mask,) = read_masks(written(tmp_path, "0 5,2,5"), 4, 3, classes=1)
    assert np.argwhere(mask.painted(4, 3)).tolist() == [[1, 1], [1, 2]]


def test_line_ends_are_blanks(tmp_path: Path) -> None:
    found = read_masks(written(tmp_path, "0\r\n4,1\n\n 1 2,2  0 1,1\n"), 4, 3, classes=2)
    assert [(mask.class_id, mask.runs.tolist()) for mask in found] == [
        (0, [4, 1]),
        (1, [2, 2]),
        (0, [1, 1]),
    ]


def test_an_image_without_objects(tmp_path: Path) -> None:
    assert read_masks(written(tmp_path, "\n"), 4, 3, classes=2) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 4\n2 4\n", r"m.txt:2: read '2', expected a class from 0 to 1"),
        ("0 4\n-1 4\n", r"m.txt:2: read '-1', expected a class"),
        ("cat 4", r"m.txt:1: read 'cat', expected a class"),
        ("0 4\n1", r"m.txt:2: class 1 has no run lengths behind it"),
        ("0 4,-2,4", r"m.txt:1: read '-2', expected run lengths with commas between them"),
        ("0 4,1.5", r"m.txt:1: read '1.5', expected run lengths"),
        ("0 4,99999999999", r"m.txt:1: read '99999999999', expected run lengths"),
        ("0 8,5", r"m.txt:1: runs of 13 pixels, the image has 12; is it the mask of another"),
        ("0 " + "9999999999," * 9, r"m.txt:1: runs of 89999999991 pixels"),
        (b"\x89PNG \xff", r"m.txt:1: read '.PNG', expected a class from 0 to 1"),
    ],
)
def test_what_is_no_mask_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read_masks(written(tmp_path, text), 4, 3, classes=2)


def test_files_that_are_not_there_or_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageError, match="none.txt: cannot be read: No such file .*; expected the"):
        read_masks(tmp_path / "none.txt", 4, 3, classes=2)
    path = written(tmp_path, "0 1,1\n" * 1001)
    with pytest.raises(ImageError, match="m.txt: has 1001 masks, expected at most 1000"):
        read_masks(path, 4, 3, classes=2)
    monkeypatch.setattr(masks, "MOST_BYTES", 1 << 20)
    with pytest.raises(ImageError, match="m.txt: is larger than 1 MB, expected the masks of one"):
        read_masks(written(tmp_path, b"0" * (1 << 20) + b"1"), 4, 3, classes=2)
