"""Classes that no words tell: tags in files beside the images, and unsupervised=1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.data.class_labels import ClassLabels
from darknet_py.data.label_kinds import NumberedPaths, Tags, training_labels
from darknet_py.errors import DataError
from darknet_py.network.graph import read_graph

CFG = "[net]\nwidth=8\nheight=8\nchannels=3\n{net}\n[conv]\nfilters=3\n[avgpool]\n[softmax]\n"
NUMBERS = ("0", "1", "2")


def labels_of(folder: Path, data: str, net: str = "", fork: str = "alexeyab") -> ClassLabels:
    (folder / "k.cfg").write_text(CFG.format(net=net))
    (folder / "k.data").write_text(data)
    graph = read_graph(folder / "k.cfg", fork=fork)
    return training_labels(graph, read_data_file(folder / "k.data"), None)


def tagged(folder: Path, text: str) -> str:
    (folder / "images").mkdir(exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "labels" / "a.txt").write_text(text)
    return str(folder / "images" / "a.jpg")


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("0\n2\n", [1, 0, 1]),
        ("2 1 1", [0, 1, 1]),
        ("1 3 -1 99999999999999999999", [0, 1, 0]),
        ("0 x 1", [1, 0, 0]),
        ("0 1.5 2", [1, 0, 0]),
        ("", [0, 0, 0]),
    ],
)
def test_tags_are_the_numbers_in_a_file(tmp_path: Path, text: str, truth: list[int]) -> None:
    labels, path = Tags(NUMBERS), tagged(tmp_path, text)
    assert labels.truth(path).tolist() == truth
    assert (labels.unclear(path) is None) == any(truth)


def test_an_image_without_a_file_has_no_tags(tmp_path: Path) -> None:
    path = str(tmp_path / "images" / "b.jpg")
    assert Tags(NUMBERS).matches(path) == []
    file = tmp_path / "labels" / "b.txt"
    assert Tags(NUMBERS).unclear(path) == f"{path}: no class from 0 to 2 in {file}"


def test_a_file_of_tags_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    path = tagged(tmp_path, "0")
    (tmp_path / "labels" / "c.txt").mkdir()
    with pytest.raises(DataError, match=r"labels.c\.txt: cannot be read"):
        Tags(NUMBERS).matches(path.replace("a.jpg", "c.jpg"))


def test_paths_are_classes_by_a_hash() -> None:
    labels = NumberedPaths(NUMBERS)
    paths = [f"/images/{number}.jpg" for number in range(60)]
    truths = np.stack([labels.truth(path) for path in paths])
    assert (truths.sum(axis=1) == 1).all() and truths.sum(axis=0).min() > 10
    assert (truths == np.stack([NumberedPaths(NUMBERS).truth(path) for path in paths])).all()
    assert labels.unclear(paths[0]) is None


@pytest.mark.parametrize(
    ("data", "net", "fork", "kind"),
    [
        ("classes=3\ntag=1", "", "pjreddie", Tags),
        ("classes=3", "unsupervised=1", "alexeyab", NumberedPaths),
        ("classes=3\ntag=1\nlabels=words", "", "alexeyab", ClassLabels),
        ("classes=3\ntag=0\nlabels=words", "unsupervised=1", "pjreddie", ClassLabels),
    ],
)
def test_which_kind_a_training_has(
    tmp_path: Path, data: str, net: str, fork: str, kind: type
) -> None:
    (tmp_path / "words").write_text("red\ngreen\nblue\n")
    labels = labels_of(tmp_path, data, net, fork)
    assert type(labels) is kind and len(labels.words) == 3


@pytest.mark.parametrize("classes", ["0", "-1"])
def test_a_number_of_classes_that_cannot_be(tmp_path: Path, classes: str) -> None:
    with pytest.raises(DataError, match=f"classes: read {classes}, expected 1 or more"):
        labels_of(tmp_path, f"classes={classes}\ntag=1", fork="pjreddie")
