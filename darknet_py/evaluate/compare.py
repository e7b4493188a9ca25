"""Two runs compared: which images, classes and boxes differ, and by how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from darknet_py.errors import DataError
from darknet_py.evaluate.formats.reading import BoxTable
from darknet_py.evaluate.matching import Integers, Objects, match_one_to_one
from darknet_py.options.evaluation import CompareOptions

SAME_OBJECT_IOU = 0.5
"""Boxes that overlap by more are one object in both runs."""


@dataclass(frozen=True)
class Tolerance:
    """What still counts as the same box: scores that differ by no more, IoU that is no less."""

    score: float = CompareOptions.score
    iou: float = CompareOptions.iou


@dataclass(frozen=True)
class DetectionDifference:
    """One box that differs. kind: "moved", "renamed", "only in A" or "only in B".

    name and score: (A, B), "" and 0 where a run has none. iou: of the two boxes, 0 for one.
    """

    image: str
    kind: str
    name: tuple[str, str]
    score: tuple[float, float]
    iou: float

    def __str__(self) -> str:
        words = [f"{name} {score:.4f}" for name, score in zip(self.name, self.score, strict=True)]
        if self.kind.startswith("only"):
            return f"{self.image}: {words[self.kind.endswith('B')]} {self.kind}"
        return f"{self.image}: {self.kind} {' -> '.join(words)}, IoU {self.iou:.4f}"


@dataclass(frozen=True)
class Comparison:
    """same: boxes alike in both runs. images: (in both, only in A, only in B). differences: by
    image. score, iou: largest difference of scores and least overlap of matched boxes."""

    boxes: tuple[int, int]
    images: tuple[int, int, int]
    same: int
    score: float
    iou: float
    differences: tuple[DetectionDifference, ...]

    def lines(self, shown: int) -> Iterator[str]:
        """The comparison in words, with the first `shown` differences."""
        both, only_a, only_b = self.images
        yield f"{both} images in both runs, {only_a} only in A, {only_b} only in B"
        kinds = Counter(one.kind for one in self.differences)
        words = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
        counts = f"{self.boxes[0]} boxes in A, {self.boxes[1]} in B: {self.same} the same"
        yield ", ".join([counts, *words])
        most = f"scores differ by at most {self.score:.6f}, IoU is at least {self.iou:.6f}"
        yield f"of boxes in both: {most}"
        if not self.differences:
            return
        yield from self._by("class", Counter(_class_of(one) for one in self.differences), shown)
        yield from self._by("image", Counter(one.image for one in self.differences), shown)
        yield from map(str, self.differences[:shown])
        left = len(self.differences) - shown
        if left > 0:
            yield f"and {left} more; --show {len(self.differences)} shows all"

    def _by(self, what: str, counts: Counter[str], shown: int) -> Iterator[str]:
        most = ", ".join(f"{name} {count}" for name, count in counts.most_common(shown))
        yield f"differences by {what}: {most}"


def _class_of(one: DetectionDifference) -> str:
    return one.name[0] or one.name[1]


def compare_boxes(a: BoxTable, b: BoxTable, tolerance: Tolerance) -> Comparison:
    """The boxes of two runs; raises DataError when their coordinates are in other units."""
    if a.boxes.size and b.boxes.size and a.unit != b.unit:
        message = f"boxes in {a.unit} cannot be compared with boxes in {b.unit}"
        raise DataError(f"{message}; compare files of one form")
    first, second = _objects(a, b)
    left, right, overlap = match_one_to_one(first, second, SAME_OBJECT_IOU)
    change = np.abs(a.score[left] - b.score[right])
    alike = (change <= tolerance.score) & (overlap >= tolerance.iou)
    moved = (left[~alike], right[~alike], overlap[~alike])
    differences = [_pair(a, b, "moved", row) for row in zip(*moved, strict=True)]
    differences += _unmatched(a, b, (first, second), (left, right))
    both = set(a.images) & set(b.images)
    return Comparison(
        (len(a.score), len(b.score)),
        (len(both), len(set(a.images) - both), len(set(b.images) - both)),
        int(alike.sum()),
        float(change.max(initial=0)),
        float(overlap.min(initial=1)),
        tuple(sorted(differences, key=lambda one: one.image)),
    )


def _objects(a: BoxTable, b: BoxTable) -> tuple[Objects, Objects]:
    """Both tables with the same numbers for the same images and classes."""
    images = {name: k for k, name in enumerate(dict.fromkeys((*a.image, *b.image)))}
    classes = {name: k for k, name in enumerate(dict.fromkeys((*a.name, *b.name)))}

    def numbered(table: BoxTable) -> Objects:
        image = np.array([images[name] for name in table.image], np.int64)
        class_id = np.array([classes[name] for name in table.name], np.int64)
        return Objects(image, class_id, table.boxes)

    return numbered(a), numbered(b)


def _unmatched(
    a: BoxTable, b: BoxTable, objects: tuple[Objects, Objects], matched: tuple[Integers, Integers]
) -> list[DetectionDifference]:
    """The boxes without a match of their class: of another class in the other run, or alone."""
    rest_a, rest_b = (
        np.setdiff1d(np.arange(len(some)), rows)
        for some, rows in zip(objects, matched, strict=True)
    )
    others = objects[0].select(rest_a).classless(), objects[1].select(rest_b).classless()
    one, other, overlap = match_one_to_one(others[0], others[1], SAME_OBJECT_IOU)
    renamed = zip(rest_a[one], rest_b[other], overlap, strict=True)
    differences = [_pair(a, b, "renamed", row) for row in renamed]
    differences += [_alone(a, "only in A", row) for row in np.delete(rest_a, one).tolist()]
    return differences + [_alone(b, "only in B", row) for row in np.delete(rest_b, other).tolist()]


def _pair(a: BoxTable, b: BoxTable, kind: str, row: tuple[Any, Any, Any]) -> DetectionDifference:
    left, right, iou = int(row[0]), int(row[1]), float(row[2])
    names, scores = (a.name[left], b.name[right]), (float(a.score[left]), float(b.score[right]))
    return DetectionDifference(a.image[left], kind, names, scores, iou)


def _alone(table: BoxTable, kind: str, row: int) -> DetectionDifference:
    name, score = table.name[row], float(table.score[row])
    if kind.endswith("A"):
        return DetectionDifference(table.image[row], kind, (name, ""), (score, 0.0), 0.0)
    return DetectionDifference(table.image[row], kind, ("", name), (0.0, score), 0.0)


METRICS = ("mAP", "precision", "recall", "f1", "average_iou", "TP", "FP", "FN", "detections_count")


def metric_lines(a: dict[str, Any], b: dict[str, Any], shown: int) -> Iterator[str]:
    """Two files of `map` in words: eval configs, totals and the APs that differ, largest first."""
    with_a, with_b = a["computed_with"], b["computed_with"]
    for key in dict.fromkeys((*with_a, *with_b)):
        if with_a.get(key) != with_b.get(key):
            yield f"computed with {key}: {with_a.get(key)} -> {with_b.get(key)}"
    for key in ("image_set", "cfg", "weights", "thresh", *METRICS):
        if a.get(key) != b.get(key):
            yield f"{key}: {_metric(a.get(key))} -> {_metric(b.get(key))}"
    rows_a, rows_b = ({row["name"]: row for row in run["classes"]} for run in (a, b))
    for name in rows_a.keys() ^ rows_b.keys():
        yield f"class {name} only in {'A' if name in rows_a else 'B'}"
    changes = [(rows_b[n]["ap"] - row["ap"], n) for n, row in rows_a.items() if n in rows_b]
    changed = sorted((pair for pair in changes if pair[0]), key=lambda pair: -abs(pair[0]))
    yield f"{len(changed)} of {len(changes)} classes have another AP"
    for change, name in changed[:shown]:
        before, after = rows_a[name]["ap"], rows_b[name]["ap"]
        yield f"{name}: AP {before:.4f} -> {after:.4f} ({change:+.4f})"


def _metric(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def compare(
    a: BoxTable | dict[str, Any], b: BoxTable | dict[str, Any], tolerance: Tolerance, shown: int
) -> Sequence[str]:
    """Two result files in words; raises DataError when one has boxes and the other metrics."""
    if isinstance(a, BoxTable) and isinstance(b, BoxTable):
        return list(compare_boxes(a, b, tolerance).lines(shown))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(metric_lines(a, b, shown))
    raise DataError("one run has boxes, the other the metrics of map; compare files of one kind")
