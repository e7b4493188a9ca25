"""Layers as operations of program.cpp. To have another kind, add a rule to RULES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.engines.eager import RuleContext
from darknet_py.engines.native import library as native
from darknet_py.engines.native.placement import Alias
from darknet_py.engines.native.winograd import winograd_weights
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.joins import Route
from darknet_py.layers.pointwise import Dropout
from darknet_py.layers.pooling import Maxpool
from darknet_py.layers.resample import Upsample
from darknet_py.layers.shape import Shape
from darknet_py.layers.shortcut import Shortcut

UNBOUNDED = 3.4028234662852886e38
"""The largest float32."""
SMOOTH = {"logistic": native.LOGISTIC, "swish": native.SWISH, "mish": native.MISH}
WIDEST = 4
"""Vectors of a block of outputs."""
STRIP = 96
"""Pixels that a thread takes at once."""
LEAST_TILES, MOST_TILES = 24, 64
WORKING_FLOATS = 192 * 1024
"""Of Winograd's tiles that are worked on: they stay in a core's own cache."""
LEAST_CHANNELS = 16
"""Below, transforming costs more than Winograd's products save."""
TASKS = 4
"""For each thread, so that one that is slower has fewer."""


@dataclass(frozen=True)
class Work:
    """An operation without its places. kind: of program.cpp. numbers: fields of Operation by name.
    weights, biases: kept alive as long as the program. reads: which of the layer's inputs."""

    kind: int
    numbers: Mapping[str, Any] = field(default_factory=dict)
    weights: Tensor | None = None
    biases: Tensor | None = None


@dataclass(frozen=True)
class Joined:
    """The outputs of the layers read, one after the other."""


@dataclass(frozen=True)
class ProgramOptions:
    """threads: that will run it. exact: no Winograd, whose sums round otherwise."""

    threads: int = 1
    exact: bool = False


Rule = Callable[[RuleContext, ProgramOptions], "Work | Joined | Alias | None"]


def _activation(name: str) -> native.Activation | None:
    if name in SMOOTH:
        return native.Activation(SMOOTH[name], 1.0, UNBOUNDED)
    bounds = ACTIVATIONS[name].bounds
    return native.Activation(native.BOUNDED, bounds[0], min(bounds[1], UNBOUNDED)) if bounds else None


def _convolution(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Convolutional)
    activation = _activation(layer.activation)
    if layer.binary or layer.xnor or layer.blur or activation is None:
        return None
    pad = layer.margin * layer.spread
    numbers = {
        "size": layer.size,
        "stride_y": layer.strides[0],
        "stride_x": layer.strides[1],
        "pad_y": pad,
        "pad_x": pad,
        "dilation": layer.spread,
        "groups": layer.split,
        "activation": activation,
    }
    for make in (_depthwise, _winograd, _general):
        work = make(ctx, layer, numbers, options)
        if work:
            return work
    return None


def _depthwise(
    ctx: RuleContext, layer: Convolutional, numbers: Mapping[str, Any], options: ProgramOptions
) -> Work | None:
    if not layer.split == ctx.input.c == layer.filters or layer.spread != 1:
        return None
    kernel = ctx.weights["weights"][:, 0].permute(1, 2, 0).contiguous()
    return Work(native.DEPTHWISE, numbers, kernel, ctx.weights["biases"].contiguous())


def _winograd(
    ctx: RuleContext, layer: Convolutional, numbers: Mapping[str, Any], options: ProgramOptions
) -> Work | None:
    plain = layer.size == 3 and layer.strides == (1, 1) and layer.spread == layer.split == 1  # noqa: PLR2004
    small = min(ctx.input.c, layer.filters) < LEAST_CHANNELS
    if options.exact or not plain or small or min(ctx.node.out[1:]) < 4:  # noqa: PLR2004
        return None
    vectors = block_vectors(layer.filters)
    tiles = -(-ctx.node.out.h // 4) * -(-ctx.node.out.w // 4)
    blocks = -(-layer.filters // (vectors * native.library().lanes()))
    fitting = WORKING_FLOATS // (36 * (ctx.input.c + layer.filters))
    chunk = min(tiles, max(LEAST_TILES, min(MOST_TILES, fitting)))
    parts = _parts(-(-tiles // chunk) * ctx.batch, blocks, options)
    weights = blocked(winograd_weights(ctx.weights["weights"]), vectors)
    biases = blocked_biases(ctx.weights["biases"], 1, vectors)
    return Work(
        native.WINOGRAD, {**numbers, "vectors": vectors, "chunk": chunk, "parts": parts}, weights, biases
    )


def _general(
    ctx: RuleContext, layer: Convolutional, numbers: Mapping[str, Any], options: ProgramOptions
) -> Work:
    outputs = layer.filters // layer.split
    vectors = block_vectors(outputs)
    blocks = layer.split * -(-outputs // (vectors * native.library().lanes()))
    pixels = ctx.node.out.h * ctx.node.out.w
    parts = _parts(-(-pixels // STRIP) * ctx.batch, blocks, options)
    kernel = ctx.weights["weights"]  # (filters, inputs, size, size)
    taps = kernel.flatten(2).unflatten(0, (layer.split, outputs))  # group, output, input, tap
    weights = blocked(taps.permute(0, 3, 2, 1).flatten(1, 2), vectors)
    biases = blocked_biases(ctx.weights["biases"], layer.split, vectors)
    return Work(
        native.CONVOLUTION,
        {**numbers, "vectors": vectors, "chunk": STRIP, "parts": parts},
        weights,
        biases,
    )


def _parts(tasks: int, blocks: int, options: ProgramOptions) -> int:
    """Into how many the outputs are divided, so that there is work for all threads."""
    wanted = TASKS * options.threads if options.threads > 1 else 1
    return max(1, min(blocks, -(-wanted // tasks)))


def block_vectors(outputs: int) -> int:
    """1 to 4 vectors, whichever leaves least of the blocks empty; of those the widest."""
    lanes: int = native.library().lanes()
    return min(
        range(WIDEST, 0, -1), key=lambda count: -(-outputs // (lanes * count)) * count
    )


def blocked(matrices: Tensor, vectors: int) -> Tensor:
    """(n, inputs, outputs) as (n, blocks, inputs, block), zero beyond the outputs."""
    block = vectors * native.library().lanes()
    padded = F.pad(matrices, (0, -matrices.shape[2] % block))
    return padded.unflatten(2, (-1, block)).transpose(1, 2).contiguous()


def blocked_biases(biases: Tensor, groups: int, vectors: int) -> Tensor:
    """(groups * outputs) as (groups, blocks * block)."""
    block = vectors * native.library().lanes()
    rows = biases.view(groups, -1)
    return F.pad(rows, (0, -rows.shape[1] % block)).contiguous()


def _maxpool(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Maxpool)
    if layer.maxpool_depth or layer.blur:
        return None
    near = layer.margin // 2
    stride_y, stride_x = layer.strides
    numbers = {"size": layer.window, "pad_y": near, "pad_x": near}
    return Work(native.MAXPOOL, {**numbers, "stride_y": stride_y, "stride_x": stride_x})


def _upsample(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Upsample)
    if layer.stride < 1:
        return None
    stride = {"stride_y": layer.stride, "stride_x": layer.stride}
    return Work(native.UPSAMPLE, {**stride, "scale": layer.scale})


def _shortcut(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer, shapes = ctx.node.layer, ctx.node.shapes
    assert isinstance(layer, Shortcut)
    activation = _activation(layer.activation)
    factors = (layer.alpha, layer.beta) if ctx.context.fork.layers.shortcut_alpha else (1, 1)
    alike = len(shapes) == 2 and shapes[0] == shapes[1]  # noqa: PLR2004
    if not alike or layer.weights_type != "none" or factors != (1, 1) or activation is None:
        return None
    return Work(native.ADD, {"summand": 1, "activation": activation})


def _route(ctx: RuleContext, options: ProgramOptions) -> Alias | Joined | None:
    layer = ctx.node.layer
    assert isinstance(layer, Route)
    if layer.flat(ctx.context):
        return None
    if len(ctx.node.inputs) == 1:
        return Alias(ctx.node.inputs[0], layer.group_id * ctx.node.out.c if layer.groups > 1 else 0)
    return Joined() if layer.groups == 1 else None


def _same(ctx: RuleContext, options: ProgramOptions) -> Alias:
    return Alias(ctx.node.inputs[0])


RULES: Mapping[type[Layer], Rule] = {
    Convolutional: _convolution,
    Maxpool: _maxpool,
    Upsample: _upsample,
    Shortcut: _shortcut,
    Route: _route,
    Dropout: _same,
}
"""Section kind -> its operation; None: torch computes it."""
