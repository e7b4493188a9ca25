"""Softmax, cost, contrastive and iseg."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.layer_check import Array, Expect, check_layer, notices_of, read

from darknet_py.errors import BadOption, CfgError

TREE = "animal -1\nthing -1\ncat 0\ndog 0\nhorse 0\ncup 1\npuppy 3\nwolf 3\n"
GROUPS = [[0, 1], [2, 3, 4], [5], [6, 7]]


def exp_share(x: Array) -> Array:
    powers = np.exp(x.astype(float) - x.max())
    return powers / powers.sum()


def grouped(groups: int, temperature: float = 1.0) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        flat = inputs[0].reshape(len(inputs[0]), groups, -1) / temperature
        rows = [[exp_share(chunk) for chunk in row] for row in flat]
        return np.array(rows).reshape(len(flat), -1, 1, 1)

    return expect


@pytest.mark.parametrize("name", ["softmax", "soft"])
@pytest.mark.parametrize(
    "options, expect",
    [
        ("", grouped(1)),
        ("groups=3", grouped(3)),
        ("groups=6\ntemperature=.25", grouped(6, 0.25)),
        ("temperature=7\nnoloss=1", grouped(1, 7)),
    ],
)
def test_softmax(name: str, options: str, expect: Expect) -> None:
    check_layer(f"[{name}]\n{options}", (3, 4, 2), expect, gradient=True)


def test_softmax_spatial_is_over_channels_at_temperature_1() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = np.empty(inputs[0].shape)
        for n, i, j in np.ndindex(2, 3, 2):
            out[n, :, i, j] = exp_share(inputs[0][n, :, i, j])
        return out

    check_layer("[softmax]\nspatial=1\ntemperature=3", (5, 3, 2), expect)


@pytest.fixture
def tree_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.tree"
    path.write_text(TREE)
    return path


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_softmax_of_a_tree_is_over_siblings(tree_file: Path, temperature: float) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = np.empty((len(inputs[0]), 8, 1, 1))
        for n, group in [(n, group) for n in range(len(out)) for group in GROUPS]:
            out[n, group, 0, 0] = exp_share(inputs[0][n, group, 0, 0] / temperature)
        return out

    section = f"[softmax]\ntree={tree_file}\ntemperature={temperature}"
    check_layer(section, (8, 1, 1), expect, gradient=True)


def test_softmax_errors(tree_file: Path) -> None:
    for options, message in [
        ("groups=0", "groups: read 0, expected at least 1"),
        ("groups=5", "groups: groups=5 does not divide the 12 inputs"),
        (f"tree={tree_file}", "tree: the tree has 8 nodes for 12 inputs"),
        ("tree=gone.tree", "gone.tree: no such file"),
    ]:
        with pytest.raises(CfgError, match=re.escape(message)):
            read(f"[net]\ninputs=12\n[softmax]\n{options}\n")


# cost, contrastive, iseg


@pytest.mark.parametrize(
    "options", ["", "type=smooth\nscale=2", "type=masked", "type=L1", "type=seg", "type=wgan"]
)
def test_cost_passes_zeros_on(options: str) -> None:
    checked = check_layer(f"[cost]\n{options}", feed="[conv]\nfilters=4\n")
    assert checked.output.shape == (2, 4, 6, 5) and not checked.output.any()
    assert checked.net.graph.heads == [0]


def test_cost_ratio_does_nothing_in_either_program() -> None:
    (note,) = notices_of(read("[net]\ninputs=4\n[cost]\nratio=.5\n"))
    assert note.startswith("note: [cost] ratio: no effect here: both programs find the limit")


def test_cost_type() -> None:
    with pytest.raises(BadOption, match="type: read 'ssd', expected one of .*did you mean 'sse'"):
        read("[net]\ninputs=4\n[cost]\ntype=ssd\n")


YOLO = "[conv]\nfilters=12\nactivation=linear\n[yolo]\nclasses=7\nanchors=2,3\n[route]\nlayers=0\n"


def test_contrastive_stays_zero() -> None:
    checked = check_layer("[contrastive]\nyolo_layer=1\nclasses=7", feed=YOLO)
    assert checked.output.shape == (2, 12, 6, 5) and not checked.output.any()


@pytest.mark.parametrize(
    "options, message",
    [
        ("temperature=0", "temperature: read 0, expected a number above 0"),
        ("classes=0", "classes: read 0, expected at least 1"),
        ("yolo_layer=-1", "yolo_layer: layer 2 is [route], expected [yolo]"),
        ("yolo_layer=9", "yolo_layer: read 9 = layer 9, expected an earlier layer"),
    ],
)
def test_contrastive_errors(options: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\nchannels=3\nheight=4\nwidth=4\n{YOLO}[contrastive]\n{options}\n")


def test_contrastive_needs_a_cell_for_each_of_the_heads() -> None:
    cfg = f"[net]\nchannels=3\nheight=4\nwidth=4\n{YOLO}[max]\nsize=2\nstride=2\n"
    message = "the layer above has 2 x 2 cells, layer 1 [yolo] has 4 x 4"
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"{cfg}[contrastive]\nyolo_layer=1\n")


def test_contrastive_needs_a_channel_for_each_anchor() -> None:
    head = "[conv]\nfilters=36\n[yolo]\nclasses=7\nnum=3\nanchors=2,3,4,5,6,7\n[conv]\nfilters=2\n"
    message = "the layer above has 2 channels, expected at least one for each of the 3 anchors"
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\nchannels=3\nheight=4\nwidth=4\n{head}[contrastive]\nyolo_layer=1\n")


def test_contrastive_and_its_head_mean_the_same_embeddings() -> None:
    cfg = f"[net]\nchannels=3\nheight=4\nwidth=4\n{YOLO}[contrastive]\nyolo_layer=1\n"
    assert notices_of(read(cfg)) == [
        "warning: [contrastive] yolo_layer: Darknet refuses embeddings of another size than layer "
        "1 [yolo] has by embedding_layer=, which is 0"
    ]
    assert notices_of(read(cfg.replace("anchors=2,3", "anchors=2,3\nembedding_layer=-1"))) == []


def test_contrastive_of_images_has_no_boxes() -> None:
    graph = read("[net]\nchannels=8\nheight=1\nwidth=1\nbatch=4\n[contrastive]\nclasses=7\n")
    layer, context = graph.nodes[0].layer, graph.context(0)
    (line,) = layer.printed(context, graph.nodes[0].out)
    sizes = "   1 x   1 x   1 x emb_size    8 x batch:    4"
    assert line.text == f"contrastive {sizes}  classes =    7, step =    4 \n"


def test_iseg_squashes_the_class_planes_only() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = inputs[0].astype(float)
        out[:, :3] = 1 / (1 + np.exp(-out[:, :3]))
        return out

    check_layer("[iseg]\nclasses=3\nids=4", (7, 3, 2), expect, gradient=True)


def test_iseg_channels_must_fit() -> None:
    message = "the layer above has 6 channels, this head needs classes+ids = 3+4 = 7"
    with pytest.raises(CfgError, match=re.escape(message)):
        read("[net]\nchannels=6\nheight=3\nwidth=3\n[iseg]\nclasses=3\nids=4\n")


def test_no_notices_for_plain_sections() -> None:
    assert notices_of(read("[net]\ninputs=6\n[softmax]\ngroups=2\n[cost]\ntype=sse\n")) == []
