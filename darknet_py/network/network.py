"""A graph with its tensors: an nn.Module that runs the layers in file order."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch
from torch import nn

from darknet_py.errors import DarknetError, Notice, Problems
from darknet_py.forks import Fork
from darknet_py.layers.base import Node, Run, Stored, Weights
from darknet_py.network import weights, weights_layout
from darknet_py.network.execute import Call, LayerModule, execute, execute_heads, layer_calls
from darknet_py.network.graph import Graph, build, read_graph

BUFFERS = ("mean", "variance")
"""Roles of tensors that batch statistics move instead of gradients."""


class Network(nn.Module):
    """A Darknet network. Build it with `Network.from_cfg`; it starts in eval mode."""

    def __init__(self, graph: Graph, *, seed: int | None = None, start: bool = True) -> None:
        """start: give the tensors Darknet's random start; otherwise they are left uninitialized."""
        super().__init__()
        self.graph = graph
        self.header = weights.Header(0, 2, graph.fork.weights.revision, 0)
        self.folded = False
        self.layers = nn.ModuleList(_module(graph, node) for node in graph.nodes)
        self._heads = graph.heads
        if start:
            self.reset(seed)
        self.eval()

    @classmethod
    def from_cfg(
        cls,
        path: str | os.PathLike[str],
        width: int | None = None,
        height: int | None = None,
        fork: str | Fork = "alexeyab",
        *,
        time_steps: int | None = None,
        seed: int | None = None,
    ) -> Network:
        """Read a .cfg file, with [net]'s width, height and time_steps overridden where given.

        The tensors get Darknet's random start (`seed` makes it repeatable). Raises CfgError.
        """
        graph = read_graph(path, width=width, height=height, fork=fork, time_steps=time_steps)
        return cls(graph, seed=seed)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the cfg says that has no effect, or another one than it seems."""
        return self.graph.notices

    def reset(self, seed: int | None = None, layers: Iterable[int] | None = None) -> None:
        """Darknet's start for all layers (or these): biases 0, scales 1, random weights."""
        self.require_written()
        generator = torch.Generator()
        generator.seed() if seed is None else generator.manual_seed(torch_seed(seed))
        for index in range(len(self.graph.nodes)) if layers is None else layers:
            tensors = self.own(index)
            for stored in self.graph.stored(index):
                _start(tensors[stored.name], stored, generator)

    def own(self, index: int) -> Weights:
        """The tensors of layer `index` itself, by name; none where it shares another layer's."""
        return dict(self._module(index).tensors())

    def _module(self, index: int) -> LayerModule:
        module = self.layers[index]
        if not isinstance(module, LayerModule):
            what = f"is a {type(module).__name__} now, which has no tensors of a weights file"
            raise DarknetError(f"layer {index} {what}")
        return module

    def require_written(self) -> None:
        """Raises DarknetError where writing into a tensor would be lost: it is computed."""
        for index in range(len(self.layers)):
            for name in self._module(index).computed:
                message = f"layer {index}: {name} is computed (pruned or parametrized)"
                cure = "prune.remove or parametrize.remove_parametrizations of torch.nn.utils"
                raise DarknetError(f"{message} and cannot be written; first use {cure}")

    def used(self, index: int) -> Weights:
        """The tensors layer `index` computes with."""
        return self.own(self.graph.steps[index].owner)

    def forward(
        self, x: torch.Tensor, state: dict[int, object] | None = None
    ) -> list[torch.Tensor]:
        """Outputs of the detection heads, or [the last non-cost layer's], each (N, C, H, W).

        x: (N, C, H, W) float32 RGB in [0, 1], or (N, inputs) for nets of vectors; recurrent nets
        take rows in time-major order. state carries recurrent memory from call to call; without it
        every call starts from zero. Raises DarknetError for an input of the wrong shape.
        """
        run = Run(training=self.training, state=state)
        x = self.checked(x)
        return execute_heads(self.graph.steps, self._calls(run), x, self._heads)

    def trace(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The output of every layer in cfg order, (N, C, H, W), as the C program holds it."""
        run = Run(training=False, darknet_outputs={})
        assert run.darknet_outputs is not None
        with torch.no_grad():
            outputs = [y.clone() for _, y in self.outputs(x, run)]
        for index, output in run.darknet_outputs.items():
            outputs[index] = output
        return outputs

    def outputs(self, x: torch.Tensor, run: Run) -> Iterator[tuple[int, torch.Tensor]]:
        """(index, output) layer by layer; each output is let go after its last use."""
        return execute(self.graph.steps, self._calls(run), self.checked(x))

    def _calls(self, run: Run) -> Iterator[Call]:
        return layer_calls(self.graph.steps, self.layers, run)

    def checked(self, x: torch.Tensor) -> torch.Tensor:
        expected = self.graph.net.input
        if x.dim() == 2 and x.shape[1] == expected.size:
            x = x.reshape(-1, *expected)
        if x.dim() != 4 or tuple(x.shape[1:]) != tuple(expected):
            want = f"(N, {expected.c}, {expected.h}, {expected.w})"
            raise DarknetError(f"input of shape {tuple(x.shape)}, expected {want}")
        steps = self.graph.net.time_steps
        if len(x) % steps:
            message = f"{len(x)} rows are no multiple of time_steps={steps}"
            raise DarknetError(f"{message}; pass time_steps=1 to run single images")
        return x

    def load_weights(
        self, path: str | os.PathLike[str], cutoff: int | None = None, strict: bool = True
    ) -> weights.LoadReport:
        """Read a .weights file into this network, the layers before `cutoff` only if given.

        A file that ends at a layer boundary is a partial load, which the report says. strict:
        False takes from a file of another network, such as one with other classes, the layers that
        fit; the report's `missing` are the others, which keep what they hold.
        Raises WeightsError for a file that does not fit, DarknetError for tensors that cannot be
        written (pruned or parametrized ones), before anything is changed.
        """
        self.require_written()
        return weights.load(self, path, cutoff, strict)

    def save_weights(self, path: str | os.PathLike[str], cutoff: int | None = None) -> None:
        """Write a .weights file, the layers before `cutoff` only if given; header as loaded.

        Raises OutputError when it cannot be written; the file appears whole or not at all.
        """
        if self.folded:
            raise DarknetError(
                "batch normalisation is folded in; save the network it was made from"
            )
        weights.save(self, Path(path), cutoff)

    def for_inference(self, *, shared: bool = False) -> Network:
        """The same network made for speed: batch norm folded, channels last, no gradients.

        It is of the weights there are now and keeps them when this network is trained on. shared:
        it may use tensors of this network, which saves their memory where nobody changes them.
        """
        parts = [
            n.layer.folded(self.graph.context(n.index), self.own(n.index)) for n in self.graph.nodes
        ]
        graph = self.graph.with_layers(layer for layer, _ in parts)
        folded = Network(graph, start=False)
        folded.layers = nn.ModuleList(_fixed(layer.kind, tensors) for layer, tensors in parts)
        folded.header, folded.folded = self.header, True
        folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if not shared:
            _separate(folded, (tensor for _, tensors in parts for tensor in tensors.values()))
        return folded.requires_grad_(False).eval()

    def resized(
        self, width: int, height: int, end: int | None = None, time_steps: int | None = None
    ) -> Network:
        """A network for images of another size, with the very tensors of this one.

        end: it has the layers before this one only. time_steps: of its sequences, None: as many as
        here. Raises DarknetError where a layer's tensors
        depend on the size, as those of [connected] do.
        """
        net = self.graph.net
        steps = time_steps or net.time_steps
        if (width, height, steps) == (net.width, net.height, net.time_steps) and end is None:
            return self
        nodes = self.graph.nodes[:end]
        sections = [net.section, *(node.layer.section for node in nodes)]
        graph = build(
            sections,
            self.graph.fork,
            Problems(),
            width=width,
            height=height,
            time_steps=steps,
        )
        if self.folded:
            graph = graph.with_layers(node.layer for node in nodes)
        for node in graph.nodes:
            if graph.stored(node.index) != self.graph.stored(node.index):
                what = f"the tensors of [{node.layer.kind}] depend on the input's size"
                raise DarknetError(f"{node.layer.location()}: {what}; set random=0")
        other = Network(graph, start=False)
        other.layers, other.folded = self.layers[: len(nodes)], self.folded
        return other

    def extra_repr(self) -> str:
        graph = self.graph
        return (
            f"{graph.path}: {len(graph.nodes)} layers, input {graph.net.input}, {graph.fork.name}"
        )


def torch_seed(seed: int) -> int:
    """Any number as a seed: of one, torch's generator of the CPU sees the lowest 32 bits alone."""
    if 0 <= seed < 2**32:
        return seed
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def _module(graph: Graph, node: Node) -> LayerModule:
    stored = graph.stored(node.index)
    buffers = frozenset(tensor.name for tensor in stored if tensor.role in BUFFERS)
    empty = {tensor.name: torch.empty(tensor.shape) for tensor in stored}
    return LayerModule(node.layer.kind, empty, buffers)


def _fixed(kind: str, tensors: Mapping[str, torch.Tensor]) -> LayerModule:
    return LayerModule(kind, {name: tensor.detach() for name, tensor in tensors.items()})


def _separate(network: Network, others: Iterable[torch.Tensor]) -> None:
    """Copy those of its tensors that lie where one of the others does."""
    taken = {tensor.untyped_storage().data_ptr() for tensor in others}
    for tensor in network.parameters():
        if tensor.untyped_storage().data_ptr() in taken:
            tensor.data = tensor.data.clone()


CONSTANT_STARTS = {"bias": 0.0, "scale": 1.0, "mean": 0.0, "variance": 0.0, "shortcut": 1.0}
"""Rolling variance starts at 0 in both forks, unlike torch's 1."""


@torch.no_grad()
def _start(tensor: torch.Tensor, stored: Stored, generator: torch.Generator) -> None:
    """Weights start uniform in +-sqrt(2 / inputs per output), as in AlexeyAB's program."""
    if stored.role in CONSTANT_STARTS:
        tensor.fill_(CONSTANT_STARTS[stored.role])
        return
    middle, width = stored.start or (0.0, math.sqrt(2 / stored.fan_in))
    values = torch.empty(stored.shape).uniform_(middle - width, middle + width, generator=generator)
    tensor.copy_(values)


def load_network(
    cfg: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    width: int | None = None,
    height: int | None = None,
    fork: str | Fork = "alexeyab",
    time_steps: int | None = None,
    cutoff: int | None = None,
    seed: int | None = None,
) -> tuple[Network, weights.LoadReport]:
    """A network with the tensors of a .weights file; what the file does not hold starts at random.

    The file is compared with the cfg before any memory is taken. Raises CfgError, WeightsError.
    """
    graph = read_graph(cfg, width=width, height=height, fork=fork, time_steps=time_steps)
    return load_planned(graph, weights_layout.plan(graph, path, cutoff), seed)


def load_planned(
    graph: Graph, plan: weights_layout.Layout, seed: int | None = None
) -> tuple[Network, weights.LoadReport]:
    """A network with the tensors of a file that has been compared with its graph already.

    seed: of tensors that the file does not hold; without a file they are the same each time.
    """
    network = Network(graph, start=False)
    if seed is None and not plan.is_file:
        seed = weights_layout.RANDOM_SEED
    network.reset(seed, weights_layout.uninitialized(graph, plan))
    return network, weights.read(network, plan)
