"""The memory of a pass, taken from those that are free, so that several may run at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.engines.native.placement import Placement, View
from darknet_py.layers.base import INPUT


@dataclass(frozen=True)
class WorkspaceSize:
    """images: of the batch. scratch: floats that all threads work in. zeros: floats that stay 0."""

    images: int
    placement: Placement
    scratch: int
    zeros: int


class Workspace:
    """memory: the outputs; views: of each layer's, (N, C, H, W)."""

    def __init__(self, size: WorkspaceSize) -> None:
        self.memory = torch.empty(size.placement.floats)
        self.scratch = torch.empty(size.scratch)
        self.zeros = torch.zeros(size.zeros)
        self.views = {
            index: self._view(size.images, view)
            for index, view in size.placement.views.items()
            if view.root != INPUT
        }

    def _view(self, images: int, view: View) -> Tensor:
        c, h, w = view.shape
        strides = (h * w * view.pitch, 1, w * view.pitch, view.pitch)
        return self.memory.as_strided((images, c, h, w), strides, view.offset + view.channel)


class Workspaces:
    """As many as were ever needed at once."""

    def __init__(self, size: WorkspaceSize) -> None:
        self._size = size
        self._free: list[Workspace] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Workspace]:
        """One that nobody else uses meanwhile."""
        with self._lock:
            workspace = self._free.pop() if self._free else None
        workspace = workspace or Workspace(self._size)
        try:
            yield workspace
        finally:
            with self._lock:
                self._free.append(workspace)
