"""The forward pass of training: from a batch to what the losses need."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from darknet_py.layers.base import Run
from darknet_py.network.network import Network


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


def to_input(images: Tensor, device: torch.device) -> Tensor:
    """Float32 on the device: uint8 images become [0, 1]."""
    x = images.to(device, non_blocking=True)
    x = x.float().div_(255) if x.dtype == torch.uint8 else x.float()
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
