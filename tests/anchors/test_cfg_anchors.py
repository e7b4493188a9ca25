"""Anchors of a cfg: masks by size, and the new cfg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from darknet_py.anchors.cfg_anchors import (
    anchor_text,
    heads_of,
    own_anchors,
    recommended_masks,
    rewritten,
)
from darknet_py.errors import CfgError, DarknetError, Problems
from darknet_py.network.graph import Graph, read_graph

CENTRES = np.array([[10.0, 20.0], [50, 30], [100, 120], [300, 200]])


CFG = """# a comment that stays
[net]
width=64
height=64
channels=3
[convolutional]
filters=4
stride=8
size=1
[convolutional]
filters = 16  \r
size=1
[yolo]
classes=3
num=4
mask = 2,3
anchors = 1,2, 3,4, 5,6, 7,8
[route]
layers=0
[convolutional]
filters=16
size=1
stride=2
[yolo]
classes=3
mask=0,1
num=4
anchors = 1,2, 3,4, 5,6, 7,8
"""


def graph(folder: Path, text: str = CFG) -> Graph:
    (folder / "n.cfg").write_bytes(text.encode())
    return read_graph(folder / "n.cfg", problems=Problems())


def test_masks_go_by_size_and_every_head_gets_some(tmp_path: Path) -> None:
    heads = heads_of(graph(tmp_path))
    assert [(head.index, head.feeders, head.stride) for head in heads] == [
        (2, (1,), 8),
        (5, (4,), 16),
    ]
    sizes = np.array([[10.0, 10], [20, 20], [29, 29], [31, 31], [70, 70]])
    assert recommended_masks(heads, sizes) == [(0, 1, 2), (3, 4)]
    assert recommended_masks(heads[::-1], sizes) == [(3, 4), (0, 1, 2)]
    assert recommended_masks(heads, sizes[:3]) == [(0, 1), (2,)], "all small: shared out evenly"
    with pytest.raises(DarknetError, match="1 anchors are too few for 2 heads"):
        recommended_masks(heads, sizes[:1])


def test_a_new_cfg_changes_four_options_and_nothing_else(tmp_path: Path) -> None:
    old = graph(tmp_path)
    assert own_anchors(old).tolist() == [[5, 6], [7, 8], [1, 2], [3, 4]]
    sizes = np.array([[8.2, 9.6], [20, 21], [100, 33]])
    text = rewritten(old, sizes)
    new = graph(tmp_path, text)
    anchors = ((8.0, 10.0), (20.0, 21.0), (100.0, 33.0))
    heads = [head.layer for head in heads_of(new)]
    assert [tuple(head.sizes) for head in heads] == [anchors[:2], anchors[2:]]
    assert [new.nodes[k].out.c for k in (1, 4)] == [16, 8]
    changed = [(a, b) for a, b in zip(CFG.split("\n"), text.split("\n"), strict=True) if a != b]
    assert [b for _, b in changed] == [
        *("num=3", "mask = 0,1", "anchors = 8, 10,  20, 21, 100, 33"),
        *("filters=8", "mask=2", "num=3", "anchors = 8, 10,  20, 21, 100, 33"),
    ]


def test_options_that_are_not_written_are_added(tmp_path: Path) -> None:
    text = CFG.replace("mask=0,1\n", "").replace("mask = 2,3\n", "")
    text = text.replace("filters = 16  \r", "filters=32").replace("filters=16", "filters=32")
    new = graph(tmp_path, rewritten(graph(tmp_path, text), CENTRES[:3]))
    assert [head.layer.masks for head in heads_of(new)] == [(0,), (1, 2)]


def test_anchors_of_region_are_in_cells(tmp_path: Path) -> None:
    region = CFG[: CFG.index("[yolo]")] + "[region]\nclasses=3\nnum=2\nanchors=1,2, 3,4\n"
    old = graph(tmp_path, region)
    assert own_anchors(old).tolist() == [[8, 16], [24, 32]]
    new = graph(tmp_path, rewritten(old, np.array([[8.0, 4], [12, 12], [60, 60]])))
    assert heads_of(new)[0].layer.sizes == [(1.0, 0.5), (1.5, 1.5), (7.5, 7.5)]
    assert new.nodes[1].out.c == 24
    assert anchor_text(np.array([[1.25, 13]]), 13) == "1.2500,13.0000"
    assert anchor_text(np.array([[1.25, 13], [105.6, 7]]), 416) == "  1, 13, 106,  7"
    assert anchor_text(np.array([[0.4, 13.0]]), 416) == "0.4000,13.0000"


def test_networks_without_such_heads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match=r"has no head with anchors, it ends in \[convolu"):
        heads_of(graph(tmp_path, CFG[: CFG.index("[yolo]")]))
    text = CFG[: CFG.index("[route]")].replace("filters = 16", "filters = 8")
    text = text.replace("[yolo]", "[route]\nlayers=-1,-1\n[yolo]")
    with pytest.raises(CfgError, match=r"which filters= make the channels of \[yolo\]"):
        rewritten(graph(tmp_path, text), CENTRES)
