"""One pass through a graph: the steps in file order, each output let go after its last use.

Every form of a network runs here: the network itself, the inference form of an engine, the program
that is exported. They differ in the calls they give, one for each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from darknet_py.graph import Step
from darknet_py.layers.base import INPUT, Run, Weights

Call = Callable[..., Tensor]
"""From a layer's inputs (N, C, H, W), one argument each, to its output."""
HALVES = (torch.float16, torch.bfloat16)


def execute(
    steps: Sequence[Step], calls: Iterable[Call], x: Tensor
) -> Iterator[tuple[int, Tensor]]:
    """(index, output) layer by layer for the network's input x; calls: one for each step."""
    alive = {INPUT: x}
    del x
    for step, call in zip(steps, calls, strict=True):
        y = call(*[alive[source] for source in step.inputs])
        alive[step.index] = y
        for source in step.release_after:
            del alive[source]
        yield step.index, y
        del y


def execute_heads(
    steps: Sequence[Step], calls: Iterable[Call], x: Tensor, heads: Sequence[int]
) -> list[Tensor]:
    """The outputs of the layers `heads`, in their order."""
    found = {index: y for index, y in execute(steps, calls, x) if index in heads}
    return [found[index] for index in heads]


class LayerModule(nn.Module):
    """A layer's tensors, by their names in the weights file, and its call.

    Hooks see the layer's inputs (N, C, H, W) as positional arguments and its output.
    """

    def __init__(
        self, kind: str, tensors: Mapping[str, Tensor], buffers: frozenset[str] = frozenset()
    ) -> None:
        """buffers: the names of those that no gradient moves."""
        super().__init__()
        self.kind = kind
        # Parts are named uz.biases; nn.Module keeps dots for sub-modules.
        self._attributes = {name: name.replace(".", "_") for name in tensors}
        for name, attribute in self._attributes.items():
            if name in buffers:
                self.register_buffer(attribute, tensors[name])
            else:
                self.register_parameter(attribute, nn.Parameter(tensors[name]))

    def tensors(self) -> Weights:
        """The tensors as they are now: torch's tools may have put others in their place.

        A plain getattr would do, but takes nn.Module three times as long as its own tables do. It
        is left to those who have taken a tensor out of the tables (pruning, parametrizations,
        the replicas of DataParallel).
        """
        parameters, buffers, found = self._parameters, self._buffers, Weights()
        for name, attribute in self._attributes.items():
            tensor = parameters.get(attribute)
            if tensor is None:
                tensor = buffers.get(attribute)
            found[name] = getattr(self, attribute) if tensor is None else tensor
        return found

    def forward(
        self, *inputs: Tensor, step: Step, run: Run, owner: LayerModule | None = None
    ) -> Tensor:
        """The layer's output; owner: the layer whose tensors it shares instead of its own."""
        layer, index = step.layer, step.index
        if index in run.wanted:
            run.taps[index] = inputs[0]
        given = full_precision(inputs) if layer.HEAD else inputs
        weights = (self if owner is None else owner).tensors()
        if index in run.still:
            with torch.no_grad():
                return layer.forward(step.site, weights, given, run.at(index))
        return layer.forward(step.site, weights, given, run.at(index))

    def extra_repr(self) -> str:
        return self.kind


def layer_calls(steps: Sequence[Step], layers: Iterable[nn.Module], run: Run) -> Iterator[Call]:
    """The calls of a network's own layers: through the modules, so that their hooks fire."""
    modules = list(layers)
    for step in steps:
        call = partial(modules[step.index], step=step, run=run)
        yield call if step.owner == step.index else partial(call, owner=modules[step.owner])


def full_precision(inputs: Iterable[Tensor]) -> list[Tensor]:
    """A head's inputs: boxes are made in full precision, whatever the network runs in."""
    return [x.float() if x.dtype in HALVES else x for x in inputs]
