"""What layers are told of a training that their pass depends on: its progress, its labels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from darknet_py.layers.run import Progress
from darknet_py.losses.head_loss import WIDTHS, labels_width
from darknet_py.network.graph import Graph


class ProgressSource:
    """Makes the `Progress` of each sub-batch, for networks with a layer that reads it.

    Averages last for one update: the first sub-batch begins them anew.
    """

    def __init__(self, graph: Graph, owners: Sequence[int]) -> None:
        """owners: the layers that have a loss."""
        needs = {n.index: n.layer.progress_needs(graph.fork) for n in graph.nodes}
        self._needs = {index: need for index, need in needs.items() if need is not None}
        self._label_size = graph.fork.samples.truth_size
        boxes = any(WIDTHS[type(graph.nodes[index].layer)] is labels_width for index in owners)
        self._reads_boxes = boxes and any(need.labels for need in self._needs.values())
        self._averages: dict[int, Tensor] = {}

    def at(self, completed: int, part: int, truth: Tensor, device: torch.device) -> Progress | None:
        """Of the sub-batch `part`, from 1, after so many updates; None where no layer reads it.

        truth: (N, truths) on any device.
        """
        if not self._needs:
            return None
        if part == 1:
            channels = {i: need.averaged for i, need in self._needs.items() if need.averaged}
            self._averages = {i: torch.zeros(2, c, device=device) for i, c in channels.items()}
        now = torch.full((), float(completed), device=device)
        number = torch.full((), float(part), device=device)
        return Progress(now, number, self._boxes(truth, device), self._averages)

    def _boxes(self, truth: Tensor, device: torch.device) -> Tensor:
        """(N, T, 4)."""
        if not self._reads_boxes:
            return torch.zeros(len(truth), 0, 4, device=device)
        labels = truth.reshape(len(truth), -1, self._label_size)
        return labels[..., :4].contiguous().to(device, non_blocking=True)
