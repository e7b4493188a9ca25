"""Detections matched with the labels batch by batch: a few numbers per entry are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from darknet_py.detect.pipeline import Detections, Timing
from darknet_py.evaluate.eval_pipeline import Entries, entries_of
from darknet_py.evaluate.ground_truth import GroundTruth
from darknet_py.evaluate.matching import UNMATCHED, Integers, Mask, Matches, Objects, match

COUNTED = [("score", "f4"), ("class_id", "i4"), ("label", "i4"), ("iou", "f4"), ("counted", "?")]
KEPT = [("image", "i4"), ("boxes", "f4", (4,))]
"""Of every entry, and what is kept of it when the boxes are asked for."""
FIRST_ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class MatchedDetections:
    """All entries of an evaluation with their labels, for drawings and for other scores.

    images: paths. sizes: (N, 2) width and height in pixels, 0 of images left out.
    label: for each entry the row of its label in `ground_truth`, -1 for none.
    """

    images: tuple[str, ...]
    sizes: Integers
    ground_truth: GroundTruth
    entries: Entries
    label: Integers


@dataclass(frozen=True, eq=False)
class MatchedBatch:
    """What is kept of a batch. rows: a table of all entries with their labels, by image. numbers,
    sizes: of its images, as in Detections."""

    rows: NDArray[np.void]
    numbers: Integers
    sizes: tuple[tuple[int, int], ...]
    timing: Timing


@dataclass(frozen=True, eq=False)
class Scored:
    """Score, class and label of all K entries. counted: not excused by a difficult object."""

    score: NDArray[np.float32]
    class_id: Integers
    matches: Matches
    counted: Mask


class Accumulator:
    """Grows by a batch at a time; keeps the boxes only when `keep` says so."""

    def __init__(
        self,
        iou_thresh: float,
        ground_truth: GroundTruth,
        difficult: GroundTruth | None,
        keep: bool,
    ) -> None:
        self.iou_thresh, self.ground_truth, self.difficult = iou_thresh, ground_truth, difficult
        self.keep = keep
        self._dtype = np.dtype(COUNTED + KEPT if keep else COUNTED)
        self._rows = _Rows(self._dtype)
        self._sizes: dict[int, tuple[int, int]] = {}

    def matched(self, batch: Detections) -> list[MatchedBatch]:
        """The detections of a batch with their labels, which are not added yet; in parts where
        images of the list are between its own."""
        entries = entries_of(batch)
        numbers = batch.numbers
        first, last = int(numbers[0]), int(numbers[-1]) + 1
        rows = self.ground_truth.rows(first, last)
        matches = match(entries.objects, self.ground_truth.objects.select(rows), self.iou_thresh)
        part = np.empty(len(entries.score), self._dtype)
        part["score"], part["class_id"], part["iou"] = entries.score, entries.class_id, matches.iou
        part["label"] = matches.label + np.where(matches.label == UNMATCHED, 0, rows.start)
        part["counted"] = ~self._excused(entries.objects, matches, first, last)
        if self.keep:
            part["image"], part["boxes"] = entries.image, entries.boxes
        return _in_runs(MatchedBatch(part, numbers, batch.sizes, batch.timing), entries.image)

    def add(self, batch: MatchedBatch) -> None:
        self._rows.extend(len(batch.rows))[:] = batch.rows
        if self.keep:
            self._sizes.update(zip(batch.numbers.tolist(), batch.sizes, strict=True))

    def _excused(self, entries: Objects, matches: Matches, first: int, last: int) -> Mask:
        """Unmatched entries that lie on a difficult object: they do not count in the AP.

        At the threshold the C program counts them as misses all the same.
        """
        free = matches.label == UNMATCHED
        if self.difficult is None:
            return np.zeros_like(free)
        labels = self.difficult.objects.select(self.difficult.rows(first, last))
        return free & (match(entries, labels, self.iou_thresh).label != UNMATCHED)

    def leave_out(self, images: Sequence[int]) -> None:
        """Forget the labels of images that could not be read; they have no detections."""
        if images:
            self.ground_truth, row = self.ground_truth.without(images)
            label = self._rows.all()["label"]
            label[label != UNMATCHED] = row[label[label != UNMATCHED]]

    def scored(self) -> Scored:
        """All entries, in the order in which they came."""
        rows = self._rows.all()
        label, class_id = rows["label"].astype(np.int64), rows["class_id"].astype(np.int64)
        score, iou = rows["score"].copy(), rows["iou"].copy()
        return Scored(score, class_id, Matches(label, iou), rows["counted"].copy())

    def all_matched(self, images: Sequence[str]) -> MatchedDetections | None:
        """All entries with their boxes, if these were to be kept."""
        if not self.keep:
            return None
        rows, scored = self._rows.all(), self.scored()
        label = scored.matches.label
        image, boxes = rows["image"].astype(np.int64), rows["boxes"].copy()
        entries = Entries(image, scored.class_id, scored.score, boxes)
        unknown = (0, 0)
        sizes = np.array([self._sizes.get(k, unknown) for k in range(len(images))], np.int64)
        return MatchedDetections(
            tuple(images), sizes.reshape(-1, 2), self.ground_truth, entries, label
        )


def _in_runs(batch: MatchedBatch, image: Integers) -> list[MatchedBatch]:
    """A part for each run of numbers; the time is the first one's. image: of each row."""
    gaps = np.flatnonzero(np.diff(batch.numbers) != 1) + 1
    if not len(gaps):
        return [batch]
    edges = [0, *gaps.tolist(), len(batch.numbers)]
    rows = np.split(batch.rows, np.searchsorted(image, batch.numbers[gaps]))
    times = [batch.timing, *[Timing()] * len(gaps)]
    return [
        MatchedBatch(part, batch.numbers[first:last], batch.sizes[first:last], timing)
        for part, first, last, timing in zip(rows, edges, edges[1:], times, strict=False)
    ]


@dataclass
class _Rows:
    """A table that grows in one piece: many small arrays would leave holes in the memory."""

    dtype: np.dtype[np.void]
    length: int = 0
    table: NDArray[np.void] = field(init=False)

    def __post_init__(self) -> None:
        self.table = np.empty(FIRST_ROWS, self.dtype)

    def extend(self, count: int) -> NDArray[np.void]:
        """The next `count` rows, to be filled."""
        first, self.length = self.length, self.length + count
        if self.length > len(self.table):
            grown = np.empty(max(self.length, 2 * len(self.table)), self.dtype)
            grown[:first] = self.table[:first]
            self.table = grown
        return self.table[first : self.length]

    def all(self) -> NDArray[np.void]:
        return self.table[: self.length]
