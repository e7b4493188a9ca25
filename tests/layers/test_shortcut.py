"""[shortcut] against plain loops."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.layer_check import Array, check_layer, close, network, notices_of, read

from darknet_py.errors import BadOption, CfgError


def conv(filters: int, stride: int = 1, size: int = 1) -> str:
    return f"[conv]\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation=linear\n"


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_shortcut_adds(fork: str) -> None:
    section = "[shortcut]\nfrom=-2\nactivation=leaky"
    checked = check_layer(section, feed=conv(4) + conv(4), fork=fork, gradient=True)
    close(checked.output, leaky(checked.inputs[0] + checked.inputs[1]), 1e-6)


def test_shortcut_default_activation_is_linear() -> None:
    checked = check_layer("[shortcut]\nfrom=0", feed=conv(4) + conv(4))
    close(checked.output, checked.inputs[0] + checked.inputs[1], 1e-6)


def test_shortcut_adds_several() -> None:
    feed = conv(4) * 4
    checked = check_layer("[shortcut]\nfrom=-2,-4, 1", feed=feed, gradient=True)
    assert list(checked.net.graph.nodes[4].inputs) == [3, 2, 0, 1]
    close(checked.output, sum(checked.inputs), 1e-6)


@pytest.mark.parametrize("previous, other", [(4, 6), (6, 4)])
@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_shortcut_of_unlike_channels_adds_the_first_ones(
    previous: int, other: int, fork: str
) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out, added = inputs[0].astype(float), inputs[1]
        shared = min(out.shape[1], added.shape[1])
        out[:, :shared] += added[:, :shared]
        return out

    check_layer("[shortcut]\nfrom=0", expect=expect, feed=conv(other) + conv(previous), fork=fork)


def sampled(inputs: list[Array], alpha: float, beta: float) -> Array:
    """pjreddie's shortcut_cpu, index by index."""
    out, added = inputs[0].astype(float), inputs[1].astype(float)
    (n, c2, h2, w2), (_, c1, h1, w1) = out.shape, added.shape
    stride, sample = max(1, w1 // w2), max(1, w2 // w1)
    for b, k, j, i in np.ndindex(n, min(c1, c2), min(h1, h2), min(w1, w2)):
        index = (b, k, j * sample, i * sample)
        out[index] = alpha * out[index] + beta * added[b, k, j * stride, i * stride]
    return out


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize(
    "feed, reason",
    [
        (conv(4) + conv(6, stride=2), "the layer added is twice as large"),
        (conv(4) + conv(4, stride=3), "three times"),
        (
            conv(4, stride=2)
            + "[upsample]\n"
            + conv(3)
            + "[route]\nlayers=0\n"
            + "[route]\nlayers=2\n",
            "no",
        ),
    ],
)
def test_shortcut_of_unlike_sizes_steps_in_the_larger(feed: str, reason: str, fork: str) -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        return sampled(inputs, 1, 1)

    checked = check_layer(
        "[shortcut]\nfrom=0", (3, 12, 6), expect, feed=feed, fork=fork, gradient=True
    )
    assert any("joins unlike sizes by pjreddie's rule" in notice for notice in checked.notices), (
        reason
    )


@pytest.mark.parametrize(
    "feed, options, expected",
    [
        (conv(4) + conv(4), "alpha=.5", (0.5, 1)),
        (conv(6) + conv(4), "beta=-2", (1, -2)),
        (conv(4) + conv(6), "alpha=.5\nbeta=3", (0.5, 3)),  # channels never visited stay unscaled
        (conv(4) + conv(4, stride=2), "alpha=.5\nbeta=3", (0.5, 3)),
    ],
)
def test_shortcut_factors(feed: str, options: str, expected: tuple[float, float]) -> None:
    def with_factors(inputs: list[Array], _: dict[str, Array]) -> Array:
        return leaky(sampled(inputs, *expected))

    def without(inputs: list[Array], _: dict[str, Array]) -> Array:
        return leaky(sampled(inputs, 1, 1))

    section = f"[shortcut]\nfrom=0\nactivation=leaky\n{options}"
    check_layer(section, (3, 6, 4), with_factors, feed=feed, fork="pjreddie", gradient=True)
    checked = check_layer(section, (3, 6, 4), without, feed=feed, fork="alexeyab")
    assert any("only pjreddie's program reads it" in notice for notice in checked.notices)


def test_shortcut_of_several_layers_with_factors_adds_all_of_them() -> None:
    """The warning under fork=pjreddie says that all are added."""
    section = "[shortcut]\nfrom=0,1\nalpha=.5\nbeta=2"
    checked = check_layer(section, feed=conv(4) * 3, fork="pjreddie")
    close(
        checked.output, 0.5 * checked.inputs[0] + 2 * (checked.inputs[1] + checked.inputs[2]), 1e-6
    )


def normalized(w: Array, how: str) -> Array:
    """w [inputs][channels or 1] -> shares over the inputs."""
    w = w.astype(float)
    if how == "none":
        return w
    parts = np.exp(w - w.max(axis=0)) if how == "softmax" else np.maximum(w, 1e-3)
    return parts / (1e-4 + parts.sum(axis=0))


@pytest.mark.parametrize("how", ["relu", "avg_relu", "softmax", "none"])
@pytest.mark.parametrize("kind", ["per_feature", "per_layer", "per_channel"])
@pytest.mark.parametrize("sources, count", [("0", 2), ("0,-2", 3)])
def test_shortcut_weights(how: str, kind: str, sources: str, count: int) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        factors = normalized(w["weights"], how)
        factors = np.broadcast_to(factors, (count, 4))
        pairs = zip(factors, inputs, strict=True)
        return leaky(sum(f[None, :, None, None] * x for f, x in pairs))

    section = f"[shortcut]\nfrom={sources}\nactivation=leaky\nweights_type={kind}"
    if how != "none":
        section += f"\nweights_normalization={how}"
    feed = conv(4) + conv(4) + conv(4)
    checked = check_layer(section, expect=expect, feed=feed, gradient=how == "softmax")
    assert checked.weights["weights"].shape == (count, 4 if kind == "per_channel" else 1)
    warned = any(
        "wants weights_normalization=relu or softmax" in notice for notice in checked.notices
    )
    assert warned == (how == "none")


def test_shortcut_weights_start_at_1() -> None:
    cfg = f"[net]\nchannels=3\nheight=4\nwidth=4\n{conv(4) * 2}[shortcut]\nfrom=0\n"
    cfg += "weights_type=per_channel\nweights_normalization=relu\n"
    net = network(cfg)
    net.reset(3)
    assert net.own(2)["weights"].detach().tolist() == [[1.0] * 4] * 2


SHORTCUT_ERRORS = [
    (conv(4), "", BadOption, "[shortcut]: needs from=, the layer to add"),
    (
        conv(4),
        "from=1",
        CfgError,
        "from: read 1 = layer 1, expected an earlier layer: 0 to 0 or -1 to -1",
    ),
    (
        conv(4) + conv(4, stride=2),
        "from=0,0",
        CfgError,
        "from: layer 0 is 4 x 6 x 4, the previous layer 2 x 3 x 4; widths and heights must agree",
    ),
    (
        conv(4) + conv(4, stride=2),
        "from=0\nweights_type=per_feature",
        CfgError,
        "from: layer 0 is 4 x 6 x 4, the previous layer 2 x 3 x 4; widths and heights must agree",
    ),
    (
        conv(4) + "[conv]\nsize=3\npadding=0\nstride_x=1\nstride_y=3\n",
        "from=0",
        CfgError,
        "from: layer 0 is 4 x 6 x 4, the previous layer 2 x 2 x 1; widths and heights must agree",
    ),
    (conv(4) * 2, "from=0\nweights_type=per_pixel", BadOption, "did you mean 'per_"),
    (
        conv(4) * 2,
        "from=0\nweights_normalization=max",
        BadOption,
        "expected one of avg_relu, none, relu, softmax",
    ),
]


@pytest.mark.parametrize("feed, options, error, message", SHORTCUT_ERRORS)
def test_shortcut_errors(feed: str, options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read(f"[net]\nchannels=3\nheight=6\nwidth=4\n{feed}[shortcut]\n{options}\n")


def test_shortcut_cannot_be_first() -> None:
    with pytest.raises(CfgError, match="layer 0 has no previous layer to add to"):
        read("[net]\nchannels=3\nheight=4\nwidth=4\n[shortcut]\nfrom=0\n")


def test_shortcut_of_several_layers_is_news_to_pjreddie() -> None:
    cfg = f"[net]\nchannels=3\nheight=4\nwidth=4\n{conv(4) * 3}[shortcut]\nfrom=0,1\n"
    assert any(
        "pjreddie's program adds only the first" in notice
        for notice in notices_of(read(cfg, "pjreddie"))
    )
    assert notices_of(read(cfg)) == []
