"""bad.list and bad_label.list: what is named in them, and how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.data.bad_lists import (
    BadLists,
    ListedFault,
    missing_label_file,
    unreadable_image,
    wrong_annotations,
    wrong_labels,
)
from darknet_py.network.darknet_lines import Said

NAN = float("nan")


def table(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 5)


@pytest.mark.parametrize(
    ("row", "entry", "said"),
    [
        (
            (8, 0.5, 0.5, 0.2, 0.2),
            "class_id = 8. But class_id should be [from 0 to 7]",
            "class_id = 8. But class_id should be [from 0 to 7]",
        ),
        ((0, 0, 0, 0.2, 0.2), "x = 0 or y = 0", "x = 0, y = 0, < 0 or > 1"),
        ((0, 1.2, 0.5, 0.2, 0.2), "x = 0 or y = 0", "x = 0, y = 0, < 0 or > 1"),
        ((0, 0.5, -0.2, 0.2, 0.2), "x = 0 or y = 0", "x = 0, y = 0, < 0 or > 1"),
        (
            (0, 0.5, 0.25, NAN, 0.2),
            "x = 0.500000, y = 0.250000, w = nan, h = 0.200000",
            "x = 0.500000, y = 0.250000, w = nan, h = 0.200000",
        ),
    ],
)
def test_a_wrong_annotation_in_darknets_words(
    row: tuple[float, ...], entry: str, said: str
) -> None:
    (fault,) = wrong_annotations(table((1, 0.5, 0.5, 0.1, 0.1), row), "a.txt", 8)
    assert fault == ListedFault(
        "bad_label.list",
        f"a.txt Wrong annotation: {entry}",
        Said(f"\n Wrong annotation: {said}, file: a.txt \n"),
    )


def test_what_is_no_wrong_annotation() -> None:
    """A box at the edge, a tiny one, one wider than the image; a class below 0, as in C."""
    rows = [(7, 0.05, 0.5, 0.2, 1), (0, 0.5, 0.5, 0, 0), (0, 0.5, 0.5, 3, 3), (-1, 0.5, 0.5, 1, 1)]
    assert list(wrong_annotations(table(*rows), "a.txt", 8)) == []
    assert list(wrong_annotations(table(), "a.txt", 8)) == []


def test_wrong_labels_of_calc_anchors() -> None:
    rows = [(90, 1, 1, 1, 1), (0, 0, 0.5, 0.5, 0.5), (0, 0.5, 0.5, 0.5, 1.5)]
    first, second = wrong_labels(table(*rows), "a.txt")
    text = "Wrong label: a.txt - j = 1, x = 0.000000, y = 0.500000, "
    assert first.entry == f"{text}width = 0.500000, height = 0.500000"
    assert first.said == (f"\n\n{first.entry} \n", False)
    assert second.entry.startswith("Wrong label: a.txt - j = 2, ")
    assert second.entry.endswith("height = 1.500000")


def test_each_fault_is_listed_once_and_added(tmp_path: Path) -> None:
    (tmp_path / "bad.list").write_text("of an earlier run\n")
    lists = BadLists(folder=tmp_path)
    (wrong,) = wrong_annotations(table((9, 0.5, 0.5, 0.1, 0.1)), "a.txt", 8)
    image, label = unreadable_image("a.jpg"), missing_label_file("b.txt")
    assert lists.add([image, wrong, image]) == [image, wrong]
    assert lists.add([label, wrong]) == [label]
    assert (tmp_path / "bad.list").read_text() == "of an earlier run\na.jpg\nb.txt\n"
    assert (tmp_path / "bad_label.list").read_text() == f"{wrong.entry}\n"
    assert lists.summary == [
        f"warning: 2 missing or damaged files are named in {tmp_path}/bad.list",
        f"warning: 1 wrong labels are named in {tmp_path}/bad_label.list",
    ]


def test_no_fault_no_file(tmp_path: Path) -> None:
    lists = BadLists(folder=tmp_path)
    assert lists.add([]) == [] and lists.summary == []
    assert not list(tmp_path.iterdir())


def test_the_first_wrong_label_is_told() -> None:
    lists = BadLists(folder=Path("/dev/shm/nowhere"))
    one, two = (missing_label_file(name)._replace(list="bad_label.list") for name in "ab")
    lists.known.add(missing_label_file("c"))
    lists.known.add(one)
    (line,) = lists.wrong_label_note([one])
    assert line.startswith("warning: left out: a (all are named in ")
    lists.known.add(two)
    assert lists.wrong_label_note([two]) == []
    assert lists.wrong_label_note([]) == []


def test_pjreddies_program_lists_nothing(tmp_path: Path) -> None:
    lists = BadLists(active=False, folder=tmp_path)
    assert lists.add([unreadable_image("a.jpg")]) == [] and lists.summary == []
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lists = BadLists(folder=tmp_path / "gone")
    lists.add([unreadable_image("a.jpg")])
    lists.add([unreadable_image("b.jpg")])
    (line,) = caplog.messages
    assert "gone/bad.list: cannot be written" in line and lists.summary == []
