"""data.yaml: names, folders, lists, and what they may not be."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawn_layouts import EXPECTED, put, text, write
from support.imported import found

from darknet_py.errors import DataError
from darknet_py.interchange.labelled_set import LabelledSet


def boxes(made: LabelledSet) -> dict[str, int]:
    return {f"{one.split}/{one.file.base}": len(one.boxes) for one in made.images}


WANTED = {"train/a.jpg": 2, "train/b.png": 1, "train/empty one.jpg": 0, "valid/c.jpg": 3}


@pytest.mark.parametrize(
    "names",
    [
        "names: ['disc', \"kite\", ring]",
        "names:\n- disc\n- kite\n- ring",
        "names:\n  0: disc\n  1: kite\n  2: ring  # the last",
        "names: {0: disc, 1: kite, 2: ring}",
        "nc: 3\nnames: [disc, kite, ring]\ndownload: |\n  import os\n  names: x",
    ],
)
@pytest.mark.parametrize(
    "places",
    [
        "train: train/images\nval: valid/images",
        "train: ../train/images\nval: ../valid/images",
        "path: /somewhere/else\ntrain: [train/images]\nval: valid",
        "path: .\ntrain: /home/me/set/train/images/\nval: ['./valid/images']\ntest:",
        "train: train.txt\nval: valid/images/c.jpg",
    ],
)
def test_names_and_places(names: str, places: str, tmp_path: Path) -> None:
    write("ultralytics", tmp_path)
    lines = ("./train/images/a.jpg", "/x/train/images/b.png", "train\\images\\empty one.jpg")
    text(tmp_path / "train.txt", "\n".join(lines))
    text(tmp_path / "data.yaml", f"{places}\n{names}\n")
    made = found(tmp_path)
    assert made.names == ("disc", "kite", "ring")
    assert boxes(made) == WANTED
    assert sum(WANTED.values()) == len(EXPECTED) and made.remarks == ()


def test_a_path_that_leads_elsewhere(tmp_path: Path) -> None:
    """The file of a project whose images lie on another disk."""
    write("ultralytics", tmp_path / "disk")
    (tmp_path / "disk" / "data.yaml").unlink()
    places = "train: train/images\nval: valid/images\nnames: [disc, kite, ring]"
    text(tmp_path / "project" / "data.yaml", f"path: {tmp_path / 'disk'}\n{places}\n")
    assert boxes(found(tmp_path / "project" / "data.yaml")) == WANTED
    text(tmp_path / "project" / "data.yaml", f"path: ../disk\n{places}\n")
    assert boxes(found(tmp_path / "project")) == WANTED


def test_one_folder_for_both_counts_once(tmp_path: Path) -> None:
    write("ultralytics", tmp_path)
    text(tmp_path / "data.yaml", "train: train/images\nval: train/images\nnames: [a, b, c]\n")
    made = found(tmp_path)
    assert boxes(made) == {name: count for name, count in WANTED.items() if "train" in name}
    assert made.remarks[0].startswith("images listed twice; the first time counts: 3, the first: ")


def test_numbers_without_a_name(tmp_path: Path) -> None:
    write("ultralytics", tmp_path)
    text(tmp_path / "data.yaml", "train: train\nnames: {0: a, 2: 12}\n")
    assert found(tmp_path).names == ("a", "1", "12")


def test_rows_with_polygons(tmp_path: Path) -> None:
    write("ultralytics", tmp_path)
    text(tmp_path / "valid" / "labels" / "c.txt", "0 .1 .1 .3 .1 .3 .4 .1 .4\n1 0 0 .5 0 .2 .5\n")
    assert boxes(found(tmp_path))["valid/c.jpg"] == 0
    assert "rotated boxes left out" in found(tmp_path).remarks[1]
    made = found(tmp_path, polygons=True).images[-1].boxes
    assert [tuple(round(value, 6) for value in box) for box in made] == [
        (0, 0.2, 0.25, 0.2, 0.3),
        (1, 0.25, 0.25, 0.5, 0.5),
    ]


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("names: [a]\ntrain: [1, 2]", "train: expected a folder, a list of images, or several"),
        ("names: [a]\ntrain: {x: y}", "train: expected a folder, a list of images, or several"),
        ("names: [a]\ntrain: photos", "names the folder photos, which has no images in "),
        ("names: [a]\ntrain: none.txt", "names none.txt, which is not in "),
        ("names: a\ntrain: train", "names: expected a list, or a name for each number from 0"),
        ("names: {a: b}\ntrain: train", "names: expected a list, or a name for each number"),
        ("names: [[a]]\ntrain: train", "names: expected a list, or a name for each number"),
        ("names:\ntrain: train", "names: expected a list, or a name for each number from 0"),
        ("names: {-1: a}\ntrain: x", "names: classes are numbered 0 to 99999"),
        ("names: {999999999: a}\ntrain: x", "names: classes are numbered 0 to 99999"),
        ("names: [a\ntrain: x", "data.yaml: is no YAML (while parsing a flow sequence"),
        (
            "names: !!python/object/apply:os.system [ls]\ntrain: x",
            "is no YAML (could not determine",
        ),
        (f"{BOMB}names: *i\ntrain: x", "data.yaml: has aliases (*name), which are not read"),
        ("names: [a]\ntrain: train\n?: - x\nval: '", "data.yaml: is no YAML ("),
    ],
)
def test_what_it_may_not_be(lines: str, complaint: str, tmp_path: Path) -> None:
    put(tmp_path / "train" / "images")
    text(tmp_path / "data.yaml", lines)
    with pytest.raises(DataError) as error:
        found(tmp_path)
    assert complaint in str(error.value) and "\n" not in str(error.value)


def test_two_such_files(tmp_path: Path) -> None:
    write("ultralytics", tmp_path)
    text(tmp_path / "other.yaml", "names: [a]\ntrain: train\n")
    with pytest.raises(DataError, match="is one of 2 such files; give the one that counts"):
        found(tmp_path)
    assert boxes(found(tmp_path / "data.yaml")) == WANTED


def test_a_file_of_more_than_any_list_of_names(tmp_path: Path) -> None:
    put(tmp_path / "train")
    text(tmp_path / "data.yaml", "names: [a]\ntrain: train\n" + "# x\n" * 300_000)
    with pytest.raises(DataError, match="data.yaml: is larger than 0.25 MB"):
        found(tmp_path)
