"""Small convolutions in code of our own, built once with the C++ compiler of this machine.

A call into oneDNN costs about as much as a small convolution itself, and networks for phones are
made of nothing else. kernels.cpp has 1x1 and depthwise convolutions as operators of torch, so that
the compiled form of a network can call them without that cost.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.engines.cache import kept
from darknet_py.engines.compiler import FLAGS, CannotBuild, build, compiler
from darknet_py.engines.eager import RuleContext
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.convolution import Convolutional
from darknet_py.network.execute import Call
from darknet_py.system import instruction_set

SOURCE = Path(__file__).with_name("kernels.cpp")
UNBOUNDED = 3.4028234663852886e38
"""The largest float32: packages hold no infinity."""
LANES = 8
"""Depthwise: as many channels are taken at once, with nothing for a rest."""
MOST_FLOPS = 64e6
MOST_WEIGHTS = 1 << 16
"""Larger 1x1 convolutions are oneDNN's: it divides them to fit the caches."""


@functools.cache
def operators() -> Any:
    """torch.ops.darknet_py with `pointwise` and `depthwise`; raises CannotBuild with the reason."""
    words = (SOURCE.read_bytes(), FLAGS, torch.__version__, instruction_set())
    key = hashlib.sha256(repr(words).encode()).hexdigest()[:32]
    path = kept(key, ".so", _build)
    try:
        torch.ops.load_library(path)
    except OSError as failure:
        raise CannotBuild(f"{path}: {failure}") from None
    torch.library.register_fake("darknet_py::pointwise", _pointwise_shape)
    torch.library.register_fake("darknet_py::depthwise", _depthwise_shape)
    return torch.ops.darknet_py


def _build(path: Path) -> None:
    package = Path(torch.__file__).parent
    include, library = package / "include", package / "lib"
    command = [compiler(), f"-I{include}", f"-L{library}", "-ltorch_cpu", "-lc10"]
    build(command, SOURCE.read_text(), path)


def small_convolution(ctx: RuleContext) -> Call | None:
    """The layer as one of the operators, where they compute it and are quicker than oneDNN."""
    layer = ctx.node.layer
    assert isinstance(layer, Convolutional)
    kernel = ctx.weights["weights"]
    plain = kernel.dtype == torch.float32 and kernel.device.type == "cpu" and not layer.blur
    if not plain or layer.binary or layer.xnor or not ACTIVATIONS[layer.activation].bounds:
        return None
    if layer.split == ctx.input.c == layer.filters and layer.spread == 1:
        return _depthwise(ctx, layer)
    return _pointwise(ctx, layer)


def bounds(activation: str) -> tuple[float, float]:
    """Slope below 0 and highest value, as kernels.cpp takes them."""
    slope, top = ACTIVATIONS[activation].bounds or (1.0, UNBOUNDED)
    return slope, min(top, UNBOUNDED)


def _depthwise(ctx: RuleContext, layer: Convolutional) -> Call | None:
    stride_y, stride_x = layer.strides
    if layer.filters % LANES or stride_y != stride_x or layer.margin >= layer.size:
        return None
    kernel = packed_depthwise(ctx.weights["weights"])
    fixed = (kernel, ctx.weights["biases"], stride_y, layer.margin, *bounds(layer.activation))
    call = operators().depthwise
    return lambda inputs: call(inputs[0], *fixed)


def _pointwise(ctx: RuleContext, layer: Convolutional) -> Call | None:
    flops = 2 * ctx.batch * ctx.node.out.size * ctx.input.c
    if not layer.pointwise or flops > MOST_FLOPS or ctx.input.c * layer.filters > MOST_WEIGHTS:
        return None
    kernel, biases = packed_pointwise(ctx.weights["weights"], ctx.weights["biases"])
    fixed = (kernel, biases, layer.filters, *bounds(layer.activation))
    call = operators().pointwise
    return lambda inputs: call(inputs[0], *fixed)


def block(outputs: int) -> int:
    """How many outputs a block has: 1 to 3 vectors, whichever leaves least of a block empty."""
    width: int = operators().width()
    return width * min((2, 3, 1), key=lambda count: -(-outputs // (width * count)) * count)


def packed_pointwise(kernel: Tensor, biases: Tensor) -> tuple[Tensor, Tensor]:
    """kernel (outputs, inputs, 1, 1) as (blocks, inputs, block), with biases to go with it."""
    outputs, inputs = kernel.shape[:2]
    size = block(outputs)
    missing = -outputs % size
    rows = F.pad(kernel.flatten(1), (0, 0, 0, missing)).view(-1, size, inputs)
    return rows.transpose(1, 2).contiguous(), F.pad(biases, (0, missing))


def packed_depthwise(kernel: Tensor) -> Tensor:
    """kernel (channels, 1, size, size) as (size, size, channels)."""
    return kernel[:, 0].permute(1, 2, 0).contiguous()


def _pointwise_shape(
    x: Tensor, weights: Tensor, biases: Tensor, outputs: int, slope: float, top: float
) -> Tensor:
    return _like(x, outputs, x.shape[2], x.shape[3])


def _depthwise_shape(
    x: Tensor, weights: Tensor, biases: Tensor, stride: int, margin: int, slope: float, top: float
) -> Tensor:
    height, width = ((side + 2 * margin - weights.shape[0]) // stride + 1 for side in x.shape[2:])
    return _like(x, x.shape[1], height, width)


def _like(x: Tensor, channels: int, height: int, width: int) -> Tensor:
    shape = (x.shape[0], channels, height, width)
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
