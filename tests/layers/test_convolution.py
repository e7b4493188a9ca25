"""[convolutional] against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import (
    Array,
    Expect,
    check_layer,
    close,
    network,
    notices_of,
    random_input,
    read,
)

from darknet_py.errors import BadOption, CfgError, ShapeError

EPSILON = 1e-5


def trunc_div(a: int, b: int) -> int:
    return int(a / b)


def convolve(
    x: Array,
    kernel: Array,
    *,
    stride: tuple[int, int] = (1, 1),
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Array:
    """Cross-correlation as Darknet counts it: `padding` before dilation sets the output's size, the
    pixels are read at offset -padding*dilation, and everything outside is 0."""
    n, _, height, width = x.shape
    filters, channels, size, _ = kernel.shape
    out_h = trunc_div(height + 2 * padding - size, stride[0]) + 1
    out_w = trunc_div(width + 2 * padding - size, stride[1]) + 1
    out = np.zeros((n, filters, out_h, out_w))
    for b, f, i, j, u, v in np.ndindex(n, filters, out_h, out_w, size, size):
        y = i * stride[0] - padding * dilation + u * dilation
        z = j * stride[1] - padding * dilation + v * dilation
        if 0 <= y < height and 0 <= z < width:
            first = f // (filters // groups) * channels
            out[b, f, i, j] += (
                x[b, first : first + channels, y, z].astype(float) @ kernel[f, :, u, v]
            )
    return out


def batchnorm(x: Array, w: dict[str, Array]) -> Array:
    def shaped(name: str) -> Array:
        return w[name].astype(float)[None, :, None, None]

    root = np.sqrt(shaped("rolling_variance") + EPSILON)
    return shaped("scales") * (x - shaped("rolling_mean")) / root + shaped("biases")


def biased(x: Array, w: dict[str, Array]) -> Array:
    return x + w["biases"][None, :, None, None]


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


def plain(**geometry: object) -> Expect:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return biased(convolve(inputs[0], w["weights"], **geometry), w)  # type: ignore[arg-type]

    return expect


LINEAR = "[convolutional]\nfilters=4\nactivation=linear\n"

GEOMETRY = [
    ("size=3\npad=1", {"padding": 1}, "pad=1 is half the kernel"),
    ("size=3\npad=7", {"padding": 1}, "pad is a yes or no"),
    ("size=3\npadding=2", {"padding": 2}, "padding is in pixels"),
    ("size=3\npad=1\npadding=2", {"padding": 1}, "pad overrides padding"),
    ("size=3", {}, "no padding unless told"),
    ("", {}, "1x1 unless told"),
    ("size=5\npad=1\nstride=2", {"padding": 2, "stride": (2, 2)}, "stride"),
    ("size=2\npad=1\nstride=2", {"padding": 1, "stride": (2, 2)}, "even kernel"),
    ("size=4\nstride=3\npadding=1", {"padding": 1, "stride": (3, 3)}, "remainders are cut"),
    ("size=1\nstride=2\npad=1", {"stride": (2, 2)}, "pjreddie's CPU code reads wrong pixels here"),
    ("size=1\npadding=1", {"padding": 1}, "likewise"),
    ("size=3\npad=1\nstride_x=2\nstride_y=1", {"padding": 1, "stride": (1, 2)}, "strides per axis"),
    ("size=3\npad=1\nstride=3\nstride_x=2", {"padding": 1, "stride": (3, 2)}, "one axis only"),
    ("size=3\npad=1\nstride=2\nstride_y=0", {"padding": 1, "stride": (2, 2)}, "0 is none written"),
    ("size=3\npad=1\ndilation=2", {"padding": 1, "dilation": 2}, "dilation keeps the size"),
    ("size=3\ndilation=2", {"dilation": 2}, "dilation does not enter the output's size"),
    ("size=3\ndilation=3", {"dilation": 3}, "likewise"),
    (
        "size=3\npadding=2\ndilation=2\nstride_x=3\nstride_y=1",
        {"padding": 2, "dilation": 2, "stride": (1, 3)},
        "strides per axis",
    ),
    ("size=3\npadding=2\ndilation=2", {"padding": 2, "dilation": 2}, "padding is dilated too"),
    ("size=2\npad=1\ndilation=3\nstride=2", {"padding": 1, "dilation": 3, "stride": (2, 2)}, "all"),
    ("size=1\ndilation=4", {}, "no dilation of 1x1"),
]


@pytest.mark.parametrize("options, geometry, reason", GEOMETRY)
def test_geometry(options: str, geometry: dict[str, object], reason: str) -> None:
    checked = check_layer(LINEAR + options, (2, 8, 7), plain(**geometry))
    assert checked.output.shape[1] == 4, reason


@pytest.mark.parametrize("groups, filters", [(2, 4), (4, 4), (4, 8)])
def test_groups(groups: int, filters: int) -> None:
    section = (
        f"[convolutional]\nfilters={filters}\nsize=3\npad=1\ngroups={groups}\nactivation=linear"
    )
    checked = check_layer(section, (4, 5, 4), plain(padding=1, groups=groups), gradient=True)
    assert checked.weights["weights"].shape == (filters, 4 // groups, 3, 3)


@pytest.mark.parametrize("name", ["convolutional", "conv"])
def test_both_names_and_the_default_activation(name: str) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return 1 / (1 + np.exp(-biased(convolve(inputs[0], w["weights"]), w)))

    checked = check_layer(f"[{name}]", (3, 4, 4), expect)
    assert checked.output.shape == (2, 1, 4, 4)


@pytest.mark.parametrize("key", ["batch_normalize", "cbn"])
def test_batch_normalisation(key: str) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return leaky(batchnorm(convolve(inputs[0], w["weights"], padding=1), w))

    section = f"[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n{key}=1"
    check_layer(section, (2, 5, 4), expect, gradient=True)


def test_batch_statistics_in_training() -> None:
    section = "[convolutional]\nfilters=3\nbatch_normalize=1\nactivation=linear"
    checked = check_layer(section, (2, 3, 3))
    net, before = checked.net, {name: array.copy() for name, array in checked.weights.items()}
    y = net.train()(checked.x)[0].detach().numpy()
    full = convolve(checked.inputs[0], before["weights"])
    mean, variance = full.mean(axis=(0, 2, 3)), full.var(axis=(0, 2, 3))
    batch = before | {"rolling_mean": mean, "rolling_variance": variance}
    close(y, batchnorm(full, batch), 1e-5)
    after = {name: tensor.detach().numpy() for name, tensor in net.own(0).items()}
    unbiased = full.var(axis=(0, 2, 3), ddof=1)
    close(after["rolling_mean"], 0.99 * before["rolling_mean"] + 0.01 * mean, 1e-6)
    close(after["rolling_variance"], 0.99 * before["rolling_variance"] + 0.01 * unbiased, 1e-6)


def binarized(kernel: Array) -> Array:
    mean = np.abs(kernel).mean(axis=(1, 2, 3), keepdims=True)
    return np.where(kernel > 0, mean, -mean)


def test_binary_weights() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return biased(convolve(inputs[0], binarized(w["weights"]), padding=1), w)

    check_layer(LINEAR + "size=3\npad=1\nbinary=1", (2, 5, 4), expect)


@pytest.mark.parametrize("normalize", [0, 1])
def test_xnor_binarises_input_and_weights(normalize: int) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        signs = np.where(inputs[0] > 0, 1.0, -1.0)
        full = convolve(signs, binarized(w["weights"]), padding=1)  # padding stays 0
        return batchnorm(full, w) if normalize else biased(full, w)

    options = f"size=3\npad=1\nxnor=1\nbatch_normalize={normalize}"
    check_layer(LINEAR + options, (2, 5, 4), expect)


def test_xnor_turns_grouping_off() -> None:
    checked = check_layer(LINEAR + "size=3\npad=1\nxnor=1\ngroups=2", (4, 3, 3))
    assert checked.weights["weights"].shape == (4, 4, 3, 3)


def test_bin_output_is_noted() -> None:
    checked = check_layer(LINEAR + "xnor=1\nbin_output=1", (2, 3, 3))
    assert any("bin_output: no effect here" in notice for notice in checked.notices)


def blur(x: Array, kind: int, stride: tuple[int, int]) -> Array:
    row = np.array([1.0, 1.0] if kind == 2 else [1.0, 2.0, 1.0])
    kernel = np.outer(row, row) / row.sum() ** 2
    depthwise = np.broadcast_to(kernel, (x.shape[1], 1, *kernel.shape))
    return convolve(x, depthwise, stride=stride, padding=0 if kind == 2 else 1, groups=x.shape[1])


@pytest.mark.parametrize(
    "kind, options, stride",
    [
        (1, "stride=2", (2, 2)),
        (2, "stride=2", (2, 2)),
        (3, "stride=2", (2, 2)),  # any other number as 1
        (1, "stride=1", (1, 1)),
        (2, "stride_x=2\nstride_y=1", (1, 2)),
        (1, "stride_x=1\nstride_y=3", (3, 1)),
    ],
)
def test_antialiasing_convolves_at_stride_1_and_blurs(
    kind: int, options: str, stride: tuple[int, int]
) -> None:
    def full(inputs: list[Array], w: dict[str, Array]) -> Array:
        return leaky(batchnorm(convolve(inputs[0], w["weights"], padding=1), w))

    section = (
        f"[convolutional]\nfilters=3\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n{options}"
    )
    section += f"\nantialiasing={kind}"
    checked = check_layer(section, (2, 7, 6), lambda x, w: blur(full(x, w), kind, stride))
    output_of_c = checked.trace[-1]  # the blurred numbers over the head of the unblurred
    unblurred = full(checked.inputs, checked.weights)
    close(output_of_c, overwritten(unblurred, checked.output), 1e-5)


def overwritten(full: Array, part: Array) -> Array:
    flat = full.reshape(-1).copy()
    flat[: part.size] = part.reshape(-1)
    return flat.reshape(full.shape)


SHARED = """
[convolutional]
filters=4
size=3
pad=1
batch_normalize=1
activation=leaky
"""


@pytest.mark.parametrize("reference", [0, -2])
def test_share_index_uses_another_layers_tensors(reference: int) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return leaky(batchnorm(convolve(inputs[0], w["weights"], padding=2, dilation=1), w))

    section = SHARED.replace("pad=1", "padding=2") + f"share_index={reference}"
    checked = check_layer(section, (4, 5, 5), expect, feed=SHARED + SHARED)
    assert checked.net.graph.stored(2) == []
    assert checked.net.used(2)["weights"] is checked.net.own(0)["weights"]


def test_share_index_in_pjreddies_trident_order() -> None:
    """The stride may differ: only what the kernel holds must agree."""
    section = SHARED.replace("pad=1", "pad=1\nstride=2\ndilation=2") + "share_index=0"
    assert check_layer(section, (4, 6, 6), feed=SHARED).output.shape == (2, 4, 3, 3)


def test_flipped_weights_lie_transposed_in_the_file(tmp_path) -> None:
    net = network("[net]\nchannels=2\nheight=3\nwidth=3\n" + LINEAR + "size=2\nflipped=1")
    net.save_weights(tmp_path / "f.weights")
    floats = np.frombuffer((tmp_path / "f.weights").read_bytes()[20:], "<f4")
    kernel = net.own(0)["weights"].detach().numpy().reshape(4, 8)
    np.testing.assert_array_equal(floats[:4], net.own(0)["biases"].detach().numpy())
    np.testing.assert_array_equal(floats[4:].reshape(8, 4), kernel.T)
    check_layer(LINEAR + "size=2\nflipped=1", (2, 3, 3), plain())


ERRORS = [
    ("filters=0", CfgError, "filters: read 0, expected at least 1"),
    ("size=0", CfgError, "size: read 0, expected at least 1"),
    ("stride=0", CfgError, "stride: read 0, expected at least 1"),
    ("groups=0", CfgError, "groups: read 0, expected at least 1"),
    ("dilation=0", CfgError, "dilation: read 0, expected at least 1"),
    ("padding=-1", BadOption, "padding: read -1, expected at least 0"),
    ("size=9", ShapeError, r"size: a 9x9 kernel does not fit into the input 5 x 6 x 4"),
    (
        "filters=6\ngroups=4",
        ShapeError,
        "groups=4 must divide the 4 input channels and the 6 filters",
    ),
    (
        "filters=6\ngroups=3",
        ShapeError,
        "groups=3 must divide the 4 input channels and the 6 filters",
    ),
    (
        "share_index=-1",
        ShapeError,
        r"share_index: read -1 = layer -1, expected an earlier layer: none",
    ),
    ("share_index=5", ShapeError, "share_index: read 5 = layer 5, expected an earlier layer"),
    ("size=3\nsway=1\nrotate=1", ShapeError, "rotate: only one of sway, rotate may be set"),
    ("stretch=1", ShapeError, "stretch: needs a kernel of size 3 or more"),
    ("activation=", None, "'activation=' has no value; Darknet discards the line"),
]


@pytest.mark.parametrize("options, error, message", ERRORS)
def test_errors(options: str, error: type[CfgError] | None, message: str) -> None:
    cfg = f"[net]\nchannels=4\nheight=6\nwidth=5\n[convolutional]\n{options}\n"
    if error is None:
        assert any(message in notice for notice in notices_of(read(cfg)))
        return
    with pytest.raises(error, match=message) as caught:
        read(cfg)
    assert str(caught.value).startswith("net.cfg:")


@pytest.mark.parametrize(
    "feed, message",
    [
        ("[dropout]", r"layer 0 is \[dropout\], expected a convolution"),
        (
            "[conv]\nfilters=3\nsize=1",
            r"layer 0 are \(3, 4, 1\) \(filters, channels, size\), needs \(4, 3, 1\)",
        ),
        ("[conv]\nfilters=4\nsize=3\npad=1", r"are \(4, 4, 3\) .* needs \(4, 4, 1\)"),
    ],
)
def test_shared_weights_must_fit(feed: str, message: str) -> None:
    cfg = (
        f"[net]\nchannels=4\nheight=6\nwidth=5\n{feed}\n[conv]\nfilters=4\nsize=1\nshare_index=0\n"
    )
    with pytest.raises(ShapeError, match=f"share_index: .*{message}"):
        read(cfg)


@pytest.mark.parametrize(
    "options, message",
    [
        ("dilation=2", "note: [convolutional] dilation: no effect on a 1x1 kernel"),
        ("stream=1", "note: [convolutional] stream: no effect here: CUDA streams"),
        ("wait_stream=1", "note: [convolutional] wait_stream: no effect here: CUDA streams"),
        ("dot=1", "note: [convolutional] dot: no effect here: both forks read it and never use it"),
        ("coordconv=1", "note: [convolutional] coordconv: no effect here: its kernel"),
    ],
)
def test_notes(options: str, message: str) -> None:
    actual = notices_of(read(f"[net]\nchannels=4\nheight=6\nwidth=5\n[convolutional]\n{options}\n"))
    assert any(notice.startswith(message) for notice in actual), actual


def test_operations_as_alexeyab_counts_them() -> None:
    graph = read(
        "[net]\nchannels=4\nheight=6\nwidth=5\n[conv]\nfilters=8\nsize=3\npad=1\ngroups=2\n"
    )
    node = graph.nodes[0]
    assert node.layer.flops(graph.context(0), node.out) == 2 * 8 * 2 * 9 * 6 * 5
    graph = read("[net]\nchannels=4\nheight=6\nwidth=5\n[conv]\nfilters=8\nsize=3\npad=1\nxnor=1\n")
    node = graph.nodes[0]
    assert node.layer.flops(graph.context(0), node.out) == 2 * 8 * 4 * 9 * 6 * 5 / 32
    graph = read("[net]\nchannels=4\nheight=6\nwidth=5\n[deconv]\nfilters=3\nsize=2\nstride=2\n")
    node = graph.nodes[0]
    assert node.layer.flops(graph.context(0), node.out) == 2 * 3 * 4 * 4 * 6 * 5


def test_table_rows() -> None:
    cfg = "[net]\nchannels=4\nheight=9\nwidth=9\n"
    cfg += "[conv]\nfilters=8\nsize=3\nstride_x=2\nstride_y=1\ngroups=2\n"
    cfg += "[conv]\nsize=3\ndilation=2\npad=1\n"
    graph = read(cfg + "[deconv]\nfilters=2\nsize=3\nstride=2\n")
    rows = [node.layer.table_row(graph.context(node.index), node.out) for node in graph.nodes]
    assert rows == [("8/2", "3 x 3/ 2x1"), ("1", "3 x 3/ 1(2)"), ("2", "3 x 3/ 2")]


def test_input_without_a_sign_counts_as_minus_one() -> None:
    net = network("[net]\nchannels=1\nheight=1\nwidth=1\n[conv]\nxnor=1\nactivation=linear\n")
    kernel, bias = net.own(0)["weights"].item(), net.own(0)["biases"].item()
    y = net(torch.zeros(1, 1, 1, 1))[0].item()
    assert y == pytest.approx(bias - kernel)
    assert random_input(net, 3).shape == (3, 1, 1, 1)
