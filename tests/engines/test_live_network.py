"""What is made from a network in training stays as it was made, whatever the network learns."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data

from darknet_py.classify.classifier import Classifier
from darknet_py.detect.detector import Detector
from darknet_py.engines import cache
from darknet_py.engines.devices import computes
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.network.network import Network
from darknet_py.train import Trainer

# Without batch normalisation no kernel is folded; 1x1 ones lie the same in both layouts.
PLAIN = "[conv]\nfilters=4\nsize=1\nactivation=leaky\n[conv]\nfilters=4\nsize=3\npad=1\n"


def missing(*names: str) -> bool:
    return any(importlib.util.find_spec(name) is None for name in names)


ENGINES = [
    EngineConfig(),
    pytest.param(
        EngineConfig(precision="bf16"),
        marks=pytest.mark.skipif(not computes(torch.bfloat16), reason="no bf16 here"),
    ),
    pytest.param(EngineConfig(compiled=True), marks=pytest.mark.slow),
    pytest.param(
        EngineConfig("onnxruntime"),
        marks=pytest.mark.skipif(missing("onnxruntime", "onnx"), reason="needs onnxruntime"),
    ),
    pytest.param(
        EngineConfig("openvino"),
        marks=pytest.mark.skipif(missing("openvino", "onnx"), reason="needs openvino"),
    ),
]


def learn(net: Network) -> None:
    trainer = Trainer(net)
    for seed in range(2):
        trainer.step(*data(seed=seed))


@pytest.mark.parametrize("config", ENGINES)
def test_an_engine_keeps_its_weights(
    config: EngineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path))
    net = network(NET + PLAIN + CONV + HEAD)
    x = data()[0]
    untouched = open_engine(network(NET + PLAIN + CONV + HEAD), config)
    engine = open_engine(net, config)
    first = engine(x[:1])
    expected = [untouched(x[:1]), untouched(x)]
    learn(net)
    # Of four images another program is made, now.
    for heads, same in zip(
        [first, engine(x[:1]), engine(x)], [expected[0], *expected], strict=True
    ):
        assert all(torch.equal(a, b) for a, b in zip(heads, same, strict=True))
    assert not torch.equal(open_engine(net, config)(x)[0], expected[1][0])


def test_a_detector_keeps_its_results() -> None:
    net = network(NET.replace("channels=2", "channels=3") + PLAIN + CONV + HEAD)
    image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    detector = Detector(net, ["a", "b"])
    before = detector(image, thresh=0.01)
    trainer, (images, truth) = Trainer(net), data()
    trainer.step(torch.cat([images, images[:, :1]], dim=1), truth)
    after = detector(image, thresh=0.01)
    assert len(before) > 0
    assert np.array_equal(before.boxes.confidence, after.boxes.confidence)
    assert np.array_equal(before.boxes.xyxy, after.boxes.xyxy)


def test_the_inference_form_shares_tensors_where_it_is_told_to() -> None:
    net = network(NET + PLAIN + CONV + HEAD)
    mine = {tensor.data_ptr() for tensor in net.parameters()}
    own, shared = net.for_inference(), net.for_inference(shared=True)
    assert not mine & {tensor.data_ptr() for tensor in own.parameters()}
    assert len(mine & {tensor.data_ptr() for tensor in shared.parameters()}) >= 3
    x, before = data()[0], own(data()[0])[0]
    learn(net)
    assert torch.equal(own(x)[0], before)


def test_a_classifier_keeps_its_scores_at_every_size() -> None:
    net = network(NET + PLAIN + "[avgpool]\n[softmax]\n")
    views = [[torch.rand(2, 8, 8)], [torch.rand(2, 12, 9)]]
    classifier = Classifier(net)
    before = classifier.scores(views[:1])
    twin = Classifier(network(NET + PLAIN + "[avgpool]\n[softmax]\n")).scores(views)
    Trainer(net).step(data()[0], torch.eye(4))
    after = classifier.scores(views)
    assert np.array_equal(before, after[:1])
    assert np.array_equal(after, twin)
