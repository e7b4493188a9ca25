"""[batchnorm], [normalization] and [l2norm] against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import Array, Expect, check_layer, close, read

from darknet_py.errors import BadOption
from darknet_py.layers.normalize import fold_batchnorm


def batchnorm(inputs: list[Array], w: dict[str, Array]) -> Array:
    out = np.empty(inputs[0].shape)
    for c in range(out.shape[1]):
        root = np.sqrt(float(w["rolling_variance"][c]) + 1e-5)
        share = (inputs[0][:, c].astype(float) - w["rolling_mean"][c]) / root
        out[:, c] = w["scales"][c] * share + w["biases"][c]
    return out


@pytest.mark.parametrize(
    "fork, stored",
    [
        ("alexeyab", ["biases", "scales", "rolling_mean", "rolling_variance"]),
        ("pjreddie", ["scales", "rolling_mean", "rolling_variance"]),
    ],
)
def test_batchnorm(fork: str, stored: list[str]) -> None:
    checked = check_layer("[batchnorm]", (4, 3, 2), batchnorm, fork=fork, gradient=True)
    in_file = [tensor.name for tensor in checked.net.graph.stored(0) if tensor.in_file]
    assert in_file == stored


def test_batchnorm_moves_its_statistics_in_training() -> None:
    checked = check_layer("[batchnorm]", (3, 4, 4))
    before = {name: array.copy() for name, array in checked.weights.items()}
    y = checked.net.train()(checked.x)[0].detach().numpy()
    x = checked.inputs[0].astype(float)
    mean, variance = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    close(y, batchnorm([x], before | {"rolling_mean": mean, "rolling_variance": variance}), 1e-5)
    after = checked.net.own(0)
    close(after["rolling_mean"].numpy(), 0.99 * before["rolling_mean"] + 0.01 * mean, 1e-6)
    unbiased = x.var(axis=(0, 2, 3), ddof=1)
    close(
        after["rolling_variance"].numpy(), 0.99 * before["rolling_variance"] + 0.01 * unbiased, 1e-6
    )


def test_folding_is_done_in_double() -> None:
    weights = {
        "weights": torch.tensor([[[[3.0]]]]),
        "biases": torch.tensor([0.5]),
        "scales": torch.tensor([2.0]),
        "rolling_mean": torch.tensor([0.25]),
        "rolling_variance": torch.tensor([0.04]),
    }
    kernel, biases = fold_batchnorm(weights)
    factor = 2 / np.sqrt(np.float64(np.float32(0.04)) + 1e-5)
    assert kernel.item() == np.float32(3 * factor)
    assert biases.item() == np.float32(0.5 - 0.25 * factor)


def lrn(size: int = 5, alpha: float = 1e-4, beta: float = 0.75, kappa: float = 1.0) -> Expect:
    """Darknet's sliding window, with the channel it never adds and later takes away."""

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        squared = inputs[0].astype(float) ** 2
        channels = squared.shape[1]
        norms = np.zeros(squared.shape)
        norms[:, 0] = kappa
        for c in range(min(size // 2, channels)):
            norms[:, 0] += alpha * squared[:, c]
        for k in range(1, channels):
            norms[:, k] = norms[:, k - 1]
            leaving, entering = k - (size - 1) // 2 - 1, k + size // 2
            if leaving >= 0:
                norms[:, k] -= alpha * squared[:, leaving]
            if entering < channels:
                norms[:, k] += alpha * squared[:, entering]
        return inputs[0] * norms**-beta

    return expect


@pytest.mark.parametrize("name", ["normalization", "lrn"])
def test_lrn_defaults(name: str) -> None:
    check_layer(f"[{name}]", (9, 3, 2), lrn(), gradient=True)


@pytest.mark.parametrize(
    "size, channels", [(5, 9), (4, 9), (3, 7), (1, 4), (2, 4), (5, 3), (5, 2), (7, 3), (9, 1)]
)
def test_lrn_windows(size: int, channels: int) -> None:
    options = f"size={size}\nalpha=.3\nbeta=.5\nkappa=2"
    check_layer(f"[lrn]\n{options}", (channels, 3, 2), lrn(size, 0.3, 0.5, 2.0))


def test_l2norm_makes_each_pixels_channels_length_1() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = np.empty(inputs[0].shape)
        for n, i, j in np.ndindex(2, 3, 2):
            pixel = inputs[0][n, :, i, j].astype(float)
            out[n, :, i, j] = pixel / np.sqrt((pixel**2).sum())
        return out

    check_layer("[l2norm]", (5, 3, 2), expect, gradient=True)


def test_lrn_size_must_be_positive() -> None:
    with pytest.raises(BadOption, match="size: read 0, expected at least 1"):
        read("[net]\nchannels=2\nheight=2\nwidth=2\n[lrn]\nsize=0\n")


def test_table_row() -> None:
    graph = read("[net]\nchannels=2\nheight=2\nwidth=2\n[lrn]\nsize=3\n")
    assert graph.nodes[0].layer.table_row(graph.context(0), graph.nodes[0].out) == ("", "3")
