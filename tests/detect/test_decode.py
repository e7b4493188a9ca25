"""Decoders against loops that visit cells, anchors and classes one by one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from darknet_py.cfg import text
from darknet_py.detect.decode import DECODERS, DecodeOptions, decode, suppression_of
from darknet_py.errors import Problems
from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork
from darknet_py.layers import SECTIONS
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph, build

WIDTH, HEIGHT = 64, 32
Row = tuple[int, float, float, float, float, float, dict[int, float]]


def test_every_head_has_a_decoder() -> None:
    assert set(DECODERS) == {kind for kind in SECTIONS.values() if issubclass(kind, Head)}


def graph_of(head: str, channels: int, fork: Fork = ALEXEYAB, folder: str = ".") -> Graph:
    """An input as large as the head's grid (8 x 4 cells of 8 pixels), one convolution, the head."""
    source = (
        f"[net]\nwidth={WIDTH}\nheight={HEIGHT}\nchannels=1\n"
        f"[conv]\nfilters={channels}\nsize=8\nstride=8\nactivation=linear\n{head}"
    )
    problems = Problems()
    return build(text.parse(source, f"{folder}/t.cfg", problems), fork, problems)


def outputs(channels: int, seed: int = 0, images: int = 2) -> torch.Tensor:
    """What a head's forward gives: values in (0, 1)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(images, channels, 4, 8, generator=generator)


def decode_options(fork: Fork = ALEXEYAB, thresh: float = 0.4, hier: float = 0.5) -> DecodeOptions:
    return DecodeOptions(thresh, hier, WIDTH, HEIGHT, fork)


def found(graph: Graph, output: torch.Tensor, options: DecodeOptions) -> list[Row]:
    result = decode(graph, [output], options)
    rows = []
    for image, box, score, classes in zip(
        result.image, result.boxes, result.objectness, result.scores, strict=True
    ):
        kept = {c: float(p) for c, p in enumerate(classes) if p > 0}
        rows.append((int(image), *map(float, box), float(score), kept))
    return rows


def same(ours: list[Row], expected: list[Row]) -> None:
    assert len(ours) == len(expected) > 0
    for a, b in zip(ours, expected, strict=True):
        assert a[0] == b[0]
        np.testing.assert_allclose(a[1:6], b[1:6], rtol=1e-5, atol=1e-6)
        assert a[6] == pytest.approx(b[6], rel=1e-5)


def cells(output: torch.Tensor, anchors: int) -> list[tuple[int, int, int, int, list[float]]]:
    """(image, row, column, anchor, values) in the order of the C loops."""
    n, channels, h, w = output.shape
    size = channels // anchors
    return [
        (b, j, i, a, output[b, a * size : (a + 1) * size, j, i].tolist())
        for b in range(n)
        for j in range(h)
        for i in range(w)
        for a in range(anchors)
    ]


YOLO = "[yolo]\nclasses=3\nnum=3\nmask=0,2\nanchors=4,6,9,9,20,10\n"
ANCHORS = {0: (4, 6), 1: (20, 10)}


@pytest.mark.parametrize("new_coords", [0, 1])
def test_yolo(new_coords: int) -> None:
    output = outputs(16)
    expected: list[Row] = []
    for b, j, i, a, v in cells(output, 2):
        if not v[4] > 0.4:
            continue
        grow = (
            [(2 * v[2]) ** 2, (2 * v[3]) ** 2] if new_coords else [math.exp(v[2]), math.exp(v[3])]
        )
        w, h = grow[0] * ANCHORS[a][0] / WIDTH, grow[1] * ANCHORS[a][1] / HEIGHT
        scores = {c: v[4] * v[5 + c] for c in range(3) if v[4] * v[5 + c] > 0.4}
        expected.append((b, (i + v[0]) / 8, (j + v[1]) / 4, w, h, v[4], scores))
    graph = graph_of(YOLO + f"new_coords={new_coords}\n", 16)
    same(found(graph, output, decode_options()), expected)


@pytest.mark.parametrize(
    ("point", "shift"), [("center", 0), ("left_top", 0.5), ("right_bottom", -0.5)]
)
def test_gaussian_yolo(point: str, shift: float) -> None:
    output = outputs(24)
    expected: list[Row] = []
    for b, j, i, a, v in cells(output, 2):
        if not v[8] > 0.4:
            continue
        w, h = math.exp(v[4]) * ANCHORS[a][0] / WIDTH, math.exp(v[6]) * ANCHORS[a][1] / HEIGHT
        x, y = (i + v[0]) / 8 + shift * w, (j + v[2]) / 4 + shift * h
        certain = 1 - (v[1] + v[3] + v[5] + v[7]) / 4
        products = {c: v[8] * v[9 + c] * certain for c in range(3)}
        scores = {c: p for c, p in products.items() if p > 0.4}
        expected.append((b, x, y, w, h, v[8], scores))
    graph = graph_of(YOLO.replace("yolo", "Gaussian_yolo") + f"yolo_point={point}\n", 24)
    same(found(graph, output, decode_options()), expected)


REGION = "[region]\nclasses=3\nnum=2\ncoords=4\nsoftmax=1\nanchors=1.5,2,0.5,3\n"
CELL_ANCHORS = {0: (1.5, 2.0), 1: (0.5, 3.0)}


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE], ids=lambda f: f.name)
def test_region(fork: Fork) -> None:
    output = outputs(16)
    locate = logistic if fork is ALEXEYAB else float
    expected: list[Row] = []
    for b, j, i, a, v in cells(output, 2):
        scores = {c: v[4] * v[5 + c] for c in range(3) if v[4] * v[5 + c] > 0.4}
        if not scores:
            continue
        w, h = math.exp(v[2]) * CELL_ANCHORS[a][0] / 8, math.exp(v[3]) * CELL_ANCHORS[a][1] / 4
        objectness = 1.0 if fork is ALEXEYAB else v[4]
        x, y = (i + locate(v[0])) / 8, (j + locate(v[1])) / 4
        expected.append((b, x, y, w, h, objectness, scores))
    same(found(graph_of(REGION, 16, fork), output, decode_options(fork)), expected)


TREE = "animal -1\nthing -1\ncat 0\ndog 0\npug 3\nhusky 3\n"
PARENTS = (-1, -1, 0, 0, 3, 3)


def tree_graph(folder: Path, fork: Fork) -> Graph:
    (folder / "t.tree").write_text(TREE)
    head = "[region]\nclasses=6\nnum=1\ncoords=4\ntree=t.tree\nanchors=1,1\n"
    return graph_of(head, 11, fork, str(folder))


def products(values: list[float]) -> list[float]:
    chain = list(values)
    for node, parent in enumerate(PARENTS):
        if parent >= 0:
            chain[node] *= chain[parent]
    return chain


def test_region_tree_of_alexeyab_takes_the_last_class_over_one_half(tmp_path: Path) -> None:
    output = outputs(11)
    expected = []
    for _, _, _, _, v in cells(output, 1):
        over = [c for c, p in enumerate(products(v[5:])) if p > 0.5]
        if v[4] > 0.4 and over:
            expected.append({over[-1]: products(v[5:])[over[-1]]})
    ours = [
        row[6] for row in found(tree_graph(tmp_path, ALEXEYAB), output, decode_options(hier=0.9))
    ]
    assert len(ours) == len(expected) > 5
    for a, b in zip(ours, expected, strict=True):
        assert a == pytest.approx(b, rel=1e-5)


def descend(chain: list[float], hier: float) -> int:
    """pjreddie's hierarchy_top_prediction, word for word in Python."""
    groups, child = [[0, 1], [2, 3], [4, 5]], {0: 1, 3: 2}
    running, group = 1.0, 0
    while True:
        best = max(groups[group], key=lambda node: chain[node])
        if running * chain[best] > hier:
            running *= chain[best]
            if best not in child:
                return best
            group = child[best]
        elif group == 0:
            return best
        else:
            return PARENTS[groups[group][0]]


@pytest.mark.parametrize("hier", [0.1, 0.5, 0.9])
def test_region_tree_of_pjreddie_descends_with_hier(tmp_path: Path, hier: float) -> None:
    output = outputs(11, seed=3)
    rows = [v for _, _, _, _, v in cells(output, 1) if v[4] > 0.4]
    expected = [(descend(products(v[5:]), hier), v[4]) for v in rows]
    graph = tree_graph(tmp_path, PJREDDIE)
    ours = [
        next(iter(r[6].items())) for r in found(graph, output, decode_options(PJREDDIE, hier=hier))
    ]
    assert [c for c, _ in ours] == [c for c, _ in expected]
    assert [p for _, p in ours] == pytest.approx([p for _, p in expected])


@pytest.mark.parametrize("fork", [ALEXEYAB, PJREDDIE], ids=lambda f: f.name)
def test_region_class_map_picks_columns_of_the_tree(tmp_path: Path, fork: Fork) -> None:
    output = outputs(11)
    options = DecodeOptions(0.2, 0.5, WIDTH, HEIGHT, fork, class_map=(5, 2))
    expected = []
    for _, _, _, _, v in cells(output, 1):
        chosen = [v[4] * products(v[5:])[node] for node in (5, 2)]
        kept = {c: p for c, p in enumerate(chosen) if p > 0.2}
        if kept:
            expected.append(kept)
    ours = [row[6] for row in found(tree_graph(tmp_path, fork), output, options)]
    assert len(ours) == len(expected) > 5
    for a, b in zip(ours, expected, strict=True):
        assert a == pytest.approx(b, rel=1e-5)


def test_region_classfix_drops_objectness_under_one_half() -> None:
    output = outputs(16)
    output[:, 5:8], output[:, 13:16] = 1.0, 1.0
    rows = found(graph_of(REGION + "classfix=-1\n", 16), output, decode_options(thresh=0.1))
    assert len(rows) == sum(1 for *_, v in cells(output, 2) if v[4] >= 0.5)


@pytest.mark.parametrize("sqrt", [0, 1])
def test_detection(sqrt: int) -> None:
    head = (
        f"[connected]\noutput=117\n[detection]\nclasses=3\ncoords=4\nnum=2\nside=3\nsqrt={sqrt}\n"
    )
    graph = graph_of(head, 1)
    output = torch.rand(2, 117, 1, 1, generator=torch.Generator().manual_seed(1))
    expected: list[Row] = []
    for b in range(2):
        v = output[b, :, 0, 0].tolist()
        for cell in range(9):
            for n in range(2):
                p, at = v[27 + cell * 2 + n], 45 + (cell * 2 + n) * 4
                x, y, w, h = v[at : at + 4]
                scores = {c: p * v[cell * 3 + c] for c in range(3) if p * v[cell * 3 + c] > 0.4}
                if scores or p > 0.4:  # the C programs count a box by its objectness in `recall`
                    power = 2 if sqrt else 1
                    box = ((x + cell % 3) / 3, (y + cell // 3) / 3, w**power, h**power)
                    expected.append((b, *box, p, scores))
    same(found(graph, output, decode_options()), expected)


def test_thresholds_are_strict() -> None:
    output = torch.full((1, 16, 4, 8), 0.5)
    graph = graph_of(YOLO, 16)
    assert len(decode(graph, [output], decode_options(thresh=0.5))) == 0
    rows = decode(graph, [output], decode_options(thresh=0.25))
    assert len(rows) == 64 and float(rows.scores.max()) == 0
    assert float(decode(graph, [output], decode_options(thresh=0.24)).scores.min()) == 0.25


@pytest.mark.parametrize(
    ("fork", "heads", "expected"),
    [
        (ALEXEYAB, "nms_kind=greedynms\nbeta_nms=0.7\n", ("greedynms", 0.7)),
        (ALEXEYAB, "", ("default", 0.6)),
        (PJREDDIE, "nms_kind=greedynms\n", ("default", 0.6)),
    ],
    ids=["the cfg's kind", "none written", "pjreddie has one kind"],
)
def test_suppression_is_what_the_last_head_asks_for(
    fork: Fork, heads: str, expected: tuple[str, float]
) -> None:
    chosen = suppression_of(graph_of(YOLO + heads, 16, fork))
    assert (chosen.kind, chosen.beta) == expected
