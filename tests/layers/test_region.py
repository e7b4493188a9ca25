"""[region] in both forks' words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.layer_check import Array, Expect, check_layer, notices_of, read

from darknet_py.errors import BadOption, CfgError

FORKS = ["alexeyab", "pjreddie"]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def share(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def region(
    fork: str,
    num: int,
    classes: int,
    *,
    coords: int = 4,
    softmax: bool = False,
    background: bool = False,
    groups: list[list[int]] | None = None,
) -> Expect:
    """Anchor by anchor: [coords][objectness][classes] channels."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        x = inputs[0].astype(float)
        n, _, h, w = x.shape
        out = x.reshape(n, num, coords + 1 + classes, h, w).copy()
        score, names = out[:, :, coords], out[:, :, coords + 1 :]
        if fork == "pjreddie":
            out[:, :, :2] = sigmoid(out[:, :, :2])
            out[:, :, 4:coords] = sigmoid(out[:, :, 4:coords])
        if groups:
            score[...] = sigmoid(score)
            for group in groups:
                names[:, :, group] = share(names[:, :, group], 2)
        elif softmax and background:
            out[:, :, coords:] = share(out[:, :, coords:], 2)
        else:
            if not background:
                score[...] = sigmoid(score)
            if softmax:
                names[...] = share(names, 2)
            elif fork == "pjreddie":
                names[...] = sigmoid(names)
        return out.reshape(x.shape)

    return expect


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("softmax", [0, 1])
@pytest.mark.parametrize("background", [0, 1])
@pytest.mark.parametrize("coords", [4, 6])
def test_region(fork: str, softmax: int, background: int, coords: int) -> None:
    expect = region(fork, 2, 3, coords=coords, softmax=bool(softmax), background=bool(background))
    section = (
        f"[region]\nnum=2\nclasses=3\ncoords={coords}\nsoftmax={softmax}\nbackground={background}"
    )
    section += "\nanchors=1,2,3,4"
    checked = check_layer(section, (2 * (coords + 4), 3, 2), expect, fork=fork, gradient=True)
    assert checked.net.graph.heads == [0]


@pytest.mark.parametrize("fork", FORKS)
def test_region_with_a_tree(fork: str, tmp_path: Path) -> None:
    (tmp_path / "a.tree").write_text("a -1\nb -1\nc 0\nd 0\ne 0\n")
    (tmp_path / "a.map").write_text("4\n0\n")
    section = f"[region]\nnum=2\nclasses=5\nsoftmax=1\ntree={tmp_path}/a.tree\nmap={tmp_path}/a.map"
    checked = check_layer(
        section, (20, 3, 2), region(fork, 2, 5, groups=[[0, 1], [2, 3, 4]]), fork=fork
    )
    assert checked.net.graph.nodes[0].layer.class_map == (4, 0)


def test_region_tree_and_map_must_fit(tmp_path: Path) -> None:
    (tmp_path / "a.tree").write_text("a -1\nb -1\n")
    (tmp_path / "a.map").write_text("1\n2\n")
    for options, channels, message in [
        (f"classes=3\ntree={tmp_path}/a.tree", 8, "tree: the tree has 2 nodes for classes=3"),
        (f"classes=2\nmap={tmp_path}/a.map", 7, "map: the map names class 2, expected 0 to 1"),
        ("classes=2\ntree=none.tree", 7, "none.tree: no such file"),
    ]:
        with pytest.raises(CfgError, match=re.escape(message)):
            read(f"[net]\nchannels={channels}\nheight=2\nwidth=2\n[region]\n{options}\n")


def test_region_collects_one_error_about_a_map(tmp_path: Path) -> None:
    (tmp_path / "a.map").write_text("1\n2\n3\n-1\n")
    cfg = "[net]\nchannels=7\nheight=2\nwidth=2\n[region]\nclasses=2\nanchors=1,2\n"
    cfg += f"map={tmp_path}/a.map\n"
    actual = notices_of(read(cfg, collect=True))
    assert actual == ["error: [region] map: the map names class 2, expected 0 to 1"]


REGION_ERRORS = [
    ("classes=0", CfgError, "classes: read 0, expected at least 1"),
    ("num=0", CfgError, "num: read 0, expected at least 1"),
    ("coords=2", BadOption, "coords: read 2, expected at least 4"),
    ("classes=3", CfgError, "needs num*(classes+coords+1) = 1*(3+4+1) = 8"),
]


@pytest.mark.parametrize("options, error, message", REGION_ERRORS)
def test_region_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(f"[net]\nchannels=7\nheight=2\nwidth=2\n[region]\n{options}\n")


def test_region_notices() -> None:
    cfg = "[net]\nchannels=7\nheight=2\nwidth=2\n[region]\nclasses=2\n"
    cfg += "anchors=1,2,3,4\nabsolute=1\nlog=1\nsqrt=1\n"
    graph = read(cfg)
    assert notices_of(graph) == [
        "note: [region] absolute: no effect here: both forks read it and never use it",
        "note: [region] log: no effect here: both forks read it and never use it",
        "note: [region] sqrt: no effect here: both forks read it and never use it",
        "warning: [region] anchors: 4 numbers, expected 2*num = 2",
    ]
    assert graph.nodes[0].layer.sizes == [(1.0, 2.0)]


def test_region_counts_its_anchors() -> None:
    cfg = "[net]\nchannels=7\nheight=2\nwidth=2\n[region]\nclasses=2\nanchors=1,2,3\n"
    (notice,) = notices_of(read(cfg))
    assert notice.startswith("warning: [region] anchors: 3 numbers, expected 2*num = 2, pairs of")


def test_region_sizes_default_to_one_half() -> None:
    graph = read("[net]\nchannels=28\nheight=2\nwidth=2\n[region]\nclasses=2\nnum=4\n")
    assert graph.nodes[0].layer.sizes == [(0.5, 0.5)] * 4
