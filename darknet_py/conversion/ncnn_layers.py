"""Section kinds as layers of ncnn: one function each, in the table WRITERS.

Every blob between them is (C, H, W), as in Darknet. A kind or an option without a function here is
refused by name, never left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from darknet_py.conversion.ncnn_program import Params, raw_bytes, weight_bytes
from darknet_py.conversion.ncnn_site import (
    ADD,
    CHANNELS,
    COLUMNS,
    FUSED,
    MULTIPLY,
    ROWS,
    SUBTRACT,
    LayerSite,
)
from darknet_py.layers.base import Layer
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.crop import Crop
from darknet_py.layers.dense import Connected
from darknet_py.layers.joins import Implicit, Route, Sam, ScaleChannels
from darknet_py.layers.normalize import BATCHNORM_EPSILON, Batchnorm
from darknet_py.layers.pointwise import Activation, Dropout, Empty, Logistic
from darknet_py.layers.pooling import Avgpool, LocalAvgpool, Maxpool, Pool
from darknet_py.layers.resample import Reorg, Reorg3d, Upsample
from darknet_py.layers.scores import Softmax
from darknet_py.layers.shape import Shape
from darknet_py.layers.shortcut import Shortcut

MAX, MEAN = 0, 1
EXACT_PADS = 1
"""A pooling layer's mode in which windows lie where the padding says."""
NEAREST = 1


def _fused(name: str) -> dict[int, Any]:
    if name not in FUSED:
        return {}
    number, values = FUSED[name]
    return {9: number} | ({10: values} if values else {})


def _convolution(site: LayerSite) -> str:
    layer: Convolutional = site.layer
    site.require(xnor=0, binary=0, antialiasing=0)
    left, right, top, bottom = layer.pads(site.context.input)
    if min(right, bottom) < 0:
        site.refuse(f"dilation={layer.dilation} with this padding", "dilation")
    (stride_y, stride_x), kernel = layer.strides, site.weights["weights"]
    params = {0: layer.filters, 1: layer.size, 2: layer.spread, 3: stride_x, 4: left, 5: 1}
    params |= {6: kernel.numel(), 13: stride_y, 14: top, 15: right, 16: bottom}
    params |= {7: layer.split} if layer.split > 1 else {}
    kind = "Convolution" if layer.split == 1 else "ConvolutionDepthWise"
    data = weight_bytes(kernel, site.weights["biases"])
    blob = site.add(kind, site.inputs[0], params | _fused(layer.activation), data)
    return blob if layer.activation in FUSED else site.activated(blob)


def _connected(site: LayerSite) -> str:
    layer: Connected = site.layer
    matrix = site.weights["weights"]
    params = {0: layer.output, 1: 1, 2: matrix.numel()} | _fused(layer.activation)
    data = weight_bytes(matrix, site.weights["biases"])
    blob = site.add("InnerProduct", site.inputs[0], params, data)
    blob = site.reshaped(blob, site.out)
    return blob if layer.activation in FUSED else site.activated(blob)


def _pooled(site: LayerSite, kind: int) -> str:
    layer: Pool = site.layer
    left, right, top, bottom = layer.pads(site.context.input, layer.strides)
    stride_y, stride_x = layer.strides
    params = {0: kind, 1: layer.window, 2: stride_x, 12: stride_y, 3: left, 13: top}
    params |= {14: right, 15: bottom, 5: EXACT_PADS}
    return site.add("Pooling", site.inputs[0], params)


def _maxpool(site: LayerSite) -> str:
    site.require(maxpool_depth=0, antialiasing=0, maxpool_zero_nonmax=0)
    return _pooled(site, MAX)


def _avgpool(site: LayerSite) -> str:
    # Of its global pooling ncnn makes a row of values, of an adaptive one an image.
    return site.add("Pooling", site.inputs[0], {0: MEAN, 7: 1, 8: 1, 18: 1})


def _upsample(site: LayerSite) -> str:
    layer: Upsample = site.layer
    if layer.stride > 0:
        params: Params = {0: NEAREST, 1: float(layer.stride), 2: float(layer.stride)}
        blob = site.add("Interp", site.inputs[0], params)
        return site.scalar(MULTIPLY, blob, layer.scale)
    side = -layer.stride
    params = {0: MEAN, 1: side, 2: side, 5: EXACT_PADS}
    blob = site.add("Pooling", site.inputs[0], params)
    return site.scalar(MULTIPLY, blob, side**2 * layer.scale)


def _route(site: LayerSite) -> str:
    layer: Route = site.layer
    if layer.flat(site.context):
        site.refuse("joining layers of unlike sizes", "layers")
    parts = site.inputs
    if layer.groups > 1:
        widths = [shape.c // layer.groups for shape in site.context.inputs]
        starts = [layer.group_id * width for width in widths]
        each = zip(site.inputs, starts, widths, strict=True)
        parts = tuple(site.part(blob, CHANNELS, at, at + width) for blob, at, width in each)
    return parts[0] if len(parts) == 1 else site.program.add("Concat", parts, {0: CHANNELS})


def _shortcut(site: LayerSite) -> str:
    site.require(weights_type="none")
    if site.context.fork.layers.shortcut_alpha:
        site.require(alpha=1.0, beta=1.0)
    blob, into = site.inputs[0], site.context.input
    for other, shape in zip(site.inputs[1:], site.context.inputs[1:], strict=True):
        sampled = _sampled(site, other, shape, into)
        blob = site.both(ADD, blob, _with_channels(site, sampled, shape.c, into.c))
    return site.activated(blob)


def _sampled(site: LayerSite, blob: str, has: Shape, wanted: Shape) -> str:
    """pjreddie's rule for a larger image: every so many pixels of it."""
    if has[1:] == wanted[1:]:
        return blob
    stride = has.h // wanted.h
    if (has.h, has.w) != (wanted.h * stride, wanted.w * stride):
        site.refuse(f"adding {has} to {wanted}", "from")
    return site.add("Pooling", blob, {0: MAX, 1: 1, 2: stride, 5: EXACT_PADS})


def _with_channels(site: LayerSite, blob: str, has: int, wanted: int) -> str:
    """The first channels of a blob, zeros behind them where it has fewer."""
    if has < wanted:
        return site.add("Padding", blob, {8: wanted - has})
    return blob if has == wanted else site.part(blob, CHANNELS, 0, wanted)


def _scaled(site: LayerSite) -> str:
    return site.activated(site.both(MULTIPLY, site.inputs[1], site.inputs[0]))


def _reorg(site: LayerSite) -> str:
    """YOLOv2's: the buffer counts as an image of stride times the size when it is taken apart."""
    layer: Reorg = site.layer
    site.require(reverse=0, flatten=0, extra=0)
    into, s = site.context.input, layer.stride
    wide = site.reshaped(site.inputs[0], Shape(into.c // (s * s), into.h * s, into.w * s))
    return site.reshaped(site.add("Reorg", wide, {0: s, 1: 1}), site.out)


def _reorg3d(site: LayerSite) -> str:
    site.require(reverse=0)
    return site.add("Reorg", site.inputs[0], {0: site.layer.stride, 1: 1})


def _crop(site: LayerSite) -> str:
    into, out = site.context.input, site.out
    top, left = (into.h - out.h) // 2, (into.w - out.w) // 2
    blob = site.part(site.inputs[0], ROWS, top, top + out.h)
    blob = site.part(blob, COLUMNS, left, left + out.w)
    if site.layer.noadjust:
        return blob
    return site.scalar(SUBTRACT, site.scalar(MULTIPLY, blob, 2), 1)


def _batchnorm(site: LayerSite) -> str:
    parts = ("scales", "rolling_mean", "rolling_variance", "biases")
    data = b"".join(raw_bytes(site.weights[part]) for part in parts)
    return site.add("BatchNorm", site.inputs[0], {0: site.out.c, 1: BATCHNORM_EPSILON}, data)


def _softmax(site: LayerSite) -> str:
    layer: Softmax = site.layer
    site.require(groups=1, tree=None)
    blob = site.inputs[0]
    if not layer.spatial:
        blob = site.scalar(MULTIPLY, site.reshaped(blob, site.out), 1 / layer.temperature)
    return site.add("Softmax", blob, {0: CHANNELS, 1: 1})


WRITERS: dict[type[Layer], Callable[[LayerSite], str]] = {
    Convolutional: _convolution,
    Connected: _connected,
    Maxpool: _maxpool,
    LocalAvgpool: lambda site: _pooled(site, MEAN),
    Avgpool: _avgpool,
    Upsample: _upsample,
    Route: _route,
    Shortcut: _shortcut,
    Sam: _scaled,
    ScaleChannels: _scaled,
    Implicit: lambda site: site.program.constant(site.weights["weights"][:, :, None]),
    Reorg: _reorg,
    Reorg3d: _reorg3d,
    Crop: _crop,
    Batchnorm: _batchnorm,
    Softmax: _softmax,
    Activation: lambda site: site.activated(site.inputs[0]),
    Logistic: lambda site: site.add("Sigmoid", site.inputs[0]),
    Dropout: lambda site: site.inputs[0],
    Empty: lambda site: site.inputs[0],
}
"""To write a kind for ncnn, add its function. Heads have theirs in conversion.ncnn_heads."""
