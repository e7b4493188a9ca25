"""A network as a list of calls in which all is decided beforehand: the fastest without compiling.

On a processor oneDNN does the convolutions. Asked by F.conv2d it reorders the weights at each call;
here they are kept in the order it wants for this input, and the activation is done in the same
pass. What has no rule in RULES runs as its layer says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.engines.devices import computes
from darknet_py.engines.eager_winograd import (
    KERNEL,
    WinogradConvolution,
    at_points,
    pays,
    tile_count,
)
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import Layer, LayerContext, Node, Run, Weights
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.shape import Shape
from darknet_py.layers.yolo import Yolo
from darknet_py.network.execute import Call, execute_heads, full_precision
from darknet_py.network.network import Network

SMALL_FLOPS = 16e6
SMALL_PIXELS = 6400
SMALL_FILTERS = 16
"""Below these a 1x1 convolution is quicker as a product of matrices: handing a convolution to
oneDNN costs as much as the work itself."""


@dataclass(frozen=True)
class RuleContext:
    """What a rule may know: where the layer stands, its tensors, the batch and the shapes."""

    node: Node
    context: LayerContext
    weights: Weights
    batch: int
    device: torch.device

    @property
    def input(self) -> Shape:
        return self.context.input


Rules = Mapping[type[Layer], Callable[[RuleContext], Call | None]]


class EagerProgram:
    """The calls for one batch size, for as many threads as torch has when it is made."""

    def __init__(
        self,
        network: Network,
        batch: int,
        rules: Rules | None = None,
        more: Sequence[int] = (),
    ) -> None:
        """network: as `for_inference` gives it, on its device and in its precision. more: layers
        whose outputs come behind the heads."""
        graph = network.graph
        device = next((tensor.device for tensor in network.parameters()), torch.device("cpu"))
        rules = RULES if rules is None else rules
        self._steps, self._heads = graph.steps, [*graph.heads, *more]
        self._calls = [
            call_of(RuleContext(node, step.context, network.used(step.index), batch, device), rules)
            for node, step in zip(graph.nodes, graph.steps, strict=True)
        ]

    def __call__(self, x: Tensor) -> list[Tensor]:
        return execute_heads(self._steps, self._calls, x, self._heads)


def call_of(ctx: RuleContext, rules: Rules) -> Call:
    """The layer's own arithmetic, or the quicker form of it that its rule finds."""
    rule = rules.get(type(ctx.node.layer))
    call = rule(ctx) if rule else None
    return call or _as_it_is(ctx)


def _as_it_is(ctx: RuleContext) -> Call:
    layer, run = ctx.node.layer, Run()
    if layer.HEAD:
        return lambda inputs: layer.forward(ctx.context, ctx.weights, full_precision(inputs), run)
    return lambda inputs: layer.forward(ctx.context, ctx.weights, inputs, run)


def _convolution(ctx: RuleContext) -> Call | None:
    layer = ctx.node.layer
    assert isinstance(layer, Convolutional)
    if layer.binary or layer.xnor or not layer.pads_evenly or not _onednn(ctx.weights["weights"]):
        return None
    call = _as_product(ctx, layer) if _small(ctx, layer) else _as_convolution(ctx, layer)
    return _blurred(layer, call)


def _blurred(layer: Convolutional, call: Call) -> Call:
    blur = layer.blur
    return (lambda inputs: blur.apply(call(inputs))) if blur else call


def _onednn(kernel: Tensor) -> bool:
    """Whether oneDNN computes in the type of `kernel` here."""
    there = kernel.device.type == "cpu" and torch.backends.mkldnn.is_available()
    return there and computes(kernel.dtype)


def _small(ctx: RuleContext, layer: Convolutional) -> bool:
    """Whether a product of matrices is quicker."""
    pixels = ctx.batch * ctx.input.h * ctx.input.w
    flops = 2 * pixels * ctx.input.c * layer.filters
    return (
        layer.pointwise
        and pixels <= SMALL_PIXELS
        and flops <= SMALL_FLOPS
        and layer.filters >= SMALL_FILTERS
    )


def _as_product(ctx: RuleContext, layer: Convolutional) -> Call:
    """(N H W, C) times (C, filters): no copy while tensors lie channels last."""
    kernel = ctx.weights["weights"].flatten(1).t().contiguous()
    biases, activation = ctx.weights["biases"], layer.activation

    def call(inputs: Sequence[Tensor]) -> Tensor:
        x = inputs[0].permute(0, 2, 3, 1)
        y = torch.addmm(biases, x.reshape(-1, x.shape[3]), kernel)
        y = y.view(*x.shape[:3], -1).permute(0, 3, 1, 2)
        return activate(activation, y, fresh=True)

    return call


def _as_convolution(ctx: RuleContext, layer: Convolutional) -> Call:
    stride = [1, 1] if layer.antialiasing else list(layer.strides)
    padding, spread = [layer.margin * layer.spread] * 2, [layer.spread] * 2
    shape = [ctx.batch, *ctx.input]
    kernel = torch.ops.mkldnn._reorder_convolution_weight(
        ctx.weights["weights"].contiguous(), padding, stride, spread, layer.split, shape
    )
    convolve = torch.ops.mkldnn._convolution_pointwise.default
    fixed = (kernel, ctx.weights["biases"], padding, stride, spread, layer.split)
    fused = ACTIVATIONS[layer.activation].onednn
    if fused:
        word, numbers = fused[0], list(fused[1])
        return lambda inputs: convolve(inputs[0], *fixed, word, numbers, "")

    def call(inputs: Sequence[Tensor]) -> Tensor:
        return activate(layer.activation, convolve(inputs[0], *fixed, "none", [], ""), fresh=True)

    return call


def _quickest_convolution(ctx: RuleContext) -> Call | None:
    """By Winograd, whose sums round otherwise, where that is quicker."""
    layer = ctx.node.layer
    assert isinstance(layer, Convolutional)
    if not _by_winograd(ctx, layer):
        return _convolution(ctx)
    kernel, biases = at_points(ctx.weights["weights"]), ctx.weights["biases"]
    convolve, activation = WinogradConvolution(kernel, biases), layer.activation
    return _blurred(layer, lambda x: activate(activation, convolve(x[0]), fresh=True))


def _by_winograd(ctx: RuleContext, layer: Convolutional) -> bool:
    strides = (1, 1) if layer.antialiasing else layer.strides
    plain = layer.size == KERNEL and layer.pads_evenly and layer.margin == 1
    whole = strides == (1, 1) and layer.spread == layer.split == 1
    rounded = layer.binary or layer.xnor
    kernel = ctx.weights["weights"]
    there = kernel.device.type == "cpu" and kernel.dtype == torch.float32
    tiles = ctx.batch * tile_count(ctx.input.h, ctx.input.w)
    if not (plain and whole and there) or rounded:
        return False
    return pays(ctx.input.c, layer.filters, tiles)


def prepared_yolo(ctx: RuleContext) -> Call:
    """What differs by channel made beforehand."""
    layer = ctx.node.layer
    assert isinstance(layer, Yolo)
    by_channel = layer.by_channel(torch.empty(0, device=ctx.device), ctx.context.fork)
    return lambda inputs: layer.activated(full_precision(inputs)[0], by_channel)


EXACT_RULES: Rules = {
    Convolutional: _convolution,
    Yolo: prepared_yolo,
}
"""Section kind -> how to prepare it; a rule that gives None leaves the layer as it is."""
RULES: Rules = {**EXACT_RULES, Convolutional: _quickest_convolution}
"""The same with convolutions by Winograd."""
