"""Section kinds as layers of ncnn: one function each, in the table WRITERS.

Every blob between them is (C, H, W), as in Darknet. A kind or an option without a function here is
refused by name, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from darknet_py.conversion.ncnn_program import NcnnProgram, Params, raw_bytes, weight_bytes
from darknet_py.errors import DarknetError
from darknet_py.layers.activations import SELU_ALPHA, SELU_SCALE
from darknet_py.layers.base import Layer, LayerContext, Weights
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.dense import Connected
from darknet_py.layers.joins import Implicit, Route, Sam, ScaleChannels
from darknet_py.layers.normalize import BATCHNORM_EPSILON, Batchnorm
from darknet_py.layers.pointwise import Activation, Dropout, Empty, Logistic
from darknet_py.layers.pooling import Avgpool, LocalAvgpool, Maxpool, Pool
from darknet_py.layers.resample import Crop, Reorg, Reorg3d, Upsample
from darknet_py.layers.scores import Softmax
from darknet_py.layers.shape import Shape
from darknet_py.layers.shortcut import Shortcut

ADD, SUBTRACT, MULTIPLY = 0, 1, 2
"""ncnn's numbers of BinaryOp's operations."""
CHANNELS, ROWS, COLUMNS = 0, 1, 2
"""ncnn's numbers of the axes of a blob (C, H, W)."""
MAX, MEAN = 0, 1
EXACT_PADS = 1
"""A pooling layer's mode in which windows lie where the padding says."""
NEAREST = 1


@dataclass(frozen=True)
class LayerSite:
    """A layer of the network where it stands: what it reads as blobs, its tensors, its output."""

    program: NcnnProgram
    layer: Any
    context: LayerContext
    inputs: tuple[str, ...]
    weights: Weights
    out: Shape

    def add(self, kind: str, blob: str, params: Params | None = None, weights: bytes = b"") -> str:
        """A layer with one input."""
        return self.program.add(kind, (blob,), params, weights)

    def scalar(self, operation: int, blob: str, value: float) -> str:
        """Every value of a blob with a number; nothing where that changes nothing."""
        if value == (1 if operation == MULTIPLY else 0):
            return blob
        return self.add("BinaryOp", blob, {0: operation, 1: 1, 2: float(value)})

    def both(self, operation: int, one: str, other: str) -> str:
        """Two blobs value by value; a side of 1 is repeated."""
        return self.program.add("BinaryOp", (one, other), {0: operation})

    def part(self, blob: str, axis: int, start: int, end: int) -> str:
        return self.add("Crop", blob, {9: [start], 10: [end], 11: [axis]})

    def reshaped(self, blob: str, shape: Shape) -> str:
        return self.add("Reshape", blob, {0: shape.w, 1: shape.h, 2: shape.c})

    def refuse(self, what: str, key: str = "") -> NoReturn:
        location = self.layer.location(key)
        raise DarknetError(f"{what} is not written for ncnn; use --format onnx", location)

    def activated(self, blob: str) -> str:
        """By the layer's own activation."""
        name = self.layer.activation
        if name == "linear":
            return blob
        if name not in ACTIVATION_LAYERS:
            self.refuse(f"activation={name}", "activation")
        kind, params = ACTIVATION_LAYERS[name]
        return self.add(kind, blob, params)


ACTIVATION_LAYERS: Mapping[str, tuple[str, Params]] = {
    "logistic": ("Sigmoid", {}),
    "relu": ("ReLU", {}),
    "relu6": ("Clip", {0: 0.0, 1: 6.0}),
    "leaky": ("ReLU", {0: 0.1}),
    "revleaky": ("ReLU", {0: 0.1}),
    "relie": ("ReLU", {0: 0.01}),
    "hardtan": ("Clip", {0: -1.0, 1: 1.0}),
    "elu": ("ELU", {0: 1.0}),
    "selu": ("SELU", {0: SELU_ALPHA, 1: SELU_SCALE}),
    "gelu": ("GELU", {0: 1}),
    "tanh": ("TanH", {}),
    "swish": ("Swish", {}),
    "mish": ("Mish", {}),
}
FUSED: Mapping[str, tuple[int, tuple[float, ...]]] = {
    "relu": (1, ()),
    "leaky": (2, (0.1,)),
    "revleaky": (2, (0.1,)),
    "relie": (2, (0.01,)),
    "relu6": (3, (0.0, 6.0)),
    "hardtan": (3, (-1.0, 1.0)),
    "logistic": (4, ()),
    "mish": (5, ()),
}
"""Activations that ncnn's convolutions and matrices do themselves: its number, its parameters."""


def _fused(name: str) -> dict[int, Any]:
    if name not in FUSED:
        return {}
    number, values = FUSED[name]
    return {9: number} | ({10: values} if values else {})


def _convolution(site: LayerSite) -> str:
    layer: Convolutional = site.layer
    for key in ("xnor", "binary", "antialiasing"):
        if getattr(layer, key):
            site.refuse(f"{key}={getattr(layer, key)}", key)
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
    for key in ("maxpool_depth", "antialiasing"):
        if getattr(site.layer, key):
            site.refuse(f"{key}={getattr(site.layer, key)}", key)
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
    layer: Shortcut = site.layer
    if layer.weights_type != "none":
        site.refuse(f"weights_type={layer.weights_type}", "weights_type")
    if site.context.fork.layers.shortcut_alpha and (layer.alpha, layer.beta) != (1, 1):
        site.refuse(f"alpha={layer.alpha:g} with beta={layer.beta:g}", "alpha")
    blob, into = site.inputs[0], site.context.input
    for other, shape in zip(site.inputs[1:], site.context.inputs[1:], strict=True):
        if shape.c < into.c or shape[1:] != into[1:]:
            site.refuse(f"adding {shape} to {into}", "from")
        added = other if shape.c == into.c else site.part(other, CHANNELS, 0, into.c)
        blob = site.both(ADD, blob, added)
    return site.activated(blob)


def _scaled(site: LayerSite) -> str:
    return site.activated(site.both(MULTIPLY, site.inputs[1], site.inputs[0]))


def _reorg(site: LayerSite) -> str:
    """YOLOv2's: the buffer is taken as an image of stride times the size before it is taken apart."""
    layer: Reorg = site.layer
    for key in ("reverse", "flatten", "extra"):
        if getattr(layer, key):
            site.refuse(f"{key}={getattr(layer, key)}", key)
    into, s = site.context.input, layer.stride
    wide = site.reshaped(site.inputs[0], Shape(into.c // (s * s), into.h * s, into.w * s))
    return site.reshaped(site.add("Reorg", wide, {0: s, 1: 1}), site.out)


def _reorg3d(site: LayerSite) -> str:
    if site.layer.reverse:
        site.refuse(f"reverse={site.layer.reverse}", "reverse")
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
    for key, usual in (("groups", 1), ("tree", None)):
        if getattr(layer, key) != usual:
            site.refuse(f"{key}={getattr(layer, key)}", key)
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
