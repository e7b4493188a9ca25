"""Layers as operations of program.cpp. To have another kind, add a rule to RULES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from darknet_py.engines.eager import RuleContext
from darknet_py.engines.eager_winograd import KERNEL, POINTS, SIDE, tile_count
from darknet_py.engines.native import library as native
from darknet_py.engines.native.packing import Packed, PackedWeights, block_of
from darknet_py.engines.native.placement import Alias, Joined
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.joins import Route
from darknet_py.layers.pointwise import Dropout
from darknet_py.layers.pooling import Maxpool
from darknet_py.layers.resample import Upsample
from darknet_py.layers.shortcut import Shortcut
from darknet_py.layers.yolo import Yolo

SMOOTH = {"logistic": native.LOGISTIC, "swish": native.SWISH, "mish": native.MISH}
STRIP, LONG_STRIP = 96, 192
"""Pixels that a thread takes at once; the longer one of few channels, which are soon done."""
FEW_CHANNELS = 64
LEAST_TILES, MOST_TILES = 40, 64
"""Of Winograd's that are worked on at once: few stay in a core's own cache, many share what is read
of the weights."""
WORKING_FLOATS = 192 * 1024
LEAST_CHANNELS = 16
"""Below, transforming costs more than Winograd's products save."""
TASKS = 4
"""For each thread, so that one that is slower has fewer."""


@dataclass(frozen=True)
class Work:
    """An operation without its places.

    kind: of program.cpp. reads: the layers it reads. numbers: fields of Operation by name. packed:
    kept alive as long as the program.
    """

    kind: int
    reads: tuple[int, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    packed: Packed | None = None


@dataclass(frozen=True)
class ProgramOptions:
    """threads: that will run it. exact: no Winograd, whose sums round otherwise. packed: of this
    network's weights."""

    threads: int = 1
    exact: bool = False
    packed: PackedWeights = field(default_factory=PackedWeights)


Planned = Work | Joined | Alias
Rule = Callable[[RuleContext, ProgramOptions], Planned | None]


def activation_of(name: str) -> native.Activation | None:
    """None: program.cpp does not have it."""
    if name in SMOOTH:
        return native.Activation(SMOOTH[name], 1.0, native.UNBOUNDED)
    slope, top = ACTIVATIONS[name].bounds or (None, 0.0)
    if slope is None:
        return None
    return native.Activation(native.BOUNDED, slope, min(top, native.UNBOUNDED))


def _convolution(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Convolutional)
    activation = activation_of(layer.activation)
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
    if layer.split == ctx.input.c == layer.filters and layer.spread == 1:
        return _depthwise(ctx, numbers, options)
    if _by_winograd(ctx, layer, options):
        return _winograd(ctx, layer, numbers, options)
    return _direct(ctx, layer, numbers, options)


def _depthwise(ctx: RuleContext, numbers: Mapping[str, Any], options: ProgramOptions) -> Work:
    packed = options.packed.depthwise(ctx.node.index, *_tensors(ctx))
    return Work(native.DEPTHWISE, ctx.node.inputs, numbers, packed)


def _by_winograd(ctx: RuleContext, layer: Convolutional, options: ProgramOptions) -> bool:
    plain = layer.size == KERNEL and layer.strides == (1, 1) and layer.spread == layer.split == 1
    large = min(ctx.input.c, layer.filters) >= LEAST_CHANNELS and min(ctx.node.out[1:]) >= SIDE
    return plain and large and not options.exact


def _winograd(
    ctx: RuleContext, layer: Convolutional, numbers: Mapping[str, Any], options: ProgramOptions
) -> Work:
    packed = options.packed.winograd(ctx.node.index, *_tensors(ctx))
    tiles = ctx.batch * tile_count(ctx.node.out.h, ctx.node.out.w)
    fitting = WORKING_FLOATS // (POINTS * (ctx.input.c + layer.filters))
    wanted = max(LEAST_TILES, min(MOST_TILES, fitting))
    chunk = -(-tiles // max(1, tiles // wanted))  # all of them about as large
    blocks = -(-layer.filters // block_of(packed.halves))
    divided = parts(-(-tiles // chunk), blocks, options.threads)
    shares = {"halves": packed.halves, "chunk": chunk, "parts": divided}
    return Work(native.WINOGRAD, ctx.node.inputs, {**numbers, **shares}, packed)


def _direct(
    ctx: RuleContext, layer: Convolutional, numbers: Mapping[str, Any], options: ProgramOptions
) -> Work:
    packed = options.packed.direct(ctx.node.index, *_tensors(ctx), layer.split)
    blocks = layer.split * -(-layer.filters // layer.split // block_of(packed.halves))
    strip = LONG_STRIP if ctx.input.c <= FEW_CHANNELS else STRIP
    strips = -(-ctx.node.out.h * ctx.node.out.w // strip)
    divided = parts(strips * ctx.batch, blocks, options.threads)
    shares = {"halves": packed.halves, "chunk": strip, "parts": divided}
    return Work(native.CONVOLUTION, ctx.node.inputs, {**numbers, **shares}, packed)


def _tensors(ctx: RuleContext) -> tuple[Any, Any]:
    return ctx.weights["weights"], ctx.weights["biases"]


def parts(tasks: int, blocks: int, threads: int) -> int:
    """Into how many parts the outputs are divided, so that there is work for all threads."""
    wanted = TASKS * threads if threads > 1 else 1
    return max(1, min(blocks, -(-wanted // tasks)))


def _maxpool(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Maxpool)
    if layer.maxpool_depth or layer.blur or layer.keeps_maxima(ctx.context):
        return None
    near = layer.margin // 2
    numbers = {"size": layer.window, "pad_y": near, "pad_x": near}
    strides = {"stride_y": layer.strides[0], "stride_x": layer.strides[1]}
    return Work(native.MAXPOOL, ctx.node.inputs, {**numbers, **strides})


def _upsample(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer = ctx.node.layer
    assert isinstance(layer, Upsample)
    if layer.stride < 1:
        return None
    strides = {"stride_y": layer.stride, "stride_x": layer.stride}
    return Work(native.UPSAMPLE, ctx.node.inputs, {**strides, "scale": layer.scale})


def _shortcut(ctx: RuleContext, options: ProgramOptions) -> Work | None:
    layer, shapes = ctx.node.layer, ctx.node.shapes
    assert isinstance(layer, Shortcut)
    activation = activation_of(layer.activation)
    factors = (layer.alpha, layer.beta) if ctx.context.fork.layers.shortcut_alpha else (1, 1)
    alike = len(shapes) == len(set(ctx.node.inputs)) == 2 and shapes[0] == shapes[1]  # noqa: PLR2004
    if not alike or layer.weights_type != "none" or factors != (1, 1) or activation is None:
        return None
    return Work(native.ADD, ctx.node.inputs, {"summand": 1, "activation": activation})


def _route(ctx: RuleContext, options: ProgramOptions) -> Alias | Joined | None:
    layer = ctx.node.layer
    assert isinstance(layer, Route)
    if layer.flat(ctx.context):
        return None
    if len(ctx.node.inputs) == 1:
        first = layer.group_id * ctx.node.out.c if layer.groups > 1 else 0
        return Alias(ctx.node.inputs[0], first, whole=layer.groups == 1)
    return Joined(ctx.node.inputs) if layer.groups == 1 else None


def _yolo(ctx: RuleContext, options: ProgramOptions) -> Work:
    layer = ctx.node.layer
    assert isinstance(layer, Yolo)
    by_channel = layer.by_channel(torch.empty(0), ctx.context.fork)
    size = by_channel.size.flatten().float()
    logistic = torch.zeros_like(size) if by_channel.raw else 1 - size
    plain = torch.ones_like(size), torch.zeros_like(size)
    factor, shift = by_channel.stretch or plain
    rows = torch.stack([logistic, factor.flatten(), shift.flatten()])
    return Work(native.BY_CHANNEL, ctx.node.inputs, packed=Packed(rows, rows))


def _dropout(ctx: RuleContext, options: ProgramOptions) -> Alias:
    return Alias(ctx.node.inputs[0], whole=True)


RULES: Mapping[type[Layer], Rule] = {
    Convolutional: _convolution,
    Maxpool: _maxpool,
    Upsample: _upsample,
    Shortcut: _shortcut,
    Route: _route,
    Dropout: _dropout,
    Yolo: _yolo,
}
"""Section kind -> its operation; None: torch computes it."""
