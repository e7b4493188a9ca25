"""Pooling against plain loops."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, close, network, read

from darknet_py.errors import BadOption, CfgError


def windows(x: Array, size: int, stride: tuple[int, int], padding: int) -> list[list[list[Array]]]:
    """[row][column] -> the pixels (N, C, count) of each window that lie inside the image."""
    height, width = x.shape[2:]
    out_h = int((height + padding - size) / stride[0]) + 1
    out_w = int((width + padding - size) / stride[1]) + 1
    start = -(padding // 2)

    def pixels(i: int, j: int) -> Array:
        top, left = start + i * stride[0], start + j * stride[1]
        rows, columns = (
            slice(max(0, top), max(0, top + size)),
            slice(max(0, left), max(0, left + size)),
        )
        return x[:, :, rows, columns].reshape(*x.shape[:2], -1)

    return [[pixels(i, j) for j in range(out_w)] for i in range(out_h)]


def pooled(x: Array, how: str, size: int, stride: tuple[int, int], padding: int) -> Array:
    rows = windows(x, size, stride, padding)
    reduce = np.max if how == "max" else np.mean
    return np.stack([np.stack([reduce(p, axis=2) for p in row], -1) for row in rows], -2)


GEOMETRY = [
    ("size=2\nstride=2", 2, (2, 2), 1, "odd inputs round up: the padding lies right and below"),
    ("size=2\nstride=1", 2, (1, 1), 1, "same size; the last row sees only itself"),
    ("size=3\nstride=2", 3, (2, 2), 2, "windows start at -1"),
    ("size=3\nstride=1\npadding=1", 3, (1, 1), 1, "windows start at 0"),
    ("size=5\nstride=1", 5, (1, 1), 4, "as in SPP"),
    ("size=3\nstride=1\npadding=0", 3, (1, 1), 0, "no padding"),
    ("size=2\nstride=2\npadding=0", 2, (2, 2), 0, "odd inputs round down"),
    ("stride=3", 3, (3, 3), 2, "size is the stride unless given"),
    ("", 1, (1, 1), 0, "nothing happens"),
    ("size=2\nstride=2\nstride_x=1", 2, (2, 1), 1, "strides per axis"),
    ("size=3\nstride_x=2\nstride_y=3", 3, (3, 2), 2, "strides per axis"),
    ("size=2\nstride=1\npadding=3", 2, (1, 1), 3, "more padding than the kernel needs"),
]
KINDS = [("maxpool", "max"), ("local_avgpool", "mean")]


@pytest.mark.parametrize("kind, how", KINDS)
@pytest.mark.parametrize("options, size, stride, padding, reason", GEOMETRY)
def test_geometry(
    kind: str, how: str, options: str, size: int, stride: tuple[int, int], padding: int, reason: str
) -> None:
    if reason.startswith("more padding"):
        padding = 2  # windows wholly outside have no pixels to compare
        options = options.replace("padding=3", "padding=2")
    check_layer(
        f"[{kind}]\n{options}",
        (2, 7, 8),
        lambda x, _: pooled(x[0], how, size, stride, padding),
        gradient=True,
    )


@pytest.mark.parametrize(
    "name, kind", [("max", "maxpool"), ("local_avg", "local_avgpool"), ("avg", "avgpool")]
)
def test_short_names(name: str, kind: str) -> None:
    assert check_layer(f"[{name}]").net.graph.nodes[0].layer.kind == kind


def test_mean_counts_only_pixels_inside() -> None:
    ones = check_layer("[local_avgpool]\nsize=3\nstride=1", (1, 3, 3), net="")
    corner = ones.inputs[0][0, 0, :2, :2].mean()
    assert ones.output[0, 0, 0, 0] == pytest.approx(corner, abs=1e-6)


@pytest.mark.parametrize("channels, out", [(6, 3), (7, 3), (5, 1), (4, 4)])
def test_over_channels(channels: int, out: int) -> None:
    """out[g] is the largest of the channels k with k % out == g, also where they do not divide."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        return np.stack([inputs[0][:, g::out].max(axis=1) for g in range(out)], axis=1)

    section = f"[maxpool]\nmaxpool_depth=1\nout_channels={out}\nsize=2\nstride=2"
    checked = check_layer(section, (channels, 3, 4), expect)
    assert checked.output.shape == (2, out, 3, 4)


def blurred(x: Array, kind: int, stride: tuple[int, int]) -> Array:
    row = np.array([1.0, 1.0] if kind == 2 else [1.0, 2.0, 1.0])
    near = 0 if kind == 2 else 1
    padded = np.pad(x, ((0, 0), (0, 0), (near, near), (near, near)))
    out_h = (padded.shape[2] - len(row)) // stride[0] + 1
    out_w = (padded.shape[3] - len(row)) // stride[1] + 1
    out = np.zeros((*x.shape[:2], out_h, out_w))
    for i, j, u, v in np.ndindex(out_h, out_w, len(row), len(row)):
        weight = row[u] * row[v] / row.sum() ** 2
        out[:, :, i, j] += weight * padded[:, :, i * stride[0] + u, j * stride[1] + v]
    return out


@pytest.mark.parametrize("kind", [1, 2, 5])
@pytest.mark.parametrize(
    "options, size, stride", [("size=2\nstride=2", 2, (2, 2)), ("size=3\nstride_x=2", 3, (1, 2))]
)
def test_antialiasing(kind: int, options: str, size: int, stride: tuple[int, int]) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        return blurred(pooled(inputs[0], "max", size, (1, 1), size - 1), kind, stride)

    checked = check_layer(f"[maxpool]\nantialiasing={kind}\n{options}", (2, 7, 6), expect)
    full = pooled(checked.inputs[0], "max", size, (1, 1), size - 1)
    flat = full.reshape(-1).copy()
    flat[: checked.output.size] = checked.output.reshape(-1)
    close(checked.trace[0], flat.reshape(full.shape), 1e-6)


def test_global_mean() -> None:
    checked = check_layer("[avgpool]", (4, 5, 3), gradient=True)
    expected = checked.inputs[0].astype(float).mean(axis=(2, 3), keepdims=True)
    close(checked.output, expected, 1e-6)


@pytest.mark.parametrize("kind", ["maxpool", "local_avgpool"])
@pytest.mark.parametrize(
    "options, error, message",
    [
        ("stride=0", CfgError, "read 0, expected at least 1"),
        ("stride_x=0\nsize=1", CfgError, "read 0, expected at least 1"),
        ("stride_y=0\nsize=1", CfgError, "read 0, expected at least 1"),
        ("size=-1", CfgError, "size: read -1, expected at least 1"),
        ("padding=-2", BadOption, "padding: read -2, expected at least 0"),
        ("size=7\npadding=2", CfgError, "size: a 7x7 window does not fit into the input 9 x 4 x 2"),
    ],
)
def test_errors(kind: str, options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(f"[net]\nchannels=2\nheight=4\nwidth=9\n[{kind}]\n{options}\n")


def test_depth_needs_channels() -> None:
    with pytest.raises(CfgError, match="out_channels: read 0, expected at least 1"):
        read("[net]\nchannels=2\nheight=4\nwidth=9\n[maxpool]\nmaxpool_depth=1\nout_channels=0\n")


@pytest.mark.parametrize("size", [2, 3, 5])
def test_local_maxima(size: int) -> None:
    """Each value that is the largest of its window stays, with its gradient; others are 0."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        (x,), alone = inputs, np.zeros_like(inputs[0])
        rows = windows(x, size, (1, 1), size - 1)
        for i, j in np.ndindex(*x.shape[2:]):
            largest = (rows[i][j] <= x[:, :, i, j][..., None]).all(axis=2)
            alone[:, :, i, j] = np.where(largest, x[:, :, i, j], 0)
        return alone

    options = f"size={size}\nstride=1\nmaxpool_zero_nonmax=1"
    checked = check_layer(f"[maxpool]\n{options}", (2, 7, 6), expect, gradient=True)
    assert 0 < np.count_nonzero(checked.output) < checked.output.size / 2
    assert checked.notices == []


def test_equal_maxima_all_stay() -> None:
    net = network("[net]\nchannels=1\nheight=4\nwidth=4\n[max]\nsize=3\nmaxpool_zero_nonmax=1\n")
    x = torch.ones(1, 1, 4, 4, requires_grad=True)
    y = net(x)[0]
    y.sum().backward()
    assert x.grad is not None and bool((y == 1).all()) and bool((x.grad == 1).all())


def test_local_maxima_are_blurred_and_alexeyabs() -> None:
    options = "size=3\nstride=2\nantialiasing=1\nmaxpool_zero_nonmax="
    section = f"[maxpool]\n{options}"
    plain = check_layer("[maxpool]\nsize=3\nstride=1\nmaxpool_zero_nonmax=1", (2, 7, 6))
    check_layer(section + "1", (2, 7, 6), lambda x, _: blurred(plain.output, 1, (2, 2)))
    pooled_all = check_layer(section + "0", (2, 7, 6)).output
    pjreddies = check_layer(section + "1", (2, 7, 6), fork="pjreddie")
    close(pjreddies.output, pooled_all, 1e-6)


@pytest.mark.parametrize("options", ["size=2\nstride=2", "size=3\npadding=0", "maxpool_depth=1"])
def test_local_maxima_need_as_many_outputs(options: str) -> None:
    section = f"[maxpool]\n{options}\n"
    checked = check_layer(f"{section}maxpool_zero_nonmax=1", (2, 8, 6))
    (warning,) = checked.notices
    assert warning.startswith("warning: [maxpool] maxpool_zero_nonmax: no effect: it needs stride")
    close(checked.output, check_layer(section, (2, 8, 6)).output, 0)


def test_flops_and_table_rows() -> None:
    cfg = "[net]\nchannels=2\nheight=8\nwidth=8\n[maxpool]\nsize=3\nstride=2\n"
    cfg += (
        "[maxpool]\nmaxpool_depth=1\nout_channels=1\n[local_avg]\nsize=2\nstride_x=2\n[avgpool]\n"
    )
    graph = read(cfg)
    rows = [node.layer.table_row(graph.context(node.index), node.out) for node in graph.nodes]
    assert rows == [("", "3 x 3/ 2"), ("1", "depth"), ("", "2 x 2/ 2x1"), ("", "")]
    assert graph.nodes[0].layer.flops(graph.context(0), graph.nodes[0].out) == 9 * 2 * 4 * 4
