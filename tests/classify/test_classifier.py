"""Scores of several inputs, of other sizes, down a class tree; the judge's figures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from darknet_py import Network
from darknet_py.classify.accuracy import judge, measure
from darknet_py.classify.classifier import Classifier, leaves_of, top
from darknet_py.data.class_labels import ClassLabels
from darknet_py.data.classifier_samples import tree_of
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError, ImageError

CFG = """[net]
width=8
height=6
channels=3
[convolutional]
batch_normalize=1
filters=6
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=5
size=1
activation=linear
[avgpool]
[softmax]
{softmax}
"""
TREE = "a -1\nb -1\nc 0\nd 0\ne 1\n"


def network(folder: Path, softmax: str = "", cfg: str = CFG) -> Network:
    path = folder / "c.cfg"
    path.write_text(cfg.format(softmax=softmax))
    made = Network.from_cfg(path, seed=0)
    for name, tensor in made.named_buffers():
        if name.endswith("variance"):
            tensor.fill_(0.1)
    return made


def with_tree(folder: Path) -> Network:
    (folder / "c.tree").write_text(TREE)
    return network(folder, "tree=c.tree")


def views(count: int, height: int = 6, width: int = 8) -> list[torch.Tensor]:
    return list(torch.rand(count, 3, height, width))


def test_scores_are_the_sum_over_a_images_inputs(tmp_path: Path) -> None:
    net, images = network(tmp_path), [views(1), views(3), views(2)]
    found = Classifier(net).scores(images, batch=2)
    for scores, inputs in zip(found, images, strict=True):
        expected = sum(net(one[None])[0].flatten() for one in inputs)
        assert scores == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_inputs_of_other_sizes_run_as_they_are(tmp_path: Path) -> None:
    net = network(tmp_path)
    mixed = [*views(1), *views(2, 10, 12), *views(1, 7, 9)]
    found = Classifier(net).scores([mixed], batch=4)[0]
    sizes = [net.resized(one.shape[2], one.shape[1]).eval() for one in mixed]
    expected = sum(
        one_net(one[None])[0].flatten() for one_net, one in zip(sizes, mixed, strict=True)
    )
    assert found == pytest.approx(expected.detach().numpy(), abs=1e-5)


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


def test_weights_that_are_no_numbers_are_said(tmp_path: Path) -> None:
    net = network(tmp_path)
    with torch.no_grad():
        net.own(1)["biases"].fill_(float("nan"))
    with pytest.raises(DarknetError, match="no numbers; are its weights damaged"):
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


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{name}.png" for name in ("ant_1", "bee_1", "ant_2", "none", "cow_bee")]
    for seed, path in enumerate(paths):
        noise = np.random.default_rng(seed).integers(0, 256, (9, 11, 3), np.uint8)
        assert cv2.imwrite(str(path), noise)
    return [str(path) for path in paths]


LABELS = ClassLabels(("ant_", "bee", "cow", "dog", "elk"))


def fixed(folder: Path, order: list[int]) -> Classifier:
    """Always gives the classes in this order."""
    net = network(folder)
    with torch.no_grad():
        for index in (0, 1):
            for tensor in net.own(index):
                net.own(index)[tensor].zero_()
        net.own(1)["biases"][order] = torch.arange(5.0, 0, -1)
    return Classifier(net)


def test_figures_grow_image_by_image(tmp_path: Path, images: list[str]) -> None:
    results = list(
        judge(fixed(tmp_path, [0, 2, 1, 3, 4]), images, LABELS, 2, "valid", batch=2, on_error=print)
    )
    assert [one.label for one in results] == [0, 1, 0, -1, 1]
    assert [one.right for one in results] == [1, 1, 2, 2, 2]
    # cow_bee counts as bee, the first of its labels.
    assert [one.in_top for one in results] == [1, 1, 2, 2, 2]
    assert results[-1].top1 == 0.4


def test_validcrop_takes_any_label_of_the_path(tmp_path: Path, images: list[str]) -> None:
    results = list(
        judge(
            fixed(tmp_path, [2, 0, 1, 3, 4]),
            images,
            LABELS,
            2,
            "validcrop",
            batch=8,
            on_error=print,
        )
    )
    assert [one.right for one in results] == [0, 0, 0, 0, 1]
    assert [one.in_top for one in results] == [1, 1, 2, 2, 3]


def test_unreadable_images_are_told_and_left_out(tmp_path: Path, images: list[str]) -> None:
    Path(images[1]).write_bytes(b"no image")
    told: list[ImageError] = []
    results = list(
        judge(
            fixed(tmp_path, [0, 1, 2, 3, 4]),
            images,
            LABELS,
            1,
            "valid",
            batch=3,
            on_error=told.append,
        )
    )
    assert [one.count for one in results] == [1, 2, 3, 4]
    assert [Path(one.path).stem for one in results] == ["ant_1", "ant_2", "none", "cow_bee"]
    assert len(told) == 1
    assert "bee_1.png" in str(told[0])


def test_the_batch_changes_nothing(tmp_path: Path, images: list[str]) -> None:
    classifier = Classifier(network(tmp_path))
    one, many = (
        [r.scores for r in judge(classifier, images, LABELS, 1, "valid10", batch=n, on_error=print)]
        for n in (1, 4)
    )
    assert np.stack(one) == pytest.approx(np.stack(many), abs=1e-5)


def test_measuring_leaves_the_network_in_training(tmp_path: Path, images: list[str]) -> None:
    net = network(tmp_path).train()
    before = [tensor.clone() for tensor in net.state_dict().values()]
    found = measure(net, images, LABELS, 2, batch=2, on_error=print)
    assert found is not None
    assert found.count == 5
    assert net.training
    for old, new in zip(before, net.state_dict().values(), strict=True):
        assert (old == new).all()
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_measuring_nothing_readable_is_nothing(tmp_path: Path) -> None:
    told: list[ImageError] = []
    assert measure(network(tmp_path), ["none.png"], LABELS, 2, on_error=told.append) is None
    assert len(told) == 1
