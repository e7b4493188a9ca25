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
from darknet_py.detect.greedy_suppression import fixed_point
from darknet_py.detect.overlaps import Flags, Indices
from darknet_py.detect.tiles import TileWindow

Doubles = NDArray[np.float64]
"""Edges are (K, 4) left, top, right, bottom in pixels of the image."""

CUT_MARGIN = 0.02
EDGE_MARGIN = 0.1
"""Of a tile's side, and of a box's: one that comes so near to a border inside of the image is that
of a part. The edges of large boxes are found less exactly."""
LEAST_SHARE = 0.5
"""Of the smaller of two boxes: what they have in common when they are of one object."""
BLOCK = 1 << 20
"""Pairs that are compared at once."""


@dataclass(frozen=True, eq=False)
class TiledCandidates:
    """The boxes of an image and of its tiles, in the main memory.

    table: relative to the image. view: (K,) what each was found in, rising: 0 the image as a whole,
    n the tile n - 1. edges: of the boxes. cut: (K,) whether they end at a border of their tile that
    lies inside of the image. near: (V, V) which views share pixels.
    """

    table: Candidates
    view: Indices
    edges: Doubles
    cut: Flags
    near: Flags

    @staticmethod
    def of(
        parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
    ) -> TiledCandidates:
        """The boxes that have a score.

        parts: relative to the image as a whole, and to each tile of `windows`. size: of the image.
        """
        kept = [part.select((part.scores > 0).any(dim=1)) for part in parts]
        view = np.repeat(np.arange(len(kept)), [len(part) for part in kept])
        views, found = _view_edges(windows, size), Candidates.join(kept)
        edges = _edges(found.boxes.numpy(), views[view])
        boxes = found.boxes.clone()
        boxes[view > 0] = _relative(edges[view > 0], size)
        table = replace(found, boxes=boxes, image=torch.zeros_like(found.image))
        near = _shared_areas(views[:, None], views[None]) > 0
        return TiledCandidates(table, view, edges, _cut(edges, views[view], size), near)

    def select(self, kept: Flags) -> TiledCandidates:
        table = self.table.select(torch.from_numpy(kept))
        return TiledCandidates(table, self.view[kept], self.edges[kept], self.cut[kept], self.near)

    def pairs(self, others: Flags) -> tuple[Indices, Indices]:
        """Rows of parts, each with one of `others` (K,) that is of another view, has a class in
        common with it, and overlaps it enough."""
        none = np.zeros(0, np.int64)
        found = [(none, none), *self._near_pairs(others)]
        first, second = (np.concatenate(rows) for rows in zip(*found, strict=True))
        return first, second

    def _near_pairs(self, others: Flags) -> Iterator[tuple[Indices, Indices]]:
        """View by view, as only boxes of views that share pixels overlap."""
        scored, areas = self.table.scores.numpy() > 0, _areas(self.edges)
        for view in np.unique(self.view[self.cut]):
            parts = np.flatnonzero(self.cut & (self.view == view))
            near = self.near[view][self.view] & (self.view != view)
            rest = np.flatnonzero(others & near)
            step = max(1, BLOCK // max(1, len(rest)))
            for start in range(0, len(parts), step):
                some = parts[start : start + step]
                shared = _shared_areas(self.edges[some, None], self.edges[None, rest])
                least = np.minimum(areas[some, None], areas[None, rest])
                one, other = np.nonzero(shared > LEAST_SHARE * least)
                first, second = some[one], rest[other]
                same = (scored[first] & scored[second]).any(axis=1)
                yield first[same], second[same]


def all_parts(
    parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
) -> Candidates:
    """The boxes of an image and of its tiles as they were found, relative to the image."""
    return TiledCandidates.of(parts, windows, size).table


def without_parts(
    parts: Sequence[Candidates], windows: Sequence[TileWindow], size: tuple[int, int]
) -> Candidates:
    """The boxes of an image and of its tiles, those of parts left out or put together.

    parts: relative to the image as a whole, and to each tile of `windows`, suppressed. size: width
    and height of the image in pixels. An object may still be there twice, as two tiles have it.
    """
    pieces = TiledCandidates.of(parts, windows, size)
    first, second = pieces.pairs(~pieces.cut)
    shared = _shared_areas(pieces.edges[first], pieces.edges[second])
    # Of the part's own area: a small box in front of a part does not stand for it.
    covered = np.zeros(len(pieces.view), np.bool_)
    covered[first[shared > LEAST_SHARE * _areas(pieces.edges[first])]] = True
    return _united(pieces.select(~covered), size)


def _united(pieces: TiledCandidates, size: tuple[int, int]) -> Candidates:
    """The boxes, parts that overlap as one box, which is as confident as any of them."""
    lost, taker = _absorbed(pieces)
    if not len(lost):
        return pieces.table
    table, edges = pieces.table, pieces.edges.copy()
    np.minimum.at(edges[:, :2], taker, edges[lost, :2])
    np.maximum.at(edges[:, 2:], taker, edges[lost, 2:])
    scores, objectness = table.scores.numpy().copy(), table.objectness.numpy().copy()
    np.maximum.at(scores, taker, scores[lost])
    np.maximum.at(objectness, taker, objectness[lost])
    boxes = table.boxes.clone()
    boxes[taker] = _relative(edges[taker], size)
    grown = Candidates(table.image, boxes, torch.from_numpy(objectness), torch.from_numpy(scores))
    left = np.ones(len(grown), np.bool_)
    left[lost] = False
    return grown.select(torch.from_numpy(left))


def _absorbed(pieces: TiledCandidates) -> tuple[Indices, Indices]:
    """Parts that become a part of a more confident one, and the most confident that takes each.

    What is taken takes no others, so that a crowd does not become one box.
    """
    first, second = pieces.pairs(pieces.cut)
    confidence = pieces.table.scores.numpy().max(axis=1, initial=0)
    order = np.argsort(-confidence, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    better = rank[first] < rank[second]
    first, second = first[better], second[better]
    gone = fixed_point(first, second, len(order))
    takes = ~gone[first]
    best = np.full(len(order), len(order))
    np.minimum.at(best, second[takes], rank[first[takes]])
    lost = np.flatnonzero(gone)
    return lost, order[best[lost]]


def _view_edges(windows: Sequence[TileWindow], size: tuple[int, int]) -> Doubles:
    """Edges of the image as a whole and of each tile."""
    whole = TileWindow(0, 0, *size)
    rows = [(w.left, w.top, w.left + w.width, w.top + w.height) for w in (whole, *windows)]
    return np.array(rows, np.float64)


def _edges(boxes: NDArray[np.float32], views: Doubles) -> Doubles:
    """Of boxes (K, 4) in centre form that are relative to views with such edges (K, 4)."""
    sides = views[:, 2:] - views[:, :2]
    middle, half = views[:, :2] + boxes[:, :2] * sides, boxes[:, 2:] * sides / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _relative(edges: Doubles, size: tuple[int, int]) -> torch.Tensor:
    """Float32 (K, 4) boxes in centre form, relative to the image."""
    low, high = edges[:, :2] / size, edges[:, 2:] / size
    boxes = np.concatenate([(low + high) / 2, high - low], axis=1)
    return torch.from_numpy(boxes.astype(np.float32))


def _cut(edges: Doubles, views: Doubles, size: tuple[int, int]) -> Flags:
    """Which boxes end at a border of their views that is none of the image."""
    margin = CUT_MARGIN * _sides(views) + EDGE_MARGIN * _sides(edges)
    inwards = (edges - views) * np.array([1, 1, -1, -1])
    inside = views != np.array([0, 0, *size])
    return np.asarray((inside & (inwards < margin)).any(axis=1))


def _sides(edges: Doubles) -> Doubles:
    """(K, 4) width, height, width, height."""
    return np.tile(edges[:, 2:] - edges[:, :2], 2)


def _areas(edges: Doubles) -> Doubles:
    return np.asarray((edges[:, 2:] - edges[:, :2]).prod(axis=1))


def _shared_areas(one: Doubles, other: Doubles) -> Doubles:
    """(...) of edges (..., 4) that broadcast, 0 where they are apart."""
    return _shared_sides(one, other, 0) * _shared_sides(one, other, 1)


def _shared_sides(one: Doubles, other: Doubles, axis: int) -> Doubles:
    shared = np.minimum(one[..., axis + 2], other[..., axis + 2])
    shared -= np.maximum(one[..., axis], other[..., axis])
    return np.maximum(shared, 0, out=shared)
