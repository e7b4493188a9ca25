"""What is found, matched with the labels batch by batch: a few numbers per entry are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.average_precision import (
    UNMATCHED,
    Integers,
    Mask,
    Matches,
    Objects,
    match,
)
from darknet_py.evaluate.finding import Batch, Entries
from darknet_py.evaluate.truths import Truths

COUNTED = 5
"""Columns that are kept of every entry, before those that are kept when asked for."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything an evaluation has seen, for pictures of it and for other scores.

    images: paths. sizes: (N, 2) width and height in pixels. truth: for each entry the row of its
    label in `truths`, -1 for none.
    """

    images: tuple[str, ...]
    sizes: Integers
    truths: Truths
    entries: Entries
    truth: Integers


@dataclass
class Tally:
    """Grows by a batch at a time; keeps the boxes only when `keep` says so."""

    iou_thresh: float
    truths: Truths
    difficult: Truths | None
    keep: bool
    parts: list[tuple[NDArray[Any], ...]] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Match what was found in the pictures of a batch."""
        entries = batch.entries()
        last = batch.first + len(batch.sizes)
        found = Objects(entries.image, entries.class_id, entries.boxes)
        rows = self.truths.rows(batch.first, last)
        matches = match(found, self.truths.objects.select(rows), self.iou_thresh)
        offset = np.where(matches.truth == UNMATCHED, 0, rows.start)
        counted = ~self._excused(found, matches, batch.first, last)
        columns = (entries.score, entries.class_id, matches.truth + offset, matches.iou, counted)
        boxes = (entries.image, entries.boxes) if self.keep else ()
        self.parts.append((*columns, *boxes))
        self.sizes += batch.sizes if self.keep else ()

    def _excused(self, found: Objects, matches: Matches, first: int, last: int) -> Mask:
        """Unmatched entries that lie on a difficult object: they do not count in the AP.

        At the threshold the C program counts them as misses all the same.
        """
        free = matches.truth == UNMATCHED
        if self.difficult is None:
            return np.zeros_like(free)
        labels = self.difficult.objects.select(self.difficult.rows(first, last))
        return free & (match(found, labels, self.iou_thresh).truth != UNMATCHED)

    def columns(self) -> list[NDArray[Any]]:
        """Score, class, label, IoU and whether it counts in the AP, of all entries."""
        return self._joined()[:COUNTED]

    def evidence(self, images: Sequence[str]) -> Evidence | None:
        """All that was seen in the images, if it was to be kept."""
        if not self.keep:
            return None
        score, class_id, truth, _, _, image, boxes = self._joined()
        entries = Entries(image, class_id, score, boxes)
        return Evidence(tuple(images), np.array(self.sizes), self.truths, entries, truth)

    def _joined(self) -> list[NDArray[Any]]:
        return [np.concatenate(column) for column in zip(*self.parts, strict=True)]
