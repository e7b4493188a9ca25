"""Numbers that objects keep from frame to frame by what they look like: AlexeyAB's tracker.

A box is taken for an object of one of the frames before whose embedding is most similar, of the
same class, where the similarity is above a threshold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.boxes import iou
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes, Floats, Integers
from darknet_py.errors import DarknetError
from darknet_py.layers.box_embeddings import TrackRule


@dataclass(frozen=True)
class Seen:
    """The boxes of a frame, or of several. counts: frames before in which each was seen."""

    boxes: Floats
    embeddings: Floats
    classes: Integers
    tracks: Integers
    counts: Integers

    @staticmethod
    def together(frames: Iterable[Seen]) -> Seen:
        rows = [(f.boxes, f.embeddings, f.classes, f.tracks, f.counts) for f in frames]
        return Seen(*(np.concatenate(column) for column in zip(*rows, strict=True)))


class EmbeddingTracker:
    """Gives the objects of one moving image their numbers, frame after frame."""

    def __init__(self, rule: TrackRule) -> None:
        self.rule = rule
        self._frames: deque[Seen] = deque(maxlen=max(0, rule.history))
        self._next = 1

    def update(
        self, xywhn: Floats, class_id: Integers, embedding: Floats
    ) -> tuple[Integers, NDArray[np.bool_]]:
        """The number of each box of the next frame, int64 (K,), 0 where it has none yet, and
        whether it is shown, (K,): it has been seen often enough.

        xywhn: (K, 4) centre x, y, width, height. class_id: (K,). embedding: (K, E), E as of all
        frames before. Call it for frames without boxes too.
        """
        tracks, counts = np.zeros(len(xywhn), np.int64), np.zeros(len(xywhn), np.int64)
        new = Seen(xywhn, embedding, class_id, tracks, counts)
        if self._frames:
            # Of pairs that are equally similar, which C takes in any order, the latest comes first.
            self._match(new, Seen.together(reversed(self._frames)))
        for row in np.flatnonzero((tracks == 0) & (counts > self.rule.least_numbered)):
            tracks[row], self._next = self._next, self._next + 1
        self._frames.append(new)
        return tracks.copy(), counts >= self.rule.least_shown

    def _match(self, new: Seen, old: Seen) -> None:
        """Fills in tracks and counts of the new ones.

        As in C a new box is not taken out once it has its number: a later pair, less similar by
        embedding but more with the overlap counted in, gives it another, and the first is gone.
        """
        best, taken = np.zeros(len(new.tracks)), set[int]()
        free = np.ones(len(old.tracks), np.bool_)
        for old_row, new_row, similarity in self._pairs(new, old):
            track = int(old.tracks[old_row])
            if not free[old_row] or track in taken or similarity <= best[new_row]:
                continue
            best[new_row], free[old_row] = similarity, False
            new.tracks[new_row], new.counts[new_row] = track, old.counts[old_row] + 1
            if track:
                taken.add(track)

    def _pairs(self, new: Seen, old: Seen) -> Iterator[tuple[int, int, float]]:
        """Rows of old and new boxes of one class that are similar enough, and how much, the most
        similar by embedding first."""
        cosine = cosines(old.embeddings, new.embeddings)
        share = self.rule.overlap
        similarity = cosine * (1 - share) + overlaps(old.boxes, new.boxes) * share
        enough = (old.classes[:, None] == new.classes) & (similarity > self.rule.similarity)
        old_rows, new_rows = np.nonzero(enough)
        order = np.argsort(-cosine[old_rows, new_rows], kind="stable")
        for old_row, new_row in zip(old_rows[order], new_rows[order], strict=True):
            yield int(old_row), int(new_row), float(similarity[old_row, new_row])


def cosines(first: Floats, second: Floats) -> NDArray[np.float64]:
    """(M, K) of embeddings (M, E) and (K, E), 0 to one of length 0."""
    directions = []
    for embeddings in (first, second):
        rows = embeddings.astype(np.float64)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        directions.append(rows / np.where(length > 0, length, 1))
    return np.asarray(directions[0] @ directions[1].T)


def overlaps(first: Floats, second: Floats) -> NDArray[np.float64]:
    """(M, K) intersection over union of boxes (M, 4) and (K, 4)."""
    a, b = (torch.from_numpy(boxes.astype(np.float64)) for boxes in (first, second))
    return np.asarray(iou(a[:, None], b[None]))


def tracked_by_embeddings(
    results: Iterable[Result], tracker: EmbeddingTracker
) -> Generator[Result, None, None]:
    """The results with `Boxes.track_id`, without the boxes that are not shown yet.

    Rows that are one box with several classes go by its best class. A generator is closed with this
    one. Raises DarknetError for results without embeddings.
    """
    try:
        for result in results:
            best = result.boxes.select(result.best(hidden=True))
            if best.embedding is None:
                raise DarknetError(
                    "the boxes to track have no embeddings; see detect.embedding_engine"
                )
            numbers, shown = tracker.update(best.xywhn, best.class_id, best.embedding)
            yield _numbered(result, best, numbers, shown)
    finally:
        if isinstance(results, Generator):
            results.close()


def _numbered(result: Result, best: Boxes, numbers: Integers, shown: NDArray[np.bool_]) -> Result:
    found = dict(zip(best.box.tolist(), zip(numbers, shown, strict=True), strict=True))
    rows = [found[box] for box in result.boxes.box.tolist()]
    tracks = np.array([number for number, _ in rows], np.int64)
    boxes = replace(result.boxes, track_id=tracks)
    return replace(result, boxes=boxes).select(np.array([there for _, there in rows], np.bool_))
