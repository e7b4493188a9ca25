"""One pass through a graph: the steps in file order, each output let go after its last use.

Every form of a network runs here: the network itself, the inference form of an engine, the program
that is exported. They differ in the calls they give, one for each step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook

from darknet_py.layers.base import INPUT, Run, Weights
from darknet_py.network.graph import Step

Call = Callable[[Sequence[Tensor]], Tensor]
"""From a layer's inputs (N, C, H, W) to its output."""
HALVES = (torch.float16, torch.bfloat16)


def execute(
    steps: Sequence[Step], calls: Iterable[Call], x: Tensor
) -> Iterator[tuple[int, Tensor]]:
    """(index, output) layer by layer for the network's input x; calls: one for each step."""
    alive = {INPUT: x}
    del x
    for step, call in zip(steps, calls, strict=True):
        y = alive[step.index] = call([alive[source] for source in step.inputs])
        for source in step.release_after:
            del alive[source]
        yield step.index, y
        del y


def execute_heads(
    steps: Sequence[Step], calls: Iterable[Call], x: Tensor, heads: Sequence[int]
) -> list[Tensor]:
    """The outputs of the layers `heads`, in their order."""
    wanted = set(heads)
    outputs = {index: y for index, y in execute(steps, calls, x) if index in wanted}
    return [outputs[index] for index in heads]


class LayerModule(nn.Module):
    """A layer's tensors, by their names in the weights file, and its call.

    Hooks see the layer's inputs (N, C, H, W) as positional arguments, and its output.
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
        """The tensors as they are now, for this pass: torch's tools may put others there instead.

        nn.Module's own tables are read while they hold just these: getattr takes many times as
        long. It finds those that are not there (pruned, parametrized, of a replica).
        """
        names, parameters, buffers = self._attributes.keys(), self._parameters, self._buffers
        tensors = {**parameters, **buffers} if buffers else parameters
        if tensors.keys() == names:
            return tensors  # type: ignore[return-value]
        return {name: getattr(self, attribute) for name, attribute in self._attributes.items()}

    @property
    def computed(self) -> list[str]:
        """Names of the tensors that are made anew at each pass: writing into them is lost."""
        stored = self._parameters.keys() | self._buffers.keys()
        return [name for name, attribute in self._attributes.items() if attribute not in stored]

    @property
    def watched(self) -> bool:
        """Whether calling the module does more than `forward`."""
        return bool(
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or self._compiled_call_impl
            or "forward" in self.__dict__
        )

    def forward(
        self, *inputs: Tensor, step: Step, run: Run, owner: LayerModule | None = None
    ) -> Tensor:
        """The layer's output; owner: the layer whose tensors it shares instead of its own."""
        layer, index = step.layer, step.index
        if index in run.capture:
            run.captured[index] = inputs[0]
        given = full_precision(inputs) if layer.HEAD else inputs
        weights = (owner or self).tensors()
        if index in run.no_grad_layers:
            with torch.no_grad():
                return layer.forward(step.context, weights, given, run.at(index))
        return layer.forward(step.context, weights, given, run.at(index))

    def extra_repr(self) -> str:
        return self.kind


def layer_calls(steps: Sequence[Step], layers: Iterable[nn.Module], run: Run) -> Iterator[Call]:
    """The calls of a network's own layers, each made when its turn comes.

    A layer that nobody watches and the run does not treat apart is called without its module:
    nn.Module's way there takes longer than many a layer of a small network.
    """
    modules: list[Any] = list(layers)
    everywhere = _has_any_global_hook()
    apart = {*run.capture, *run.no_grad_layers, *range(run.freeze_before)}
    for step in steps:
        module, owner = modules[step.index], modules[step.owner]
        special = everywhere or step.layer.HEAD or step.index in apart
        if special or type(module) is not LayerModule or module.watched:
            yield partial(_called, module, step, run, owner)
        else:
            yield partial(step.layer.forward, step.context, owner.tensors(), run=run)


def _called(
    module: nn.Module, step: Step, run: Run, owner: nn.Module, inputs: Sequence[Tensor]
) -> Tensor:
    """Through the module; one that somebody else has put there gets no more than the inputs."""
    options = {"step": step, "run": run, "owner": owner} if hasattr(module, "tensors") else {}
    y: Tensor = module(*inputs, **options)
    return y


def full_precision(inputs: Iterable[Tensor]) -> list[Tensor]:
    """A head's inputs: boxes are made in full precision, whatever the network runs in."""
    return [x.float() if x.dtype in HALVES else x for x in inputs]
