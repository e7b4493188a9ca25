"""[yolo] and [Gaussian_yolo]: what the head's output holds, and the checks of its options."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from support.layer_check import Array, Expect, check_layer, notices_of, read

from darknet_py.errors import BadOption, CfgError
from darknet_py.layers.box_embeddings import TRACKING


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def yolo(masks: int, classes: int, scale: float = 1.0, new_coords: bool = False) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = inputs[0].astype(float)
        entries = 5 + classes
        assert out.shape[1] == masks * entries
        for n, channel, i, j in np.ndindex(out.shape):
            entry = channel % entries
            value = out[n, channel, i, j]
            if entry not in (2, 3) and not new_coords:
                value = sigmoid(value)
            if entry in (0, 1):
                value = value * scale - 0.5 * (scale - 1)
            out[n, channel, i, j] = value
        return out

    return expect


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize(
    "options, masks, classes, scale, new_coords",
    [
        ("classes=1", 1, 1, 1.0, False),
        ("num=3\nclasses=2\nmask=0,2\nanchors=1,2,3,4,5,6", 2, 2, 1.0, False),
        ("num=2\nclasses=2\nscale_x_y=1.2", 2, 2, 1.2, False),
        ("num=2\nclasses=2\nscale_x_y=2\nnew_coords=1", 2, 2, 2.0, True),
        ("num=2\nclasses=3\nnew_coords=1", 2, 3, 1.0, True),
    ],
)
def test_yolo(
    fork: str, options: str, masks: int, classes: int, scale: float, new_coords: bool
) -> None:
    channels = masks * (5 + classes)
    if fork == "pjreddie":  # reads neither option
        scale, new_coords = 1.0, False
    expect = yolo(masks, classes, scale, new_coords)
    checked = check_layer(f"[yolo]\n{options}", (channels, 3, 2), expect, fork=fork, gradient=True)
    assert checked.net.graph.heads == [0]


def test_options_that_pjreddies_program_does_not_read() -> None:
    cfg = head("classes=2\nnum=2\nanchors=1,2,3,4\nscale_x_y=1.2\nnew_coords=1")
    assert notices_of(read(cfg, "pjreddie")) == [
        f"note: [yolo] {key}: no effect: pjreddie's program does not read it"
        for key in ("scale_x_y", "new_coords")
    ]
    assert notices_of(read(cfg)) == []


def gaussian(masks: int, classes: int, scale: float) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = inputs[0].astype(float)
        for n, channel, i, j in np.ndindex(out.shape):
            entry = channel % (9 + classes)
            value = out[n, channel, i, j]
            if entry not in (4, 6):  # the means of width and height stay raw
                value = sigmoid(value)
            if entry in (0, 2):
                value = value * scale - 0.5 * (scale - 1)
            out[n, channel, i, j] = value
        return out

    return expect


@pytest.mark.parametrize("scale", [1.0, 1.1])
def test_gaussian_yolo(scale: float) -> None:
    section = f"[Gaussian_yolo]\nnum=3\nmask=1,2\nclasses=2\nanchors=1,2,3,4,5,6\nscale_x_y={scale}"
    check_layer(section, (22, 3, 2), gaussian(2, 2, scale), gradient=True)


def head(options: str, channels: int = 14, above: str = "[conv]\nfilters=14\n") -> str:
    start = f"[net]\nchannels={channels}\nheight=4\nwidth=4\n{above}"
    return f"{start}[yolo]\nclasses=2\nnum=2\n{options}\n"


def test_sizes_are_those_of_the_mask() -> None:
    graph = read(
        "[net]\nchannels=7\nheight=2\nwidth=2\n[yolo]\nclasses=2\nnum=3\nmask=2\nanchors=1,2,3,4,5,6.5\n"
    )
    layer = graph.nodes[0].layer
    assert (layer.masks, layer.sizes) == ((2,), [(5.0, 6.5)])
    graph = read("[net]\nchannels=14\nheight=2\nwidth=2\n[yolo]\nclasses=2\nnum=2\nanchors=4,3\n")
    assert graph.nodes[0].layer.sizes == [(4.0, 3.0), (0.5, 0.5)]


ERRORS = [
    ("mask=0,2\nanchors=1,2,3,4", BadOption, "mask: read 2, expected 0 to 1 (num=2)"),
    ("mask=-1,0\nanchors=1,2,3,4", BadOption, "mask: read -1, expected 0 to 1 (num=2)"),
    (
        "nms_kind=greedy\nanchors=1,2,3,4",
        BadOption,
        "nms_kind: read 'greedy', expected one of cornersnms",
    ),
    ("iou_loss=cio\nanchors=1,2,3,4", BadOption, "did you mean 'ciou'?"),
    (
        "iou_thresh_kind=mse\nanchors=1,2,3,4",
        BadOption,
        "iou_thresh_kind: read 'mse', expected one of ciou",
    ),
]


@pytest.mark.parametrize("options, error, message", ERRORS)
def test_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(head(options))


@pytest.mark.parametrize("key", ["classes", "num"])
def test_sizes_must_be_positive(key: str) -> None:
    with pytest.raises(CfgError, match=f"{key}: read 0, expected at least 1"):
        read(f"[net]\nchannels=6\nheight=2\nwidth=2\n[yolo]\n{key}=0\n")


@pytest.mark.parametrize(
    "options, message",
    [
        ("anchors=1,2", "anchors: 2 numbers, expected 2*num = 4; missing anchors count as 0.5"),
        ("", "anchors: 0 numbers, expected 2*num = 4; missing anchors count as 0.5"),
        ("anchors=1,2,3,4,5,6", "anchors: 6 numbers, expected 2*num = 4"),
        (
            "anchors=1,2,3",
            "anchors: 3 numbers, expected 2*num = 4, pairs of width and height: "
            "is a comma missing?",
        ),
    ],
)
def test_warnings(options: str, message: str) -> None:
    assert notices_of(read(head(options))) == [f"warning: [yolo] {message}"]


def test_masks_over_num_take_anchors_that_are_written() -> None:
    """Published files have them (cspx-p7-mish); C reads past its array there."""
    graph = read(head("mask=0,2\nanchors=1,2,3,4,5,6"))
    assert graph.nodes[1].layer.sizes == [(1.0, 2.0), (5.0, 6.0)]
    assert notices_of(graph) == [
        "warning: [yolo] mask: read 2, expected 0 to 1 (num=2); "
        "the anchors of that number are used",
        "warning: [yolo] anchors: 6 numbers, expected 2*num = 4",
    ]


def test_odd_anchors_fill_up_with_one_half() -> None:
    assert read(head("anchors=1,2,3")).nodes[1].layer.sizes == [(1.0, 2.0), (3.0, 0.5)]


@pytest.mark.parametrize("key", ["beta1", "uc_normalizer"])
def test_options_without_effect_are_noted(key: str) -> None:
    actual = notices_of(read(head(f"anchors=1,2,3,4\n{key}=1")))
    assert len(actual) == 1 and actual[0].startswith(f"note: [yolo] {key}: no effect here")


@pytest.mark.parametrize("key", TRACKING)
def test_options_of_tracking_are_alexeyabs_and_of_yolo_alone(key: str) -> None:
    text = head(f"anchors=1,2,3,4\n{key}={'0' if key == 'embedding_layer' else '2'}")
    assert notices_of(read(text)) == []
    assert notices_of(read(text, "pjreddie")) == [
        f"note: [yolo] {key}: no effect: pjreddie's program does not read it"
    ]
    (note,) = notices_of(read(text.replace("[yolo]", "[Gaussian_yolo]").replace("=14", "=22")))
    assert note == f"note: [Gaussian_yolo] {key}: no effect here: only [yolo] reads it"


def test_wrong_filters_names_the_line_and_the_cure() -> None:
    message = (
        "[yolo]: the layer above has filters=255, "
        "this head needs masks*(classes+5) = 2*(2+5) = 14; "
        "set filters=14 at line 6"
    )
    with pytest.raises(CfgError, match=re.escape(message)):
        read(head("anchors=1,2,3,4", above="[conv]\nfilters=255\n"))


def test_wrong_filters_of_gaussian_yolo() -> None:
    message = (
        "filters=14, this head needs masks*(classes+9) = 1*(2+9) = 11; set filters=11 at line 6"
    )
    with pytest.raises(CfgError, match=re.escape(message)):
        read(
            "[net]\nchannels=3\nheight=4\nwidth=4\n[conv]\nfilters=14\n[Gaussian_yolo]\nclasses=2\nanchors=1,2\n"
        )


def test_wrong_channels_of_the_input() -> None:
    with pytest.raises(CfgError, match="set filters=25$"):
        read("[net]\nchannels=3\nheight=4\nwidth=4\n[yolo]\nanchors=1,2\n")


def test_wrong_filters_without_a_convolution_above() -> None:
    """A [route] above has no filters= line to set."""
    cfg = "[net]\nchannels=3\nheight=4\nwidth=4\n"
    cfg += "[conv]\nfilters=9\n[route]\nlayers=0\n[yolo]\nanchors=1,2\n"
    with pytest.raises(CfgError) as caught:
        read(cfg)
    assert "the layer above has" in str(caught.value)


def test_yolo_point_of_gaussian() -> None:
    with pytest.raises(
        BadOption, match="yolo_point: read 'middle', expected one of center, left_top"
    ):
        read("[net]\nchannels=30\nheight=4\nwidth=4\n[Gaussian_yolo]\nyolo_point=middle\n")


def test_table_row() -> None:
    graph = read(head("anchors=1,2,3,4"))
    assert graph.nodes[1].layer.table_row(graph.context(1), graph.nodes[1].out) == ("", "2 anchors")
