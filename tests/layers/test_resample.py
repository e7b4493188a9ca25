"""Upsample, reorg and reorg3d against the index formulas of the semantics text."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from support.layer_check import Array, Expect, check_layer, network, read

from darknet_py.errors import BadOption, CfgError


def upsampled(stride: int, scale: float) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, c, h, w = inputs[0].shape
        out = np.zeros((n, c, h * stride, w * stride))
        for i, j in np.ndindex(h * stride, w * stride):
            out[:, :, i, j] = scale * inputs[0][:, :, i // stride, j // stride]
        return out

    return expect


def shrunk(stride: int, scale: float) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, c, h, w = inputs[0].shape
        out = np.zeros((n, c, h // stride, w // stride))
        for i, j in np.ndindex(h // stride * stride, w // stride * stride):
            out[:, :, i // stride, j // stride] += scale * inputs[0][:, :, i, j]
        return out

    return expect


@pytest.mark.parametrize(
    "options, expect",
    [
        ("", upsampled(2, 1)),
        ("stride=3", upsampled(3, 1)),
        ("stride=2\nscale=.5", upsampled(2, 0.5)),
        ("stride=1\nscale=-2", upsampled(1, -2)),
        ("stride=-2", shrunk(2, 1)),  # sums, not means
        ("stride=-3\nscale=.25", shrunk(3, 0.25)),
    ],
)
def test_upsample(options: str, expect: Expect) -> None:
    check_layer(f"[upsample]\n{options}", (2, 7, 6), expect, gradient=True)


def reorg(stride: int, reverse: bool) -> Expect:
    """out_flat[i + W(j + H k)] = in_flat[(i s + o%s) + W s ((j s + o//s) + H s (k % c0))]."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, channels, h, w = inputs[0].shape
        s, c0 = stride, channels // stride**2
        out = np.zeros((n, channels * h * w))
        for b, k, j, i in np.ndindex(n, channels, h, w):
            o = k // c0
            here = i + w * (j + h * k)
            there = (i * s + o % s) + w * s * ((j * s + o // s) + h * s * (k % c0))
            source, target = (here, there) if reverse else (there, here)
            out[b, target] = inputs[0][b].reshape(-1)[source]
        if reverse:
            return out.reshape(n, channels // s**2, h * s, w * s)
        return out.reshape(n, channels * s**2, h // s, w // s)

    return expect


@pytest.mark.parametrize("channels, stride", [(4, 2), (8, 2), (9, 3), (5, 1)])
@pytest.mark.parametrize("reverse", [0, 1])
def test_reorg(channels: int, stride: int, reverse: int) -> None:
    section = f"[reorg]\nstride={stride}\nreverse={reverse}"
    check_layer(section, (channels, 6, 12), reorg(stride, bool(reverse)), gradient=stride == 3)


def test_reorg_reverse_undoes_reorg() -> None:
    """Read as one flat buffer, as C does."""
    net = network("[net]\nchannels=8\nheight=4\nwidth=6\n[reorg]\nstride=2\n")
    x = torch.arange(192.0).reshape(1, 8, 4, 6)
    there = net(x)[0]
    assert there.shape == (1, 32, 2, 3)
    back = network("[net]\nchannels=8\nheight=4\nwidth=6\n[reorg]\nstride=2\nreverse=1\n")
    assert back(there.reshape(1, 8, 4, 6))[0].reshape(-1).tolist() == x.reshape(-1).tolist()


def flattened(stride: int, reverse: bool) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, c, h, w = inputs[0].shape
        out = np.zeros((n, c * h * w))
        for b, k, p in np.ndindex(n, c, h * w):
            channel, pixel = k * h * w + p, p * c + k
            source, target = (pixel, channel) if reverse else (channel, pixel)
            out[b, target] = inputs[0][b].reshape(-1)[source]
        if reverse:
            return out.reshape(n, c // stride**2, h * stride, w * stride)
        return out.reshape(n, c * stride**2, h // stride, w // stride)

    return expect


@pytest.mark.parametrize("stride, reverse", [(1, 0), (2, 0), (2, 1)])
def test_reorg_flatten(stride: int, reverse: int) -> None:
    section = f"[reorg]\nflatten=1\nstride={stride}\nreverse={reverse}"
    check_layer(section, (4, 4, 6), flattened(stride, bool(reverse)))


def test_reorg_flatten_takes_any_channels() -> None:
    check_layer("[reorg]\nflatten=1\nstride=2", (3, 4, 6), flattened(2, False))


def test_reorg_extra_appends_zeros() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        flat = inputs[0].reshape(len(inputs[0]), -1)
        return np.pad(flat, ((0, 0), (0, 3)))[:, :, None, None]

    check_layer("[reorg]\nstride=1\nextra=3", (2, 3, 3), expect)


@pytest.mark.parametrize("channels, stride", [(3, 2), (2, 3), (5, 1)])
def test_reorg3d_is_space_to_depth(channels: int, stride: int) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, c, h, w = inputs[0].shape
        s = stride
        out = np.zeros((n, c * s * s, h // s, w // s))
        for o, k, j, i in np.ndindex(s * s, c, h // s, w // s):
            out[:, o * c + k, j, i] = inputs[0][:, k, j * s + o // s, i * s + o % s]
        return out

    check_layer(f"[reorg3d]\nstride={stride}", (channels, 6, 12), expect, gradient=True)


@pytest.mark.parametrize("channels, stride", [(16, 2), (48, 2)])
def test_reorg3d_reverse_is_the_shuffle_of_the_c_program(channels: int, stride: int) -> None:
    """reorg_cpu(x, out_w, out_h, out_c, ..., forward=1): not the inverse of the other direction."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        n, channels, h, w = inputs[0].shape
        s, c, h, w = stride, channels // stride**2, h * stride, w * stride
        source, out = inputs[0].reshape(n, -1), np.zeros((n, c * h * w))
        inner = c // (s * s)
        for k, j, i in np.ndindex(c, h, w):
            offset, channel = divmod(k, inner)
            x, y = i * s + offset % s, j * s + offset // s
            out[:, x + w * s * (y + h * s * channel)] = source[:, i + w * (j + h * k)]
        return out.reshape(n, c, h, w)

    section = f"[reorg3d]\nstride={stride}\nreverse=1"
    check_layer(section, (channels, 2, 3), expect, gradient=True)


SHAPES = [
    (
        "upsample",
        "stride=0",
        BadOption,
        "stride: read 0, expected a factor like 2 (or -2 to shrink)",
    ),
    ("upsample", "stride=-9", CfgError, "stride: nothing is left of the input 6 x 8 x 6"),
    ("reorg", "stride=0", CfgError, "stride: read 0, expected at least 1"),
    ("reorg", "stride=3", CfgError, "stride: stride=3 does not divide the input 6 x 8 x 6"),
    (
        "reorg",
        "stride=2",
        CfgError,
        "stride: stride=2 needs channels divisible by 4, got 6 x 8 x 6",
    ),
    (
        "reorg",
        "stride=2\nreverse=1",
        CfgError,
        "stride=2 needs channels divisible by 4, got 6 x 8 x 6",
    ),
    ("reorg", "extra=-1", BadOption, "extra: read -1, expected at least 0"),
    ("reorg3d", "stride=4", CfgError, "stride: stride=4 does not divide the input 6 x 8 x 6"),
    (
        "reorg3d",
        "stride=2\nreverse=1",
        CfgError,
        "stride=2 needs channels divisible by 4, got 6 x 8 x 6",
    ),
    (
        "crop",
        "crop_height=9\ncrop_width=2",
        CfgError,
        "crop_width: 2 x 9 is larger than the input 6 x 8 x 6",
    ),
    ("crop", "crop_height=0", CfgError, "crop_height: read 0, expected at least 1"),
]


@pytest.mark.parametrize("kind, options, error, message", SHAPES)
def test_errors(kind: str, options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(f"[net]\nchannels=6\nheight=8\nwidth=6\n[{kind}]\n{options}\n")


def test_table_rows() -> None:
    cfg = "[net]\nchannels=4\nheight=8\nwidth=8\n[upsample]\n"
    cfg += "[upsample]\nstride=-2\n[reorg3d]\nstride=2\n"
    graph = read(cfg)
    rows = [node.layer.table_row(graph.context(node.index), node.out) for node in graph.nodes]
    assert rows == [("", "2x"), ("", "1/2x"), ("", "/ 2")]
