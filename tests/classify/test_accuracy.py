"""How often a classifier is right, image by image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.size_free_classifier import network

from darknet_py.classify.accuracy import measure, running_accuracy
from darknet_py.classify.classifier import Classifier
from darknet_py.data.class_labels import ClassLabels
from darknet_py.errors import ImageError


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


def test_the_accuracy_grows_image_by_image(tmp_path: Path, images: list[str]) -> None:
    results = list(
        running_accuracy(
            fixed(tmp_path, [0, 2, 1, 3, 4]), images, LABELS, 2, "valid", batch=2, on_error=print
        )
    )
    assert [one.label for one in results] == [0, 1, 0, -1, 1]
    assert [one.right for one in results] == [1, 1, 2, 2, 2]
    # cow_bee counts as bee, the first of its labels.
    assert [one.in_top for one in results] == [1, 1, 2, 2, 2]
    assert results[-1].top1 == 0.4


def test_validcrop_takes_any_label_of_the_path(tmp_path: Path, images: list[str]) -> None:
    results = list(
        running_accuracy(
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
        running_accuracy(
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
        [
            r.scores
            for r in running_accuracy(
                classifier, images, LABELS, 1, "valid10", batch=n, on_error=print
            )
        ]
        for n in (1, 4)
    )
    assert np.stack(one) == pytest.approx(np.stack(many), abs=1e-5)


def test_measuring_leaves_the_network_in_training(tmp_path: Path, images: list[str]) -> None:
    net = network(tmp_path).train()
    before = [tensor.clone() for tensor in net.state_dict().values()]
    accuracy = measure(net, images, LABELS, 2, batch=2, on_error=print)
    assert accuracy is not None
    assert accuracy.count == 5
    assert net.training
    for old, new in zip(before, net.state_dict().values(), strict=True):
        assert (old == new).all()
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_measuring_nothing_readable_is_nothing(tmp_path: Path) -> None:
    told: list[ImageError] = []
    assert measure(network(tmp_path), ["none.png"], LABELS, 2, on_error=told.append) is None
    assert len(told) == 1
