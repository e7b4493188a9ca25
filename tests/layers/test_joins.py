"""Route, sam, scale_channels and implicit against plain loops."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, close, network, notices_of, read

from darknet_py.errors import BadOption, CfgError


def conv(filters: int, stride: int = 1, size: int = 1) -> str:
    return f"[conv]\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation=linear\n"


FEED = conv(4) + conv(6) + conv(2)


# route


@pytest.mark.parametrize(
    "layers, indices",
    [("-1", [2]), ("0,1,2", [0, 1, 2]), ("-1, -3", [2, 0]), ("1, 1", [1, 1]), ("-2,0", [1, 0])],
)
def test_route_joins_channels_in_the_order_written(layers: str, indices: list[int]) -> None:
    checked = check_layer(f"[route]\nlayers={layers}", feed=FEED, gradient=True)
    assert list(checked.net.graph.nodes[3].inputs) == indices
    np.testing.assert_array_equal(checked.output, np.concatenate(checked.inputs, axis=1))


@pytest.mark.parametrize("group", [0, 1])
def test_route_takes_one_group_of_each_layer(group: int) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        halves = [x[:, group * x.shape[1] // 2 : (group + 1) * x.shape[1] // 2] for x in inputs]
        return np.concatenate(halves, axis=1)

    checked = check_layer(
        f"[route]\nlayers=0,1\ngroups=2\ngroup_id={group}", expect=expect, feed=FEED
    )
    assert checked.output.shape[1] == 5


def test_route_of_unlike_sizes_joins_the_flat_outputs() -> None:
    feed = conv(4) + conv(3, stride=2)
    checked = check_layer("[route]\nlayers=0,1", (3, 6, 4), feed=feed)
    expected = np.concatenate([x.reshape(len(x), -1) for x in checked.inputs], axis=1)
    np.testing.assert_array_equal(checked.output, expected[:, :, None, None])
    message = "joins unlike sizes (layer 0: 4 x 6 x 4, layer 1: 2 x 3 x 3)"
    assert any(message in notice for notice in checked.notices)


def test_route_of_unlike_sizes_by_groups() -> None:
    feed = conv(4) + conv(2, stride=2)
    checked = check_layer("[route]\nlayers=0,1\ngroups=2\ngroup_id=1", (3, 6, 4), feed=feed)
    halves = [x[:, x.shape[1] // 2 :].reshape(len(x), -1) for x in checked.inputs]
    np.testing.assert_array_equal(checked.output[:, :, 0, 0], np.concatenate(halves, axis=1))


ROUTE_ERRORS = [
    ("", BadOption, "[route]: needs layers=, the layers to join"),
    (
        "layers=3",
        CfgError,
        "[route] layers: read 3 = layer 3, expected an earlier layer: 0 to 2 or -1 to -3",
    ),
    ("layers=-1,-4", CfgError, "[route] layers: read -4 = layer -1, expected an earlier layer"),
    ("layers=0\ngroups=0", CfgError, "groups: read 0, expected at least 1"),
    ("layers=0\ngroups=2\ngroup_id=2", BadOption, "group_id: read 2, expected 0 to 1 (groups=2)"),
    ("layers=0\ngroup_id=-1", BadOption, "group_id: read -1, expected at least 0"),
    (
        "layers=0,1\ngroups=4",
        CfgError,
        "groups: groups=4 does not divide the 6 channels of layer 1",
    ),
]


@pytest.mark.parametrize("options, error, message", ROUTE_ERRORS)
def test_route_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(f"[net]\nchannels=3\nheight=4\nwidth=4\n{FEED}[route]\n{options}\n")


def test_route_cannot_be_first() -> None:
    with pytest.raises(
        CfgError, match="read -1 = layer -1, expected an earlier layer: none: this is layer 0"
    ):
        read("[net]\nchannels=3\nheight=4\nwidth=4\n[route]\nlayers=-1\n")


@pytest.mark.parametrize("key", ["stream", "wait_stream"])
def test_route_streams_are_noted(key: str) -> None:
    graph = read(f"[net]\nchannels=3\nheight=4\nwidth=4\n{FEED}[route]\nlayers=0\n{key}=1\n")
    assert any(
        notice.startswith(f"note: [route] {key}: no effect here") for notice in notices_of(graph)
    )


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


# sam, scale_channels, implicit


def test_sam_multiplies() -> None:
    section = "[sam]\nfrom=0\nactivation=leaky"
    checked = check_layer(section, feed=conv(4) + conv(4), gradient=True)
    close(checked.output, leaky(checked.inputs[0] * checked.inputs[1]), 1e-6)


def test_scale_channels_scales_each_channel() -> None:
    feed = conv(4) + "[avgpool]\n"
    checked = check_layer("[scale_channels]\nfrom=-2", feed=feed, gradient=True)
    factor, scaled = checked.inputs
    expected = np.empty(scaled.shape)
    for n, c, i, j in np.ndindex(scaled.shape):
        expected[n, c, i, j] = scaled[n, c, i, j] * factor[n, c, 0, 0]
    close(checked.output, expected, 1e-6)


def test_scale_channels_scales_each_pixel() -> None:
    section = "[scale_channels]\nfrom=0\nscale_wh=1\nactivation=leaky"
    checked = check_layer(section, feed=conv(4) + conv(1))
    factor, scaled = checked.inputs
    expected = np.empty(scaled.shape)
    for n, c, i, j in np.ndindex(scaled.shape):
        expected[n, c, i, j] = scaled[n, c, i, j] * factor[n, 0, i, j]
    close(checked.output, leaky(expected), 1e-6)


SCALING_ERRORS = [
    ("sam", "", "[sam]: needs from=, the layer to scale"),
    ("sam", "from=9", "from: read 9 = layer 9, expected an earlier layer"),
    ("sam", "from=0", "from: layer 0 is 4 x 6 x 4, the previous layer 4 x 6 x 2; both must agree"),
    ("scale_channels", "", "[scale_channels]: needs from=, the layer to scale"),
    (
        "scale_channels",
        "from=0",
        "from: the previous layer is 4 x 6 x 2, expected 1 x 1 x 4 to scale 4 x 6 x 4",
    ),
    (
        "scale_channels",
        "from=0\nscale_wh=1",
        "from: the previous layer is 4 x 6 x 2, expected 4 x 6 x 1 to scale 4 x 6 x 4",
    ),
]


@pytest.mark.parametrize("kind, options, message", SCALING_ERRORS)
def test_scaling_errors(kind: str, options: str, message: str) -> None:
    cfg = f"[net]\nchannels=3\nheight=6\nwidth=4\n{conv(4)}{conv(2)}[{kind}]\n{options}\n"
    with pytest.raises(CfgError, match=re.escape(message)):
        read(cfg)


@pytest.mark.parametrize("kind", ["sam", "scale_channels"])
def test_scaling_cannot_be_first(kind: str) -> None:
    with pytest.raises(CfgError, match="layer 0 has no previous layer to scale by"):
        read(f"[net]\nchannels=3\nheight=6\nwidth=4\n[{kind}]\nfrom=0\n")


def test_implicit_gives_its_numbers_to_every_image() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return np.stack([w["weights"][:, :, None]] * len(inputs[0]))

    checked = check_layer("[implicit]\nfilters=5\natoms=2", expect=expect)
    assert checked.output.shape == (2, 5, 2, 1)
    assert check_layer("[implicit]").output.shape == (2, 128, 1, 1)


@pytest.mark.parametrize("options, low, high", [("", -0.2, 0.2), ("mean=1\nstd=.02", 0.98, 1.02)])
def test_implicit_start(options: str, low: float, high: float) -> None:
    net = network(f"[net]\nchannels=1\nheight=1\nwidth=1\n[implicit]\nfilters=400\n{options}\n")
    net.reset(1)
    values = net.own(0)["weights"].detach()
    assert low <= values.min() and values.max() <= high
    assert float(values.max() - values.min()) > 0.95 * (high - low)
    assert torch.all(values != values.mean())


@pytest.mark.parametrize("options", ["filters=0", "atoms=0"])
def test_implicit_errors(options: str) -> None:
    with pytest.raises(CfgError, match="read 0, expected at least 1"):
        read(f"[net]\nchannels=3\nheight=6\nwidth=4\n[implicit]\n{options}\n")


def test_yolov7s_implicit_pairs() -> None:
    """[implicit] and [scale_channels]: YOLOR's factor for every channel."""
    feed = conv(4) + "[implicit]\nfilters=4\nmean=1\nstd=.02\n[scale_channels]\nfrom=0\n"
    checked = check_layer("[dropout]", feed=feed)
    close(checked.output, checked.trace[0] * checked.trace[1][:, :, :1, :1], 1e-6)


def test_table_rows() -> None:
    cfg = f"[net]\nchannels=3\nheight=6\nwidth=4\n{conv(4)}{conv(4)}"
    cfg += "[route]\nlayers=-1,0\ngroups=2\ngroup_id=1\n[shortcut]\nfrom=0,-2\n"
    cfg += "[sam]\nfrom=3\n[implicit]\nfilters=7\n"
    graph = read(cfg)
    rows = [node.layer.table_row(graph.context(node.index), node.out) for node in graph.nodes[2:]]
    assert rows == [("1 0", "1/2"), ("0 1", ""), ("3", ""), ("7", "1 atoms")]
    assert graph.nodes[3].layer.flops(graph.context(3), graph.nodes[3].out) == 2 * 4 * 6 * 4
