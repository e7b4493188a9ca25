"""[deconvolutional] against plain loops."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.layer_check import (
    Array,
    check_layer,
    read,
)

from darknet_py.errors import CfgError

EPSILON = 1e-5


def batchnorm(x: Array, w: dict[str, Array]) -> Array:
    def shaped(name: str) -> Array:
        return w[name].astype(float)[None, :, None, None]

    root = np.sqrt(shaped("rolling_variance") + EPSILON)
    return shaped("scales") * (x - shaped("rolling_mean")) / root + shaped("biases")


def biased(x: Array, w: dict[str, Array]) -> Array:
    return x + w["biases"][None, :, None, None]


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


def scatter(x: Array, kernel: Array, stride: int, padding: int) -> Array:
    """Transposed convolution: each input pixel adds its kernel, kernel [in][out][size][size]."""
    n, channels, height, width = x.shape
    _, filters, size, _ = kernel.shape
    big = np.zeros((n, filters, (height - 1) * stride + size, (width - 1) * stride + size))
    for b, c, i, j in np.ndindex(n, channels, height, width):
        rows, columns = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        big[b, :, rows, columns] += float(x[b, c, i, j]) * kernel[c]
    end_h, end_w = big.shape[2] - padding, big.shape[3] - padding
    return big[:, :, padding:end_h, padding:end_w]


@pytest.mark.parametrize("name", ["deconvolutional", "deconv"])
@pytest.mark.parametrize(
    "options, stride, padding",
    [
        ("size=2\nstride=2", 2, 0),
        ("size=3\nstride=2\npad=1", 2, 1),
        ("size=4\nstride=2\npadding=1", 2, 1),
        ("size=3", 1, 0),
        ("", 1, 0),
    ],
)
def test_deconvolution(name: str, options: str, stride: int, padding: int) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return biased(scatter(inputs[0], w["weights"], stride, padding), w)

    section = f"[{name}]\nfilters=3\nactivation=linear\n{options}"
    checked = check_layer(section, (2, 4, 3), expect, gradient=name == "deconv", fork="pjreddie")
    assert checked.weights["weights"].shape[:2] == (2, 3)


def test_deconvolution_with_batch_normalisation() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return leaky(batchnorm(scatter(inputs[0], w["weights"], 2, 0), w))

    section = "[deconv]\nfilters=3\nsize=2\nstride=2\nbatch_normalize=1\nactivation=leaky"
    check_layer(section, (2, 4, 3), expect)


@pytest.mark.parametrize(
    "options, message",
    [
        ("size=1\npadding=2", "nothing is left of the input 2 x 2 x 4 after the padding"),
        ("size=0", "size: read 0, expected at least 1"),
        ("stride=-1", "stride: read -1, expected at least 1"),
        ("filters=0", "filters: read 0, expected at least 1"),
    ],
)
def test_deconvolution_errors(options: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\nchannels=4\nheight=2\nwidth=2\n[deconvolutional]\n{options}\n")
