"""The forward pass of training: from a batch to what the losses need."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from darknet_py.engines.cache_folder import keep_inductor_private
from darknet_py.errors import DarknetError
from darknet_py.layers.base import Run
from darknet_py.network.network import Network

BUFFER_WORDS = ("forward_sync_buffers", "broadcast_buffers")
"""What torch 2.13 and torch 2.2 call whether processes share their batch statistics."""


class HeadPass(nn.Module):
    """Runs a network up to its losses; a module of its own, so that torch can wrap it."""

    def __init__(self, network: Network, owners: tuple[int, ...]) -> None:
        """owners: the layers that have a loss."""
        super().__init__()
        self.network = network
        self.owners = owners

    def forward(
        self, x: Tensor, no_grad_layers: frozenset[int], freeze_before: int, sync_batchnorm: bool
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Inputs and outputs of the layers that have a loss, each (N, C, H, W).

        no_grad_layers: those no gradient passes. freeze_before: layers before it keep even their
        batch statistics. sync_batchnorm: these are those of all processes.
        """
        run = Run(
            training=True,
            capture=frozenset(self.owners),
            no_grad_layers=no_grad_layers,
            freeze_before=freeze_before,
            sync_batchnorm=sync_batchnorm,
        )
        kept = {i: y for i, y in self.network.outputs(x, run) if i in run.capture}
        return [run.captured[i] for i in self.owners], [kept[i] for i in self.owners]


def wrapped(head_pass: HeadPass, compiled: bool, world: int) -> nn.Module:
    """As torch.compile, and one of `world` processes, run it."""
    if compiled:
        keep_inductor_private()
        head_pass.compile()
    if world == 1:
        return head_pass
    nodes = head_pass.network.graph.nodes
    some_unused = any(node.layer.stopbackward or node.layer.onlyforward for node in nodes)
    # Statistics stay each process's own.
    words = inspect.signature(DistributedDataParallel).parameters
    buffers = next(word for word in BUFFER_WORDS if word in words)
    options: dict[str, Any] = {buffers: False, "find_unused_parameters": some_unused}
    return DistributedDataParallel(head_pass, **options)


@contextlib.contextmanager
def compile_errors() -> Iterator[None]:
    """What torch.compile raises, in one line with a cure."""
    # torch._dynamo takes a second to import, and only compiling can raise its errors.
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as failure:
        first = str(failure).strip().splitlines()[0]
        cure = "install a C++ compiler, or train without --compile"
        raise DarknetError(f"torch.compile failed: {first}; {cure}") from None


def to_input(images: Tensor, device: torch.device) -> Tensor:
    """Float32 on the device: uint8 images become [0, 1]."""
    # What inference_mode has made can be read, but not be kept for a gradient.
    x = images.clone() if images.is_inference() else images
    x = x.to(device, non_blocking=True)
    x = x.float().div_(255) if x.dtype == torch.uint8 else x.float()
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
