"""The files of the classifier commands: what is read, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_classifier import CFG, files

from darknet_py import Network
from darknet_py.cfg.datafile import read_data_file
from darknet_py.classify.load_classifier import LoadedClassifier, load_classifier, read_leaves
from darknet_py.errors import CfgError, DarknetError, DataError
from darknet_py.options.inference import ClassifierOptions

TREE = "circle -1\nsquare -1\nstar 0\n"


@pytest.fixture
def options(tmp_path: Path) -> ClassifierOptions:
    """t.cfg with a tree, t.data and its lists, and weights."""
    cfg, data = files(tmp_path, train=3, valid=6)
    (tmp_path / "t.tree").write_text(TREE)
    cfg.write_text(CFG.rstrip() + f"\ntree={tmp_path / 't.tree'}\n")
    Network.from_cfg(cfg, seed=0).save_weights(tmp_path / "t.weights")
    return ClassifierOptions(
        data=str(data), cfg=str(cfg), weights=str(tmp_path / "t.weights"), top=None, device="cpu"
    )


def loaded(options: ClassifierOptions) -> LoadedClassifier:
    return load_classifier(options)


def test_classes_tree_guesses_and_lists(options: ClassifierOptions) -> None:
    classifier = loaded(options)
    assert (classifier.classes, classifier.topk) == (3, 2)
    assert classifier.tree is not None and classifier.tree.parents[2] == 0
    assert len(classifier.images("valid", "none.list")) == 6
    assert classifier.leaves() is None


def test_a_tree_gives_products_and_its_leaves_limit_the_answers(options: ClassifierOptions) -> None:
    classifier = loaded(options)
    assert classifier.classifier(tree=False).leaves is None
    assert classifier.classifier(only_leaves=False).leaves is None
    leaves = classifier.classifier().leaves
    assert leaves is not None and leaves.tolist() == [False, True, True]
    named = classifier.classifier(leaves=["circle"]).leaves
    assert named is not None and named.tolist() == [True, False, False]


def test_leaves_of_the_data_file(options: ClassifierOptions, tmp_path: Path) -> None:
    assert options.data is not None
    with open(options.data, "a") as file:
        file.write(f"\nleaves={tmp_path / 'l.list'}\n")
    (tmp_path / "l.list").write_text("square\nstar\n")
    assert loaded(options).leaves() == ["square", "star"]
    data, tree = read_data_file(options.data), loaded(options).tree
    assert read_leaves(data, None) is None and read_leaves(None, tree) is None
    (tmp_path / "l.list").write_text("square\nstars\n")
    with pytest.raises(DataError, match="l.list:2: 'stars' is no class of the tree"):
        read_leaves(data, tree)


def test_a_detection_network_is_refused(options: ClassifierOptions, tmp_path: Path) -> None:
    cfg = "[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=8\n"
    Path(options.cfg).write_text(cfg + "[yolo]\nclasses=3\nnum=1\nmask=0\nanchors=1,1\n")
    with pytest.raises(DarknetError, match=r"it ends in \[yolo\]; use `darknet-py detect`"):
        loaded(options)


def test_a_classifier_that_does_not_fit_into_memory(
    options: ClassifierOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darknet_py.network.load.total_memory", lambda: 1 << 10)
    with pytest.raises(CfgError, match="one forward pass needs about 0.0 GiB, this machine has"):
        loaded(options)


def test_another_size_than_the_cfgs(options: ClassifierOptions) -> None:
    net = loaded(replace(options, width=64, height=32)).graph.net
    assert (net.width, net.height) == (64, 32)
