"""A pass through part of a network: only what the layers that are asked for need.

The usual outputs run on an engine; this serves the others: an inner layer's name, one head of
several, a convolution before its batch normalisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from darknet_py.dnn.layer_names import LINEAR, Stage
from darknet_py.layers.base import INPUT, Layer, Run, Weights, replaced
from darknet_py.network.execute import full_precision
from darknet_py.network.graph import Step
from darknet_py.network.network import Network


class Target(NamedTuple):
    """What is asked for of a section: its output, or what comes before it."""

    node: int
    stage: Stage


class InnerProgram:
    """Runs the sections that some targets need, and no others."""

    def __init__(self, network: Network, inference: Network, targets: Iterable[Target]) -> None:
        """network: with batch normalisation as loaded. inference: the same folded, on its device
        and in its precision; the sections before the targets run on its tensors."""
        self._targets = frozenset(targets)
        self._network, self._inference = network, inference
        self._outputs = {node for node, stage in self._targets if stage is Stage.OUTPUT}
        needed = _needed(inference.graph.steps, self._targets)
        self._steps = [step for step in inference.graph.steps if step.index in needed]
        self._last_use = {source: step.index for step in self._steps for source in step.inputs}

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> dict[Target, Tensor]:
        """The targets' values for an input (N, C, H, W) on the network's device."""
        alive, answer = {INPUT: x}, dict[Target, Tensor]()
        for step in self._steps:
            inputs = [alive[source] for source in step.inputs]
            answer |= self._before_output(step, inputs)
            if step.index in self._outputs or step.index in self._last_use:
                alive[step.index] = _run(self._inference, step, step.layer, inputs)
            if step.index in self._outputs:
                answer[Target(step.index, Stage.OUTPUT)] = alive[step.index]
            for source in {s for s in step.inputs if self._last_use[s] == step.index}:
                del alive[source]
        return answer

    def _before_output(self, step: Step, inputs: Sequence[Tensor]) -> dict[Target, Tensor]:
        """The values that were asked for of a section before its output."""
        wanted = [stage for stage in _BEFORE if Target(step.index, stage) in self._targets]
        return {Target(step.index, stage): self._at(step, stage, inputs) for stage in wanted}

    def _at(self, step: Step, stage: Stage, inputs: Sequence[Tensor]) -> Tensor:
        if stage is Stage.PERMUTED:
            return inputs[0].permute(0, 2, 3, 1)
        layer = self._network.graph.nodes[step.index].layer
        plain = replaced(layer, activation=LINEAR)
        weights = _moved(self._network.used(step.index), inputs[0])
        if stage is Stage.LINEAR:
            plain, weights = _without_normalization(plain, weights)
        return plain.forward(step.context, weights, inputs, Run())


_BEFORE = (Stage.PERMUTED, Stage.LINEAR, Stage.NORMALIZED)


def _needed(steps: Sequence[Step], targets: Iterable[Target]) -> set[int]:
    """Sections that must be visited: those of the targets, and all that leads to them."""
    needed = {node for node, _ in targets}
    for step in reversed(steps):
        if step.index in needed:
            needed |= {source for source in step.inputs if source != INPUT}
    return needed


def _run(network: Network, step: Step, layer: Layer, inputs: Sequence[Tensor]) -> Tensor:
    given = full_precision(inputs) if layer.HEAD else inputs
    return layer.forward(step.context, network.used(step.index), given, Run())


def _moved(weights: Weights, like: Tensor) -> Weights:
    return {name: tensor.detach().to(like) for name, tensor in weights.items()}


def _without_normalization(layer: Layer, weights: Weights) -> tuple[Layer, Weights]:
    """The layer before batch normalisation, whose biases are the normalisation's."""
    changes = {"batch_normalize": 0} | ({"cbn": 0} if hasattr(layer, "cbn") else {})
    return replaced(layer, **changes), {**weights, "biases": torch.zeros_like(weights["biases"])}
