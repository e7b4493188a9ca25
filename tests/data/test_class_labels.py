"""Labels told by paths: one-hot, smoothed, filled up a class tree."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.data.class_labels import ClassLabels, read_class_labels
from darknet_py.errors import DataError
from darknet_py.layers.tree import UNKNOWN, Tree, read_tree_file

TREE = "animal -1\nthing -1\ncat 0\ndog 0\ncup 1\nbox 1\npot 1\nonly 2\n"
U = UNKNOWN


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    path = tmp_path / "a.tree"
    path.write_text(TREE)
    return read_tree_file(str(path))


def words(tree: Tree | None = None) -> tuple[str, ...]:
    return tree.names if tree else ("cat", "dog", "cup")


def test_every_word_in_the_path_counts_folders_included() -> None:
    labels = ClassLabels(words())
    assert labels.truth("set/dog_3.jpg").tolist() == [0, 1, 0]
    assert labels.truth("cat/dog_3.jpg").tolist() == [1, 1, 0]
    assert labels.truth("x.jpg").tolist() == [0, 0, 0]
    assert labels.matches("a/cup_dog.jpg") == [1, 2]


def test_truth_is_float32() -> None:
    assert ClassLabels(words(), smoothing=0.1).truth("cat").dtype == np.float32


def test_smoothing_spreads_over_the_other_classes() -> None:
    truth = ClassLabels(words(), smoothing=0.1).truth("cat.jpg")
    assert truth == pytest.approx([0.9, 0.05, 0.05])
    assert truth.sum() == pytest.approx(1)


def test_one_class_alone_is_never_smoothed_away() -> None:
    assert ClassLabels(("cat",), smoothing=0.1).truth("cat.jpg").tolist() == [1]
    assert ClassLabels(("cat",), smoothing=0.1).truth("dog.jpg").tolist() == [pytest.approx(0.1)]


def test_ancestors_are_right_and_other_groups_unknown(tree: Tree) -> None:
    labels = ClassLabels(words(tree), tree)
    assert labels.truth("dog.jpg").tolist() == [1, 0, 0, 1, U, U, U, U]
    assert labels.truth("pot.jpg").tolist() == [0, 1, U, U, 0, 0, 1, U]
    # All the way down: the only child of cat, cat, animal.
    assert labels.truth("only.jpg").tolist() == [1, 0, 1, 0, U, U, U, 1]


def test_an_inner_node_leaves_its_children_unknown(tree: Tree) -> None:
    assert ClassLabels(words(tree), tree).truth("animal").tolist() == [1, 0, U, U, U, U, U, U]


def test_smoothing_in_a_tree_stays_among_siblings(tree: Tree) -> None:
    truth = ClassLabels(words(tree), tree, 0.2).truth("only.jpg")
    assert truth == pytest.approx([0.8, 0.2, 0.8, 0.2, U, U, U, 1])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("dog.jpg", None),
        ("x.jpg", "x.jpg: no label matches"),
        ("cat_cup.jpg", "cat_cup.jpg: 2 labels match: 'cat', 'cup'"),
    ],
)
def test_what_is_unclear_is_said(path: str, expected: str | None) -> None:
    assert ClassLabels(words()).unclear(path) == expected


def data(folder: Path, text: str, labels: str = "cat\ndog\ncup\n", tree: str = "") -> Path:
    (folder / "labels.list").write_text(labels)
    (folder / "own.tree").write_text(tree)
    (folder / "set.data").write_text(text)
    return folder / "set.data"


def test_the_first_classes_words_of_the_file_count(tmp_path: Path) -> None:
    path = data(tmp_path, "classes=2\nlabels=labels.list\n")
    assert read_class_labels(read_data_file(path), None).words == ("cat", "dog")


def test_labels_that_are_not_used_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read_class_labels(read_data_file(data(tmp_path, "labels=labels.list\n")), None)
    (message,) = caplog.messages
    assert "has 3 labels, " in message and "says classes=2 (2 where it says nothing)" in message


def test_a_label_that_is_no_utf_8_is_found_in_a_path(tmp_path: Path) -> None:
    file = read_data_file(data(tmp_path, "labels=labels.list\n"))
    written = file.file("labels")
    assert written is not None
    written.write_bytes(b"caf\xe9\ntea\n")
    assert read_class_labels(file, None).matches(os.fsdecode(b"images/caf\xe9/1.jpg")) == [0]


def test_windows_line_ends_are_no_part_of_a_word(tmp_path: Path) -> None:
    path = data(tmp_path, "classes=3\nlabels=labels.list\n", "cat\r\ndog\r\ncup\r\n")
    assert read_class_labels(read_data_file(path), None).words == ("cat", "dog", "cup")


def test_a_tree_in_the_data_file_comes_first(tmp_path: Path, tree: Tree) -> None:
    path = data(
        tmp_path, "classes=3\nlabels=labels.list\ntree=own.tree\n", tree="cat -1\ndog -1\ncup 1\n"
    )
    result = read_class_labels(read_data_file(path), tree).tree
    assert result is not None
    assert result.parents == (-1, -1, 1)


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        ("classes=4\nlabels=labels.list\n", "a\nb\n", "has 2 labels, but .* says classes=4"),
        ("labels=labels.list\n", "a\n", "has 1 labels, but .* says classes=2"),
        ("classes=0\nlabels=labels.list\n", "a\n", "classes=0"),
        ("classes=3\nlabels=labels.list\n", "a\n\nb\n", r"labels.list:2: is empty, and would"),
        ("classes=3\nlabels=nowhere.list\n", "a\n", "nowhere.list: no such file"),
        (
            "classes=2\n",
            "a\nb\n",
            "set.data: has no labels=, and there is no data/labels.list; name",
        ),
        ("classes=2\nlabels=labels.list\ntree=own.tree\n", "a\nb\n", "the tree has 1 nodes"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused(
    tmp_path: Path, text: str, labels: str, message: str
) -> None:
    path = data(tmp_path, text, labels, tree="root -1\n")
    with pytest.raises(DataError, match=message):
        read_class_labels(read_data_file(path), None)
