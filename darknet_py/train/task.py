"""What a training needs to know of its data."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from darknet_py.data.loader import Batch
from darknet_py.train.logs.progress_log import Units


class Task(Protocol):
    """What is trained: where batches come from."""

    @property
    def units(self) -> Units:
        """What the batches are made of."""

    def batches(self, first: int) -> Generator[Batch, None, None]:
        """Batches from the first-th on, counted from 1."""

    def size_at(self, step: int) -> tuple[int, int]:
        """Width and height of the input at a step, counted from 1."""

    def drawn(self, step: int) -> list[str]:
        """The images of a step's batch, if it is made of images."""
