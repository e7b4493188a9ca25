"""A network as darknet.py holds it: a number with a memory of what it was shown."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import size_free_classifier, tiny_detector
from support.shapes_network import CFG, WEIGHTS, network_image

from darknet_py.compat.image_memory import make_image
from darknet_py.compat.loading import load_net, load_net_custom, reset_rnn
from darknet_py.compat.network_boxes import get_network_boxes, predict, predict_image
from darknet_py.compat.open_network import LoadedNetwork, NetworkNumber, free_network_ptr, opened
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

MEMORY = """[net]
width=2
height=1
channels=1
time_steps=1
[rnn]
output=3
hidden=3
activation=tanh
"""


def test_a_network_is_a_number_that_counts_up() -> None:
    one, other = load_net(CFG, WEIGHTS, 0), load_net(CFG, WEIGHTS, 0)
    assert isinstance(one, int) and 0 < one < other
    assert opened(one) is not opened(other)


def test_the_triple_is_its_network_too() -> None:
    number = load_net(CFG, WEIGHTS, 0)
    assert opened(LoadedNetwork((number, [], {}))) is opened(number)


def test_a_network_that_nobody_has_is_let_go() -> None:
    number = load_net_custom(CFG, WEIGHTS, 0, 1)
    seen = weakref.ref(opened(number))
    predict_image(number, network_image(number))
    del number
    gc.collect()
    assert seen() is None


def test_a_freed_network_is_not_used() -> None:
    number = load_net_custom(CFG, WEIGHTS, 0, 1)
    seen = weakref.ref(opened(number))
    free_network_ptr(LoadedNetwork((number, [], {})))
    gc.collect()
    assert seen() is None
    with pytest.raises(DarknetError, match="the network has been freed; load it again"):
        opened(number)


@pytest.mark.parametrize("wrong", [0, None, (NetworkNumber(1),), "net"])
def test_what_is_no_network(wrong: object) -> None:
    with pytest.raises(TypeError, match="net: expected what load_net or load_network returned"):
        opened(wrong)


def test_a_network_without_boxes_says_so(tmp_path: Path) -> None:
    network = size_free_classifier.network(tmp_path)
    weights = tmp_path / "c.weights"
    network.save_weights(weights)
    number = load_net_custom(network.graph.path, str(weights), 0, 1)
    net = network.graph.net
    values = predict_image(number, make_image(net.width, net.height, net.channels))
    assert len(values) == network.graph.nodes[network.graph.last].out.size
    with pytest.raises(DarknetError, match=r"has no detection head, it ends in \[softmax\]"):
        get_network_boxes(number, 1, 1, 0.5, 0.5, None, 0, None, 0)


def test_a_recurrent_network_remembers_until_it_is_told_to_forget(tmp_path: Path) -> None:
    cfg, weights = tmp_path / "m.cfg", tmp_path / "m.weights"
    cfg.write_text(MEMORY)
    Network.from_cfg(cfg, seed=1).save_weights(weights)
    number = load_net_custom(str(cfg), str(weights), 0, 1)
    x = np.array([1, -1], np.float32)
    first, second = predict(number, x)[:], predict(number, x)[:]
    assert first != second
    reset_rnn(number)
    assert predict(number, x)[:] == pytest.approx(first)


def test_random_weights_are_the_same_each_time(tmp_path: Path) -> None:
    cfg, _ = tiny_detector.files(tmp_path)
    image: Any = make_image(64, 32, 3)
    outputs = [predict_image(load_net_custom(str(cfg), b"", 0, 1), image)[:] for _ in range(2)]
    assert outputs[0] == outputs[1] and any(outputs[0])
