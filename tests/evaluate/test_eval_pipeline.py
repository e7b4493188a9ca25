"""`valid2`: an image and its mirror image give the same boxes, mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from darknet_py import Network
from darknet_py.detect.decode import DecodeOptions, decode
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.evaluate.eval_pipeline import (
    MAP_OPTIONS,
    averaged,
    open_pipeline,
    require_mirrorable,
)

NET = """[net]
width=64
height=32
channels=3
[convolutional]
filters={filters}
size=3
stride=8
pad=1
activation=linear
"""
HEADS = {
    "yolo": (16, "[yolo]\nclasses=3\nnum=2\nmask=0,1\nanchors=10,10,20,16\nscale_x_y=1.1\n"),
    "Gaussian_yolo": (24, "[Gaussian_yolo]\nclasses=3\nnum=2\nmask=0,1\nanchors=10,10,20,16\n"),
    "region": (16, "[region]\nclasses=3\nnum=2\ncoords=4\nanchors=1,1,2,1.5\nsoftmax=1\n"),
}


def network(folder: Path, head: str, fork: str) -> Network:
    filters, section = HEADS[head]
    cfg = folder / "n.cfg"
    cfg.write_text(NET.format(filters=filters) + section)
    return Network.from_cfg(cfg, fork=fork, seed=1)


def boxes(net: Network, heads: list[torch.Tensor]) -> torch.Tensor:
    """(K, 4 + classes) boxes and scores, in the order of the cells."""
    found = decode(net.graph, heads, DecodeOptions(0.0, 0.5, 64, 32, net.graph.fork))
    return torch.cat([found.boxes, found.scores], dim=1)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize("head", HEADS)
def test_the_mirror_image_gives_the_mirrored_boxes(tmp_path: Path, head: str, fork: str) -> None:
    net = network(tmp_path, head, fork)
    x = torch.rand(1, 3, 32, 64)
    with torch.no_grad():
        plain, mirrored = net(x), net(x.flip(3))
        one = boxes(net, averaged(net.graph, plain, mirrored))
        other = boxes(net, averaged(net.graph, mirrored, plain))
        alone = boxes(net, plain)
    # Rows go cell by cell, so the mirror image of a row is found by turning the cells round.
    cells = other.reshape(4, 8, 2, -1).flip(1).reshape(one.shape)
    turned = torch.cat([1 - cells[:, :1], cells[:, 1:]], dim=1)
    torch.testing.assert_close(one, turned, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(one, alone, atol=1e-3)


def test_heads_without_mirror_image_are_refused(tmp_path: Path) -> None:
    section = HEADS["Gaussian_yolo"][1] + "yolo_point=left_top\n"
    (tmp_path / "n.cfg").write_text(NET.format(filters=24) + section)
    with pytest.raises(DarknetError, match="yolo_point: valid2 needs boxes given by their centre"):
        require_mirrorable(Network.from_cfg(tmp_path / "n.cfg").graph)
    v1 = "[connected]\noutput=24\n[detection]\nclasses=1\ncoords=4\nside=2\nnum=1\n"
    (tmp_path / "n.cfg").write_text(NET.format(filters=2) + v1)
    with pytest.raises(DarknetError, match=r"not of \[detection\]; use valid"):
        require_mirrorable(Network.from_cfg(tmp_path / "n.cfg").graph)


def test_a_head_without_mirror_image_is_refused_where_one_is_needed(tmp_path: Path) -> None:
    cfg = (
        NET.format(filters=2)
        + "[connected]\noutput=48\n[detection]\ncoords=4\nclasses=2\nside=2\nnum=2\n"
    )
    (tmp_path / "n.cfg").write_text(cfg)
    net = Network.from_cfg(tmp_path / "n.cfg", seed=1)
    assert open_pipeline(net, MAP_OPTIONS, EngineConfig()).engine.graph.heads == net.graph.heads
    with pytest.raises(DarknetError, match=r"not of \[detection\]; use valid"):
        open_pipeline(net, MAP_OPTIONS, EngineConfig(), mirrored=True)
