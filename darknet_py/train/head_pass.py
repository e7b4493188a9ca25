"""The forward pass of training: from a batch to what the losses need."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from darknet_py.engines.cache_folder import keep_inductor_private
from darknet_py.errors import DarknetError
from darknet_py.layers.base import INPUT, Run
from darknet_py.layers.run import Progress
from darknet_py.layers.torch_kernels import Convolve, convolve
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.train.nan_repair import repair, repairs
from darknet_py.train.sequence_memory import Memory
from darknet_py.train.smoothed_delta import SmoothedDelta

BUFFER_WORDS = ("forward_sync_buffers", "broadcast_buffers")
"""What torch 2.13 and torch 2.2 call whether processes share their batch statistics."""


LIMIT_WORDS = (
    "recompile_limit",
    "accumulated_recompile_limit",
    "cache_size_limit",
    "accumulated_cache_size_limit",
)
"""What torch 2.13 and torch 2.2 call how often they compile before they give it up."""
MOST_PROGRAMS = 4096
DELTA_LIMIT = 1.0
"""Largest magnitude of a delta of [connected] and of conv_lstm's bottleneck."""


class HeadPass(nn.Module):
    """Runs a network up to its losses; a module of its own, so that torch can wrap it."""

    def __init__(
        self, network: Network, owners: tuple[int, ...], convolve: Convolve = convolve
    ) -> None:
        """owners: the layers that have a loss. convolve, and memory as state: as in `Run`."""
        super().__init__()
        self.network = network
        self.owners = owners
        self.convolve = convolve
        self.memory: Memory | None = None

    def forward(
        self,
        x: Tensor,
        no_grad_layers: frozenset[int],
        freeze_before: int,
        sync_batchnorm: bool,
        delta_scale: Tensor,
        progress: Progress | None = None,
        rolling_statistics: bool = False,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Inputs and outputs of the layers that have a loss, each (N, C, H, W).

        no_grad_layers: those no gradient passes. freeze_before: layers before it keep even their
        batch statistics. sync_batchnorm: these are those of all processes. delta_scale: () what
        gradients will be multiplied by, beside Darknet's deltas. progress, rolling_statistics: as
        in `Run`.
        """

        def limit_delta(y: Tensor) -> Tensor:
            limited: Tensor = _LimitedDelta.apply(y, delta_scale)  # type: ignore[no-untyped-call]
            return limited

        def smooth_delta(y: Tensor, rate: float) -> Tensor:
            smoothed: Tensor = SmoothedDelta.apply(y, rate, delta_scale)  # type: ignore[no-untyped-call]
            return smoothed

        run = Run(
            training=True,
            capture=frozenset(self.owners),
            no_grad_layers=no_grad_layers,
            freeze_before=freeze_before,
            sync_batchnorm=sync_batchnorm,
            rolling_statistics=rolling_statistics,
            convolve=self.convolve,
            limit_delta=limit_delta,
            smooth_delta=smooth_delta,
            repair=repair(delta_scale) if repairs(self.network.graph) else None,
            progress=progress,
            state=self.memory,
        )
        kept = {i: y for i, y in self.network.outputs(x, run) if i in run.capture}
        return [run.captured[i] for i in self.owners], [kept[i] for i in self.owners]


class _LimitedDelta(torch.autograd.Function):
    """An output of [connected]: both programs' GPU code limits its delta before the activation's
    derivative, AlexeyAB's that of conv_lstm's bottleneck behind it."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(scale)
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (scale,) = ctx.saved_tensors
        limit = scale * DELTA_LIMIT
        return gradient.clamp(-limit, limit), None


def wrapped(head_pass: HeadPass, compiled: bool, world: int) -> nn.Module:
    """As torch.compile, and one of `world` processes, run it."""
    if compiled:
        keep_inductor_private()
        head_pass.compile(dynamic=False)
    network = head_pass.network
    # DistributedDataParallel refuses a module in which nothing can learn.
    if world == 1 or not any(tensor.requires_grad for tensor in network.parameters()):
        return head_pass
    # Statistics stay each process's own.
    words = inspect.signature(DistributedDataParallel).parameters
    buffers = next(word for word in BUFFER_WORDS if word in words)
    unused = _some_unused(network.graph, head_pass.owners)
    options: dict[str, Any] = {buffers: False, "find_unused_parameters": unused}
    return DistributedDataParallel(head_pass, **options)


def _some_unused(graph: Graph, owners: Iterable[int]) -> bool:
    """Whether some tensors get no gradient, at all times or at some."""
    reached = reached_layers(graph, owners, frozenset())
    unreached = any(graph.stored(node.index) for node in graph.nodes if node.index not in reached)
    return unreached or any(n.layer.stopbackward or n.layer.onlyforward for n in graph.nodes)


def reached_layers(
    graph: Graph, owners: Iterable[int], no_grad_layers: frozenset[int]
) -> frozenset[int]:
    """The layers whose tensors get a gradient from the losses of `owners`."""
    waiting, reached = [graph.nodes[index].inputs[0] for index in owners], set[int]()
    while waiting:
        index = waiting.pop()
        if index == INPUT or index in no_grad_layers or index in reached:
            continue
        reached.add(index)
        waiting.extend(graph.nodes[index].inputs)
    return frozenset(graph.steps[index].owner for index in reached)


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """Where a compiled network runs: one program for each size of the input, however many.

    What torch.compile raises is one line with a cure.
    """
    # torch._dynamo takes a second to import, and only compiling needs it.
    from torch._dynamo import config
    from torch._dynamo.exc import TorchDynamoException

    limits = {name: MOST_PROGRAMS for name in LIMIT_WORDS if hasattr(config, name)}
    try:
        with config.patch(limits):
            yield
    except TorchDynamoException as failure:
        first = str(failure).strip().splitlines()[0]
        cure = "install a C++ compiler, or train without --compile"
        raise DarknetError(f"torch.compile failed: {first}; {cure}") from None


def prepare_to_compile(graph: Graph) -> None:
    """Compute what the graph and its layers keep for later.

    Until Python 3.12 that takes a lock, at which torch.compile would end a program.
    """
    for keeper in (graph, *(node.layer for node in graph.nodes)):
        kinds = type(keeper).__mro__
        kept = (vars(kind).items() for kind in kinds)
        for name in [n for items in kept for n, v in items if isinstance(v, cached_property)]:
            getattr(keeper, name)


def to_input(images: Tensor, device: torch.device) -> Tensor:
    """Float32 on the device: uint8 images become [0, 1]."""
    # What inference_mode has made can be read, but not be kept for a gradient.
    x = images.clone() if images.is_inference() else images
    x = x.to(device, non_blocking=True)
    x = x.float().div_(255) if x.dtype == torch.uint8 else x.float()
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
