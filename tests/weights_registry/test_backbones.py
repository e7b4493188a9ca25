"""Which published backbone fits a network, by what its first layers hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import Problems
from darknet_py.network.graph import read_graph
from darknet_py.weights_registry.backbones import backbone_for
from darknet_py.weights_registry.shipped import shipped_cfg, shipped_names

FITTING = {
    "yolov2": "darknet19_448.conv.23",
    "yolov3-spp": "darknet53.conv.74",
    "yolov3-tiny": None,
    "yolov4": "yolov4.conv.137",
    "yolov4-csp": "yolov4-csp.conv.142",
    "yolov4-csp-x-mish": "yolov4x-mish.conv.166",
    "yolov4-tiny": "yolov4-tiny.conv.29",
    "yolov4-tiny-3l": "yolov4-tiny.conv.29",
    "yolov7": "yolov7.conv.132",
    "yolov7-tiny": "yolov7-tiny.conv.87",
}


@pytest.mark.parametrize("name", FITTING)
def test_the_backbone_of_a_shipped_network(name: str) -> None:
    path = shipped_cfg(name)
    assert path is not None
    assert backbone_for(read_graph(path, problems=Problems())) == FITTING[name]


def test_other_first_layers_have_none(tmp_path: Path) -> None:
    path = shipped_cfg("yolov4-tiny")
    assert path is not None
    (tmp_path / "n.cfg").write_text(path.read_text().replace("filters=64", "filters=48", 1))
    assert backbone_for(read_graph(tmp_path / "n.cfg", problems=Problems())) is None


def test_names_of_shipped_cfgs_are_no_paths() -> None:
    assert {"yolov4-tiny-3l", "shapes", "darknet19"} <= set(shipped_names())
    assert shipped_cfg("../cfg/shapes") is None and shipped_cfg("nothing") is None
