"""[local] against plain loops: every place has weights of its own."""

from __future__ import annotations

import numpy as np
import pytest
from support.layer_check import Array, Expect, check_layer, read

from darknet_py.errors import BadOption, CfgError, ShapeError


def reference(size: int, stride: int, pad: int) -> Expect:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        x = inputs[0]
        n, channels, height, width = x.shape
        filters, out_h, out_w = w["biases"].shape
        out = np.tile(w["biases"].astype(float), (n, 1, 1, 1))
        kernels = w["weights"].reshape(out_h * out_w, filters, channels, size, size)
        for b, f, i, j, c, u, v in np.ndindex(n, filters, out_h, out_w, channels, size, size):
            y, z = i * stride - pad + u, j * stride - pad + v
            if 0 <= y < height and 0 <= z < width:
                out[b, f, i, j] += float(x[b, c, y, z]) * kernels[i * out_w + j, f, c, u, v]
        return out

    return expect


@pytest.mark.parametrize(
    "size, stride, pad, shape",
    [
        (3, 1, 0, (3, 5, 4)),
        (3, 2, 0, (3, 3, 2)),
        (3, 1, 1, (3, 7, 6)),
        (3, 2, 1, (3, 4, 3)),
        (5, 1, 1, (3, 7, 6)),  # with padding the kernel's size does not enter
        (2, 3, 1, (3, 3, 2)),
        (1, 1, 0, (3, 7, 6)),
    ],
)
def test_geometry(size: int, stride: int, pad: int, shape: tuple[int, int, int]) -> None:
    section = f"[local]\nfilters=3\nsize={size}\nstride={stride}\npad={pad}\nactivation=linear"
    checked = check_layer(section, (2, 7, 6), reference(size, stride, pad), gradient=size == 3)
    assert checked.output.shape[1:] == shape
    assert checked.weights["weights"].shape == (shape[1] * shape[2], 3, 2 * size * size)


def test_default_activation_is_logistic() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return 1 / (1 + np.exp(-reference(1, 1, 0)(inputs, w)))

    check_layer("[local]", (2, 3, 3), expect)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ("size=0", CfgError, "size: read 0, expected at least 1"),
        ("stride=0", CfgError, "stride: read 0, expected at least 1"),
        ("filters=0", CfgError, "filters: read 0, expected at least 1"),
        ("pad=-1", BadOption, "pad: read -1, expected at least 0"),
        ("size=9", ShapeError, "size: a 9x9 kernel does not fit into the input 8 x 3 x 2"),
    ],
)
def test_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=message):
        read(f"[net]\nchannels=2\nheight=3\nwidth=8\n[local]\n{options}\n")


def test_kernel_must_fit_into_the_shorter_side_too() -> None:
    with pytest.raises(ShapeError, match="a 5x5 kernel does not fit into the input 8 x 3 x 2"):
        read("[net]\nchannels=2\nheight=3\nwidth=8\n[local]\nsize=5\n")


def test_flops_and_table_row() -> None:
    graph = read(
        "[net]\nchannels=2\nheight=6\nwidth=8\n[local]\nsize=3\nstride=2\npad=1\nfilters=4\n"
    )
    node = graph.nodes[0]
    assert node.layer.flops(graph.context(0), node.out) == 2 * 4 * 3 * 4 * 2 * 9
    assert node.layer.table_row(graph.context(0), node.out) == ("4", "3 x 3/ 2")
