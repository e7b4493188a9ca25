"""A network's graph as one would write it in PyTorch by hand: what an engine is compared with.

Only what the networks of the GPU's table are made of; no bookkeeping, no option that they lack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.layers.anchor_head import scaled
from darknet_py.layers.base import INPUT, Layer, LayerContext, Weights
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.joins import Route
from darknet_py.layers.pointwise import Dropout
from darknet_py.layers.pooling import Maxpool
from darknet_py.layers.resample import Upsample
from darknet_py.layers.shortcut import Shortcut
from darknet_py.layers.yolo import Yolo
from darknet_py.network.network import Network

Function = Callable[[list[Tensor]], Tensor]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "leaky": lambda x: F.leaky_relu_(x, 0.1),
    "linear": lambda x: x,
    "mish": F.mish,
    "relu": F.relu_,
    "swish": F.silu,
    "logistic": torch.sigmoid,
}


class BareTwin:
    """The network's tensors in plain calls of torch; the heads for x (N, C, H, W)."""

    def __init__(self, network: Network) -> None:
        """network: on its device; with batch normalisation it is trained, folded it is run.

        Raises DarknetError for a layer that is not in the table of this file.
        """
        graph = network.graph
        self.parameters = [tensor for tensor in network.parameters() if tensor.requires_grad]
        self._heads = graph.heads
        self._steps = [
            (step.index, step.inputs, step.release_after, _function(network, step.layer, step))
            for step in graph.steps
        ]

    def __call__(self, x: Tensor) -> list[Tensor]:
        alive, heads = {INPUT: x}, []
        for index, inputs, done, function in self._steps:
            y = alive[index] = function([alive[source] for source in inputs])
            for source in done:
                del alive[source]
            if index in self._heads:
                heads.append(y)
        return heads


def _function(network: Network, layer: Layer, step: Any) -> Function:
    make = FUNCTIONS.get(type(layer))
    if make is None:
        raise DarknetError(f"{layer.location()}: the bare twin knows no [{layer.kind}]")
    return make(layer, step.context, network.used(step.index))


def _convolution(layer: Convolutional, ctx: LayerContext, weights: Weights) -> Function:
    if layer.activation not in ACTIVATIONS or layer.antialiasing or layer.binary or layer.xnor:
        raise DarknetError(f"{layer.location()}: the bare twin has no such convolution")
    kernel, biases, activate = weights["weights"], weights["biases"], ACTIVATIONS[layer.activation]
    how = (layer.strides, layer.margin * layer.spread, layer.spread, layer.split)
    if "scales" not in weights:
        return lambda inputs: activate(F.conv2d(inputs[0], kernel, biases, *how))
    mean, variance, scales = (weights[name] for name in NORMALIZATION)

    def normalized(inputs: list[Tensor]) -> Tensor:
        y = F.conv2d(inputs[0], kernel, None, *how)
        return activate(F.batch_norm(y, mean, variance, scales, biases, training=True))

    return normalized


NORMALIZATION = ("rolling_mean", "rolling_variance", "scales")


def _route(layer: Route, ctx: LayerContext, weights: Weights) -> Function:
    count, group = layer.groups, layer.group_id
    if count > 1:
        return lambda inputs: torch.cat([x.chunk(count, 1)[group] for x in inputs], 1)
    return lambda inputs: inputs[0] if len(inputs) == 1 else torch.cat(inputs, 1)


def _shortcut(layer: Shortcut, ctx: LayerContext, weights: Weights) -> Function:
    activate = ACTIVATIONS[layer.activation]
    return lambda inputs: activate(inputs[0] + inputs[1])


def _pool(layer: Maxpool, ctx: LayerContext, weights: Weights) -> Function:
    left, right, top, bottom = pads = layer.pads(ctx.input, layer.strides)
    if left == right == top == bottom and 2 * left <= layer.window:
        return lambda inputs: F.max_pool2d(inputs[0], layer.window, layer.strides, left)
    lowest = float("-inf")
    return lambda inputs: F.max_pool2d(
        F.pad(inputs[0], pads, value=lowest), layer.window, layer.strides
    )


def _upsample(layer: Upsample, ctx: LayerContext, weights: Weights) -> Function:
    return lambda inputs: F.interpolate(inputs[0], scale_factor=layer.stride)


def _yolo(layer: Yolo, ctx: LayerContext, weights: Weights) -> Function:
    if layer.squares(ctx.fork):
        raise DarknetError(f"{layer.location()}: the bare twin knows no new_coords")
    split, count = [2, 2, layer.entries - 4], len(layer.masks)
    scale = layer.scale(ctx.fork)

    def head(inputs: list[Tensor]) -> Tensor:
        xy, sizes, rest = inputs[0].float().unflatten(1, (count, -1)).split(split, 2)
        xy = scaled(xy.sigmoid(), scale)
        return torch.cat([xy, sizes, rest.sigmoid()], 2).flatten(1, 2)

    return head


FUNCTIONS: dict[type[Layer], Callable[[Any, LayerContext, Weights], Function]] = {
    Convolutional: _convolution,
    Route: _route,
    Shortcut: _shortcut,
    Maxpool: _pool,
    Upsample: _upsample,
    Yolo: _yolo,
    Dropout: lambda layer, ctx, weights: lambda inputs: inputs[0],
}


def training_step(twin: BareTwin, x: Tensor, autocast: torch.dtype | None) -> Callable[[], float]:
    """Forward, a loss that costs nothing, backward, a step of SGD; the loss as a number."""
    optimizer = torch.optim.SGD(twin.parameters, lr=1e-6, momentum=0.9, foreach=True)

    def step() -> float:
        with torch.autocast(x.device.type, autocast, enabled=autocast is not None):
            heads = twin(x)
        loss = _sum_of(heads)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    return step


def _sum_of(heads: Sequence[Tensor]) -> Tensor:
    return torch.stack([head.float().mean() for head in heads]).sum()
