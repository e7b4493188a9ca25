"""The inference form of a network as one plain torch module, which tracers can follow."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from darknet_py.conversion.export_boxes import Input, decode_all, suppressed
from darknet_py.conversion.export_target import ExportTarget, require
from darknet_py.layers.base import Run
from darknet_py.network.execute import execute_heads, layer_calls
from darknet_py.network.network import Network


class ExportModule(nn.Module):
    """A network's layers in a row: images in, a tuple of tensors out.

    Nothing is checked, kept or carried from call to call; recurrent layers start from zero.
    """

    def __init__(self, network: Network, target: ExportTarget) -> None:
        """Raises DarknetError where the network has no such form."""
        super().__init__()
        require(network.graph, target)
        inference = network if network.folded else network.for_inference()
        self.target = target
        self.graph = inference.graph
        self.layers = inference.layers
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs of the target's form for images (N, C, H, W), float32 RGB in [0, 1]."""
        heads = self._heads(images)
        if self.target.form == "heads":
            return tuple(heads)
        boxes, scores = decode_all(self.graph, heads, self._input(images))
        if self.target.form == "boxes":
            return boxes, scores
        return (suppressed(boxes, scores, self.target.thresh, self.target.nms),)

    def _heads(self, images: Tensor) -> list[Tensor]:
        steps = self.graph.steps
        calls = layer_calls(steps, self.layers, Run())
        return execute_heads(steps, calls, images, self.graph.heads)

    def _input(self, images: Tensor) -> Input:
        net = self.graph.net
        if self.target.dynamic_size:
            return Input(images.shape[3], images.shape[2], dynamic=True)
        return Input(net.width, net.height)

    def example(self, least: int = 1) -> Tensor:
        """An input of at least so many images to trace with, the same each time."""
        generator = torch.Generator().manual_seed(1)
        return torch.rand(max(least, self.target.batch), *self.graph.net.input, generator=generator)
