"""The boxes a network proposes for a batch of images, as one table of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.detect.finite_rows import finite_rows


@dataclass(frozen=True, eq=False)
class Candidates:
    """K boxes with their scores, all tensors on one device.

    image: int64 (K), the index of the box's image in the batch.
    boxes: (K, 4) centre x, y, width, height relative to the image (1 = its whole side).
    objectness: (K) in [0, 1].
    scores: (K, C) in [0, 1], 0 where a class is not above the threshold.
    not_finite: the image of each box that `finite` left out.
    embeddings: (K, E), None where nobody asked for any.
    """

    image: Tensor
    boxes: Tensor
    objectness: Tensor
    scores: Tensor
    not_finite: tuple[int, ...] = ()
    embeddings: Tensor | None = None

    def __len__(self) -> int:
        return self.image.shape[0]

    def select(self, rows: Tensor) -> Candidates:
        """The rows named by a boolean mask (K) or by an int64 index, in the index's order."""
        if rows.dtype == torch.bool:
            rows = rows.nonzero()[:, 0]
        parts = (self.image, self.boxes, self.objectness, self.scores)
        image, boxes, objectness, scores = (part.index_select(0, rows) for part in parts)
        more = None if self.embeddings is None else self.embeddings.index_select(0, rows)
        return Candidates(image, boxes, objectness, scores, embeddings=more)

    def of_image(self, number: int) -> Candidates:
        """The rows of one image of the batch, in order."""
        return self.select(self.image == number)

    def drop(self, rows: NDArray[np.int64], columns: NDArray[np.int64] | None) -> None:
        """Set scores to 0 in place, where they are; without columns the objectness as well."""
        if columns is None:
            self.objectness[rows] = 0
            self.scores[rows] = 0
        else:
            self.scores[rows, columns] = 0

    def finite(self, sides: NDArray[np.float32]) -> Candidates:
        """The rows whose scores and whose edges in pixels are finite; of the CPU's memory.

        sides: (K, 2) width and height in pixels of each row's image. Weights that are damaged or
        that a training has blown up give others, which no file and no drawing can hold.
        """
        boxes, scores, objectness = (
            part.numpy() for part in (self.boxes, self.scores, self.objectness)
        )
        kept = finite_rows(boxes, objectness, scores, sides)
        if kept.all():
            return self
        others = self.image.numpy()[~kept]
        return replace(self.select(torch.from_numpy(kept)), not_finite=tuple(others.tolist()))

    def with_scores(self, scores: Tensor) -> Candidates:
        """The same boxes with other scores (K, C)."""
        return replace(self, scores=scores)

    def cpu(self) -> Candidates:
        """The same rows in the CPU's memory, fetched from a device in one copy."""
        if self.scores.device.type == "cpu":
            return self
        if self.embeddings is not None:
            return replace(replace(self, embeddings=None).cpu(), embeddings=self.embeddings.cpu())
        if not len(self):
            return Candidates.empty(self.scores.shape[1])
        # float32 holds every number of an image: no batch has 2**24.
        columns = [self.image.float()[:, None], self.boxes, self.objectness[:, None], self.scores]
        image, boxes, objectness, scores = (
            torch.cat(columns, dim=1).cpu().split([1, 4, 1, self.scores.shape[1]], dim=1)
        )
        return Candidates(
            image[:, 0].long(),
            boxes.contiguous(),
            objectness[:, 0].contiguous(),
            scores.contiguous(),
        )

    @staticmethod
    def empty(classes: int, device: torch.device | str = "cpu") -> Candidates:
        """No boxes of a given number of classes."""
        return Candidates(
            torch.zeros(0, dtype=torch.int64, device=device),
            torch.zeros(0, 4, device=device),
            torch.zeros(0, device=device),
            torch.zeros(0, classes, device=device),
        )

    @staticmethod
    def join(parts: Sequence[Candidates]) -> Candidates:
        """The rows of one or more tables with the same classes, one table after the other."""
        return Candidates(
            torch.cat([part.image for part in parts]),
            torch.cat([part.boxes for part in parts]),
            torch.cat([part.objectness for part in parts]),
            torch.cat([part.scores for part in parts]),
            embeddings=_joined([part.embeddings for part in parts]),
        )


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    there = [part for part in parts if part is not None]
    return torch.cat(there) if there else None
