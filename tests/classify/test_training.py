"""From drawn images to a classifier that is right: samples, Darknet's steps, `valid`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.tiny_classifier import files

from darknet_py import Network
from darknet_py.cfg.datafile import read_data_file
from darknet_py.classify.accuracy import judge
from darknet_py.classify.classifier import Classifier
from darknet_py.data.class_labels import read_class_labels
from darknet_py.data.classifier_samples import ClassifierSet
from darknet_py.data.listing import read_list
from darknet_py.errors import ImageError
from darknet_py.train import Trainer

STEPS = 40


def fail(error: ImageError) -> None:
    raise error


def test_a_small_network_learns_what_is_drawn(tmp_path: Path) -> None:
    cfg, path = files(tmp_path, train=60, valid=45)
    data = read_data_file(path)
    network = Network.from_cfg(cfg, seed=0)
    source = ClassifierSet.of(network.graph, read_list(tmp_path / "train.list"), data)
    trainer = Trainer(network)
    losses = []
    for step in range(STEPS):
        numbers = range(step * trainer.images, (step + 1) * trainer.images)
        images, truths = zip(*(source.sample(n, 24, 24, seed=0) for n in numbers), strict=True)
        losses.append(trainer.step(np.stack(images) / np.float32(255), np.stack(truths)))
    assert losses[-1] < 0.3 * losses[0]

    classifier = Classifier(network)
    images, labels = read_list(tmp_path / "valid.list"), read_class_labels(data, None)
    # valid10 moves by 32 pixels and validmulti starts at 224: nothing for inputs of 24.
    for way in ("valid", "validcrop", "validfull"):
        results = list(judge(classifier, images, labels, 2, way, batch=8, on_error=fail))
        assert len(results) == 45
        assert results[-1].top1 > 0.9, way
        assert results[-1].topk >= results[-1].top1
