"""The inference form of a network as one plain torch module, which tracers can follow."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from darknet_py.conversion.box_forms import ARRANGED
from darknet_py.conversion.export_boxes import Input, decode_all
from darknet_py.conversion.export_target import (
    ExportTarget,
    needed_steps,
    require,
    taken_layers,
)
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
        outputs = self._outputs(images)
        if self.target.form not in ARRANGED:
            return tuple(outputs)
        into = self._input(images)
        boxes, scores = decode_all(self.graph, outputs, into)
        return ARRANGED[self.target.form](boxes, scores, into, self.target)

    def _outputs(self, images: Tensor) -> list[Tensor]:
        taken = taken_layers(self.graph, self.target.form)
        steps = needed_steps(self.graph, taken)
        calls = layer_calls(steps, self.layers, Run())
        return execute_heads(steps, calls, images, taken)

    def _input(self, images: Tensor) -> Input:
        net = self.graph.net
        if self.target.dynamic_size:
            return Input(images.shape[3], images.shape[2], dynamic=True)
        return Input(net.width, net.height)

    def example(self, least: int = 1) -> Tensor:
        """An input of at least so many images to trace with, the same each time."""
        generator = torch.Generator().manual_seed(1)
        return torch.rand(max(least, self.target.batch), *self.graph.net.input, generator=generator)
