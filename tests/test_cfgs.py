"""The networks shipped in cfg/ build without a complaint and need the published file sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.errors import Problems
from darknet_py.network.graph import read_graph

ROOT = Path(__file__).parents[1]

# Bytes of the weights file with a 20-byte header: published sizes where a file is published.
SIZES = {
    "darknet19": 83427124,
    "darknet53": 166582580,
    "efficientnet_b0": 19560180,
    "enet-coco": 19233100,
    "resnet50": 91303604,
    "yolov1": 789312992,
    "yolov1-tiny": 108399820,
    "yolov2": 203934264,
    "yolov2-tiny": 44948600,
    "yolov2-tiny-voc": 63471560,
    "yolov2-voc": 202704264,
    "yolov3": 248007048,
    "yolov3-spp": 252209544,
    "yolov3-tiny": 35434956,
    "yolov3-voc": 246714648,
    "yolov4": 257717640,
    "yolov4-csp": 211944840,
    "yolov4-csp-x-mish": 399388168,
    "yolov4-tiny": 24251276,
    "yolov4-tiny-3l": 25336200,
    "yolov4x-mish": 399388168,
    "yolov7": 147898248,
    "yolov7-tiny": 24967560,
}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_a_shipped_cfg_needs_the_published_weights_size(name: str, size: int) -> None:
    problems = Problems()
    graph = read_graph(ROOT / "cfg" / f"{name}.cfg", problems=problems)
    assert 20 + 4 * graph.parameters == size
    assert [str(notice) for notice in problems.notices if notice.level != "note"] == []


def test_every_shipped_cfg_has_its_size_here() -> None:
    ours = {path.stem for path in (ROOT / "cfg").glob("*.cfg")} - {"shapes"}
    assert ours == set(SIZES)


@pytest.mark.parametrize("path", sorted((ROOT / "cfg").glob("*.cfg")), ids=lambda p: p.stem)
def test_a_shipped_cfg_says_what_it_is(path: Path) -> None:
    head = path.read_text().split("[net]")[0]
    assert len([line for line in head.splitlines() if line.startswith("#")]) >= 3


@pytest.mark.parametrize(
    ("data", "classes", "first", "last"),
    [("coco", 80, "person", "toothbrush"), ("voc", 20, "aeroplane", "tvmonitor")],
)
def test_data_files_lead_to_their_names(data: str, classes: int, first: str, last: str) -> None:
    file = read_data_file(ROOT / "cfg" / f"{data}.data")
    names = read_names(ROOT / file.options["names"])
    assert (file.integer("classes", 0), len(names)) == (classes, classes)
    assert (names[0], names[-1]) == (first, last)


def test_yolov3_tiny_keeps_the_masks_of_the_c_forks() -> None:
    graph = read_graph(ROOT / "cfg" / "yolov3-tiny.cfg")
    masks = [graph.nodes[index].layer.masks for index in graph.heads]  # type: ignore[attr-defined]
    assert masks == [(3, 4, 5), (0, 1, 2)]
