"""Scores of several inputs, of other sizes, down a class tree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.size_free_classifier import CFG, network

from darknet_py import Network
from darknet_py.classify.classifier import Classifier, leaves_of, top
from darknet_py.data.classifier_samples import tree_of
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError

TREE = "a -1\nb -1\nc 0\nd 0\ne 1\n"


def with_tree(folder: Path) -> Network:
    (folder / "c.tree").write_text(TREE)
    return network(folder, "tree=c.tree")


def views(count: int, height: int = 6, width: int = 8) -> list[torch.Tensor]:
    return list(torch.rand(count, 3, height, width))


def test_scores_are_the_sum_over_an_images_inputs(tmp_path: Path) -> None:
    net, images = network(tmp_path), [views(1), views(3), views(2)]
    sums = Classifier(net).scores(images, batch=2)
    for scores, inputs in zip(sums, images, strict=True):
        expected = sum(net(one[None])[0].flatten() for one in inputs)
        assert scores == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_inputs_of_other_sizes_run_as_they_are(tmp_path: Path) -> None:
    net = network(tmp_path)
    mixed = [*views(1), *views(2, 10, 12), *views(1, 7, 9)]
    scores = Classifier(net).scores([mixed], batch=4)[0]
    sizes = [net.resized(one.shape[2], one.shape[1]).eval() for one in mixed]
    expected = sum(
        one_net(one[None])[0].flatten() for one_net, one in zip(sizes, mixed, strict=True)
    )
    assert scores == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_a_network_tied_to_its_size_says_so(tmp_path: Path) -> None:
    cfg = "[net]\nwidth=8\nheight=6\nchannels=3\n[connected]\noutput=5\n[softmax]\n"
    classifier = Classifier(network(tmp_path, cfg=cfg))
    assert classifier.scores([views(1)]).shape == (1, 5)
    with pytest.raises(DarknetError, match="cannot run at 9 x 7.* use `classifier valid`"):
        classifier.scores([views(1, 7, 9)])


def test_without_avgpool_the_number_of_scores_would_change(tmp_path: Path) -> None:
    classifier = Classifier(network(tmp_path, cfg=CFG.replace("[avgpool]", "")))
    with pytest.raises(DarknetError, match=r"needs an \[avgpool\]"):
        classifier.scores([views(1, 16, 16)])


def test_scores_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    net = network(tmp_path)
    with torch.no_grad():
        net.own(1)["biases"].fill_(float("nan"))
    with pytest.raises(DarknetError, match="not finite; are its weights damaged"):
        Classifier(net).scores([views(1)])


def test_down_a_tree_scores_are_products_and_leaves_count(tmp_path: Path) -> None:
    net, one = with_tree(tmp_path), views(1)
    tree = tree_of(net.graph)
    assert tree is not None
    raw = net(one[0][None])[0].flatten().detach().numpy()
    assert raw[:2].sum() == pytest.approx(1)
    products = raw * [1, 1, raw[0], raw[0], raw[1]]
    assert Classifier(net).scores([one])[0] == pytest.approx(raw, abs=1e-6)
    assert Classifier(net, EngineConfig(), tree).scores([one])[0] == pytest.approx(
        products, abs=1e-6
    )
    leaves = Classifier(net, EngineConfig(), tree, leaves_of(tree)).scores([one])[0]
    assert leaves == pytest.approx(products * [0, 0, 1, 1, 1], abs=1e-6)
    assert leaves.sum() == pytest.approx(1, abs=1e-5)


def test_leaves_may_be_named(tmp_path: Path) -> None:
    tree = tree_of(with_tree(tmp_path).graph)
    assert tree is not None
    assert leaves_of(tree, ["b", "d"]).tolist() == [False, True, False, True, False]


def test_the_first_of_equals_comes_first() -> None:
    assert top(np.array([0.1, 0.4, 0.4, 0.05, 0.4], np.float32), 4) == [1, 2, 4, 0]
