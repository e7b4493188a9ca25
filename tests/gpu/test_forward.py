"""Every section kind on a device: nothing of the host's comes between, and the second pass can be
recorded, so that it neither waits nor takes anything there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.device_under_test import NAMES, DeviceUnderTest, device_under_test
from support.golden_check import GOLDEN, cases, loaded, relative
from support.layer_check import net_section, network, random_input, sections
from torch import Tensor

from darknet_py.benchmark.bench_inputs import random_network
from darknet_py.forks import FORKS
from darknet_py.layers import SECTIONS
from darknet_py.network.graph import read_graph
from darknet_py.network.network import Network

pytestmark = pytest.mark.gpu

CFG = Path(__file__).resolve().parents[2] / "cfg"
TOLERANCE = 1e-4
TREE = "animal -1\nthing -1\ncat 0\ndog 0\ncup 1\npuppy 3\nwolf 3\n"
YOLO = "yolo classes=2 num=2 mask=0,1 anchors=3,4,5,6"
OTHERS = {
    "joined": "deconv filters=8 size=3 stride=2 batch_normalize=1;l2norm;logistic;empty",
    "spatial": "conv filters=16 size=3 pad=1;reorg3d stride=2;crop crop_height=2 crop_width=3",
    "antialiased": "conv filters=4 size=3 pad=1 stride=2 antialiasing=2;max size=2 antialiasing=1",
    "implicit": "conv filters=4;implicit filters=4;scale_channels from=-2",
    "embeddings": f"conv filters=14;{YOLO};route layers=-2;contrastive yolo_layer=1 classes=3",
    "instances": "conv filters=7;iseg classes=3 ids=4",
    "cost": "connected output=8;softmax groups=2;cost",
    "class tree": "connected output=7;softmax tree=a.tree",
    "head with a tree": "conv filters=24;region classes=7 num=2 softmax=1 tree=a.tree "
    "anchors=1,2,3,4",
    "history": "history history_size=3;conv filters=2",
}
"""Nets of the kinds and options that no recording has."""


def check(place: DeviceUnderTest, net: Network, x: Tensor) -> None:
    with torch.no_grad():
        expected = net(x)
        net.to(place.device)
        there = place.put(x)
        net(there)  # takes to the device what is the same for every pass
        with place.counted() as counted:
            heads = net(there)
    assert (counted.mixing, counted.waits, counted.uploads) == (0, 0, 0), counted.lines
    for head, other in zip(heads, expected, strict=True):
        assert relative(place.values(head).numpy(), other.numpy()) <= TOLERANCE


def golden(case: str) -> tuple[Network, Tensor]:
    name, fork = case.split("/")
    record = np.load(GOLDEN / name / f"forward-{fork}.npz")
    return loaded(GOLDEN / name, fork), torch.from_numpy(record["input"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", cases(GOLDEN))
def test_recorded_networks(case: str, name: str) -> None:
    net, x = golden(case)
    with device_under_test(name) as place:
        check(place, net, x)


@pytest.fixture
def tree_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tree").write_text(TREE)
    monkeypatch.chdir(tmp_path)


def other(which: str, fork: str = "alexeyab") -> Network:
    return network(net_section(3, 8, 8) + sections(OTHERS[which]), fork)


@pytest.mark.usefixtures("tree_file")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("which", OTHERS)
def test_what_no_recording_has(which: str, fork: str, name: str) -> None:
    net = other(which, fork)
    with device_under_test(name) as place:
        check(place, net, random_input(net, 3))


@pytest.mark.usefixtures("tree_file")
def test_every_kind_is_among_them() -> None:
    graphs = [other(which).graph for which in OTHERS]
    for case in cases(GOLDEN):
        name, fork = case.split("/")
        graphs.append(read_graph(GOLDEN / name / "net.cfg", fork=fork))
    seen = {type(node.layer) for graph in graphs for node in graph.nodes}
    assert set(SECTIONS.values()) - seen == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cfg", sorted(CFG.glob("*.cfg")), ids=lambda path: path.stem)
def test_shipped_networks(cfg: Path, name: str) -> None:
    size = None if "yolov1" in cfg.stem else 64
    graph = read_graph(cfg, width=size, height=size, time_steps=1)
    net = random_network(graph, seed=1).for_inference()
    with device_under_test(name) as place:
        check(place, net, random_input(net, 1))
