"""The bare twin computes what the network computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.layer_check import net_section, network, random_input, sections

from darknet_py.benchmark.bare_twin import BareTwin, training_step
from darknet_py.benchmark.bench_inputs import random_network
from darknet_py.errors import DarknetError
from darknet_py.network.graph import read_graph

CFG = Path(__file__).resolve().parents[2] / "cfg"


@pytest.mark.parametrize("name", ["yolov3-tiny", "yolov4-tiny"])
def test_its_heads_are_the_networks(name: str) -> None:
    net = random_network(read_graph(CFG / f"{name}.cfg", width=64, height=64), seed=1)
    folded, x = net.for_inference(), torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        for head, other in zip(BareTwin(folded)(x), net(x), strict=True):
            torch.testing.assert_close(head, other, rtol=1e-4, atol=1e-5)


def test_shortcuts_and_upsampling() -> None:
    layers = "conv filters=4 size=3 pad=1 activation=leaky;conv filters=4 activation=mish;"
    layers += "shortcut from=-2 activation=linear;upsample;route layers=-1,-1 groups=2 group_id=1"
    net = network(net_section(3, 8, 8) + sections(layers))
    x = random_input(net, 2)
    with torch.no_grad():
        (head,), (other,) = BareTwin(net)(x), net(x)
    torch.testing.assert_close(head, other)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [("l2norm", r"knows no \[l2norm\]"), ("conv activation=selu", "has no such convolution")],
)
def test_what_it_does_not_know(layer: str, reason: str) -> None:
    net = network(net_section(3, 8, 8) + sections(layer))
    with pytest.raises(DarknetError, match=rf"net\.cfg.*{reason}"):
        BareTwin(net)


def test_a_step_moves_every_weight() -> None:
    layers = "conv filters=4 batch_normalize=1 activation=leaky;conv filters=2 activation=linear"
    net = network(net_section(3, 8, 8) + sections(layers))
    x = random_input(net, 2)
    twin = BareTwin(net)
    before = [tensor.detach().clone() for tensor in twin.parameters]
    step = training_step(twin, 1e6 * x, None)
    assert step() != step(), "the weights have moved"
    assert [torch.equal(a, b) for a, b in zip(before, twin.parameters, strict=True)].count(
        True
    ) <= 1, "a bias before batch normalisation may stay"
