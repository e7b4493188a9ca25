"""The EXIF orientation in what classifiers look at and are trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tiny_classifier import files

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.classify.accuracy import prepared
from darknet_py.classify.views import stretched
from darknet_py.data.class_labels import ClassLabels
from darknet_py.data.classifier_samples import ClassifierSet
from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork
from darknet_py.images.io import read_image
from darknet_py.network.graph import read_graph

TIFF = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
FORKS = [
    (ALEXEYAB, True),
    (PJREDDIE, False),
    (ALEXEYAB.reading(upright=False), False),
    (PJREDDIE.reading(upright=True), True),
]


@pytest.fixture
def image(tmp_path: Path) -> str:
    """A JPEG, brighter to the left, that EXIF data turns upside down."""
    pixels = np.full((48, 64, 3), 40, np.uint8)
    pixels[:, :32] = 200
    data = cv2.imencode(".jpg", pixels)[1].tobytes()
    segment = b"Exif\0\0" + TIFF
    head = b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment
    path = tmp_path / "ant.jpg"
    path.write_bytes(head + data[2:])
    assert read_image(path)[0, 0, 0] > 150 > read_image(path, honour_exif=True)[0, 0, 0]
    return str(path)


@pytest.mark.parametrize(("fork", "upright"), FORKS)
def test_predictions_and_validation(image: str, tmp_path: Path, fork: Fork, upright: bool) -> None:
    cfg, _ = files(tmp_path, train=1, valid=1)
    ((_, views),) = prepared(read_graph(cfg, fork=fork), [image], stretched)
    assert isinstance(views, list)
    left, right = (float(half.mean()) for half in views[0].chunk(2, dim=2))
    assert (left < right) == upright


@pytest.mark.parametrize(("fork", "upright"), FORKS)
def test_training_samples(image: str, tmp_path: Path, fork: Fork, upright: bool) -> None:
    cfg, _ = files(tmp_path, train=1, valid=1)
    config = ClassifierAugmentConfig.of(read_graph(cfg, fork=fork))
    plain = replace(config, flip=False, angle=0, center=True)
    pixels, _ = ClassifierSet([image], ClassLabels(("ant",)), plain).sample(0, 32, 32, 0)
    assert (pixels[..., :16].mean() < pixels[..., 16:].mean()) == upright
