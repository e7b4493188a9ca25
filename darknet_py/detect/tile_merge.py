"""One table of boxes out of those of an image and of its tiles.

An object that the border of a tile cuts is found in parts. A part that a box without a cut covers
goes; parts that overlap, and that no such box covers, become one box; then the network's own
suppression finds what was found twice. How much two boxes overlap is here their intersection over
the smaller one's area: a part has a low IoU with the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.nms import fixed_point
from darknet_py.detect.overlaps import Flags, Indices
from darknet_py.detect.tiles import TileWindow

Edges = NDArray[np.float64]
"""(K, 4) left, top, right, bottom in pixels of the image."""

CUT_MARGIN = 0.01
"""Of a tile's side: a box that comes so near to a border inside of the image is that of a part."""
LEAST_SHARE = 0.5
"""Of the smaller of two boxes: what they have in common when they are of one object."""
BLOCK = 1 << 20
"""Pairs that are compared at once."""


@dataclass(frozen=True, eq=False)
class TiledCandidates:
    """The boxes of an image and of its tiles, in the memory of the CPU.

    table: relative to the image. view: (K,) what each was found in, rising: 0 the image as a whole,
    n the tile n - 1. edges: of the boxes. cut: (K,) whether they end at a tile's border that lies
    inside of the image. near: (V, V) which views share pixels.
    """

    table: Candidates
    view: Indices
    edges: Edges
    cut: Flags
    near: Flags

    @staticmethod
    def of(
        parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
    ) -> TiledCandidates:
        """parts: relative to the image as a whole, and to each tile. Boxes without a score are left
        out."""
        kept = [part.select((part.scores > 0).any(dim=1)) for part in parts]
        view = np.repeat(np.arange(len(kept)), [len(part) for part in kept])
        table = Candidates.join(kept)
        frames = np.array(
            [(0, 0, *size), *((w.left, w.top, w.width, w.height) for w in windows)], np.float64
        )
        frames = np.concatenate([frames[:, :2], frames[:, :2] + frames[:, 2:]], axis=1)
        edges = _moved(table.boxes.numpy(), frames[view])
        boxes = table.boxes.clone()
        boxes[view > 0] = _boxes(edges[view > 0], size)
        cut = _cut(edges, frames[view], size)
        return TiledCandidates(
            replace(table, boxes=boxes, image=torch.zeros_like(table.image)),
            view,
            edges,
            cut,
            _area_shared(frames[:, None], frames[None]) > 0,
        )

    def select(self, kept: Flags) -> TiledCandidates:
        table = self.table.select(torch.from_numpy(kept))
        return TiledCandidates(table, self.view[kept], self.edges[kept], self.cut[kept], self.near)

    def pairs(self, others: Flags) -> tuple[Indices, Indices, NDArray[np.float64]]:
        """Rows of parts, each with one of `others` (K,) that was found in another view, has a class
        in common with it, and overlaps it enough; and the shares of the parts' own areas."""
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64)), *self._near_pairs(others)]
        first, second = (np.concatenate(rows) for rows in zip(*found, strict=True))
        share = _area_shared(self.edges[first], self.edges[second]) / _areas(self.edges[first])
        return first, second, share

    def _near_pairs(self, others: Flags) -> Iterator[tuple[Indices, Indices]]:
        scored, areas = self.table.scores.numpy() > 0, _areas(self.edges)
        for view in np.unique(self.view[self.cut]):
            parts = np.flatnonzero(self.cut & (self.view == view))
            near = self.near[view][self.view] & (self.view != view)
            whole = np.flatnonzero(others & near)
            step = max(1, BLOCK // max(1, len(whole)))
            for start in range(0, len(parts), step):
                some = parts[start : start + step]
                shared = _area_shared(self.edges[some, None], self.edges[None, whole])
                least = np.minimum(areas[some, None], areas[None, whole])
                one, other = np.nonzero(shared > LEAST_SHARE * least)
                first, second = some[one], whole[other]
                same = (scored[first] & scored[second]).any(axis=1)
                yield first[same], second[same]


def without_parts(
    parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
) -> Candidates:
    """The boxes of an image and of its tiles, those of parts put together.

    parts: relative to the image as a whole, and to each tile of `windows`, suppressed. size: of the
    image in pixels. The same object may still be there twice, as it was found in two tiles.
    """
    pieces = TiledCandidates.of(parts, windows, size)
    first, _, share = pieces.pairs(~pieces.cut)
    covered = np.zeros(len(pieces.view), np.bool_)
    covered[first[share > LEAST_SHARE]] = True
    return _united(pieces.select(~covered), size)


def all_parts(
    parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
) -> Candidates:
    """The same boxes as they were found."""
    return TiledCandidates.of(parts, windows, size).table


def _united(pieces: TiledCandidates, size: tuple[int, int]) -> Candidates:
    """Parts that overlap as one box: the most confident takes in those it overlaps, and is as
    confident as any of them."""
    first, second, _ = pieces.pairs(pieces.cut)
    if not len(first):
        return pieces.table
    table, edges = pieces.table, pieces.edges.copy()
    scores, objectness = table.scores.numpy().copy(), table.objectness.numpy().copy()
    order = np.argsort(-scores.max(axis=1), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    once = rank[first] < rank[second]
    first, second = first[once], second[once]
    gone = fixed_point(first, second, len(order))
    taken = ~gone[first] & gone[second]
    taker = np.full(len(order), len(order))
    np.minimum.at(taker, second[taken], rank[first[taken]])
    lost = np.flatnonzero(gone)
    by = order[taker[lost]]
    np.minimum.at(edges[:, :2], by, edges[lost, :2])
    np.maximum.at(edges[:, 2:], by, edges[lost, 2:])
    np.maximum.at(scores, by, scores[lost])
    np.maximum.at(objectness, by, objectness[lost])
    boxes = table.boxes.clone()
    boxes[by] = _boxes(edges[by], size)
    grown = Candidates(table.image, boxes, torch.from_numpy(objectness), torch.from_numpy(scores))
    return grown.select(torch.from_numpy(~gone))


def _moved(boxes: NDArray[np.float32], frames: Edges) -> Edges:
    """Edges of boxes (K, 4) in centre form that are relative to their frames (K, 4)."""
    sides = frames[:, 2:] - frames[:, :2]
    middle, half = frames[:, :2] + boxes[:, :2] * sides, boxes[:, 2:] * sides / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _boxes(edges: Edges, size: tuple[int, int]) -> torch.Tensor:
    """Float32 (K, 4) in centre form, relative to the image."""
    low, high = edges[:, :2] / size, edges[:, 2:] / size
    boxes = np.concatenate([(low + high) / 2, high - low], axis=1)
    return torch.from_numpy(boxes.astype(np.float32))


def _cut(edges: Edges, frames: Edges, size: tuple[int, int]) -> Flags:
    """Which boxes end at a border of their frames that is none of the image."""
    sides = np.tile(frames[:, 2:] - frames[:, :2], 2)
    margin = np.maximum(1, CUT_MARGIN * sides)
    outwards = np.array([-1, -1, 1, 1])
    inside = frames != np.array([0, 0, *size])
    return np.asarray((inside & ((edges - frames) * outwards > -margin)).any(axis=1))


def _areas(edges: Edges) -> NDArray[np.float64]:
    return np.asarray((edges[..., 2] - edges[..., 0]) * (edges[..., 3] - edges[..., 1]))


def _area_shared(one: Edges, other: Edges) -> NDArray[np.float64]:
    """(...) of edges (..., 4) that broadcast, 0 where they are apart."""
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=-1))
