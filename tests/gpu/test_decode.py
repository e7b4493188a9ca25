"""Boxes found on a device are the CPU's, for two waits a batch: how many there are, and they."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.device_under_test import NAMES, device_under_test
from support.layer_check import net_section, network, random_input, sections

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline import PipelineOptions, candidates_of
from darknet_py.forks import FORKS
from darknet_py.images.letterbox import Placement
from darknet_py.network.network import Network

pytestmark = pytest.mark.gpu

TREE = "animal -1\nthing -1\ncat 0\ndog 0\ncup 1\npuppy 3\nwolf 3\n"
BELOW = "route layers=0;conv filters=14 stride=2"
HEADS = {
    "yolo": "conv filters=14;yolo classes=2 num=2 mask=0,1 anchors=3,4,5,6",
    "two heads": "conv filters=14;yolo classes=2 num=4 mask=0,1 anchors=3,4,5,6,7,8,9,10;"
    f"{BELOW};yolo classes=2 num=4 mask=2,3 anchors=3,4,5,6,7,8,9,10",
    "new coordinates": "conv filters=14;yolo classes=2 num=2 mask=0,1 anchors=3,4,5,6 "
    "new_coords=1 scale_x_y=2",
    "Gaussian": "conv filters=22;Gaussian_yolo classes=2 num=2 mask=0,1 anchors=3,4,5,6",
    "region": "conv filters=14;region classes=2 num=2 softmax=1 anchors=1,2,3,4",
    "region with a tree": "conv filters=24;region classes=7 num=2 softmax=1 tree=a.tree "
    "anchors=1,2,3,4",
    "detection": "conn output=48;detection classes=2 num=2 coords=4 side=2",
}
IMAGES = 3
PLACEMENTS = [Placement(640, 480 + 10 * number, 8, 8, bool(number)) for number in range(IMAGES)]
ALL = PipelineOptions(thresh=0.15, hier=0.3)


@pytest.fixture(autouse=True)
def _tree_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tree").write_text(TREE)
    monkeypatch.chdir(tmp_path)


def outputs(head: str, fork: str) -> tuple[Network, list[torch.Tensor]]:
    net = network(net_section(3, 8, 8) + sections(HEADS[head]), fork)
    with torch.no_grad():
        return net, net(random_input(net, IMAGES))


def same(found: Candidates, expected: Candidates) -> None:
    assert torch.equal(found.image, expected.image)
    torch.testing.assert_close(found.boxes, expected.boxes, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.objectness, expected.objectness, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.scores, expected.scores, rtol=1e-4, atol=1e-5)


def check(net: Network, heads: list[torch.Tensor], options: PipelineOptions, name: str) -> int:
    """How many boxes there are, after all else has been compared."""
    expected = candidates_of(net.graph, heads, PLACEMENTS, options)
    with device_under_test(name) as place:
        there = [place.put(head) for head in heads]
        candidates_of(net.graph, there, PLACEMENTS, options)
        with place.counted() as counted:
            found = candidates_of(net.graph, there, PLACEMENTS, options)
    assert (counted.mixing, counted.uploads) == (0, 0), counted.lines
    assert counted.waits == (2 if len(expected) else 1), counted.lines
    same(found, expected)
    return len(expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("head", HEADS)
def test_the_boxes_of_every_head(head: str, fork: str, name: str) -> None:
    net, heads = outputs(head, fork)
    assert check(net, heads, ALL, name) >= IMAGES


@pytest.mark.parametrize("name", NAMES)
def test_the_classes_of_a_map(name: str) -> None:
    net, heads = outputs("region with a tree", "alexeyab")
    assert check(net, heads, PipelineOptions(thresh=0.01, class_map=(2, 5)), name)


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_found(name: str) -> None:
    net, heads = outputs("two heads", "alexeyab")
    assert check(net, heads, PipelineOptions(thresh=1.0), name) == 0
