"""`map`: a network over a list of labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from darknet_py.detect.report import head_lines
from darknet_py.errors import DarknetError, DataError
from darknet_py.evaluate.average_precision import (
    UNMATCHED,
    Matches,
    Objects,
    average_precisions,
    count_over,
    match,
    rank,
)
from darknet_py.evaluate.finding import Batch, Clock, Finder, Settings, entries
from darknet_py.evaluate.result import ClassResult, MapResult
from darknet_py.evaluate.truths import Truths, read_truths
from darknet_py.forks import Fork
from darknet_py.network import Network
from darknet_py.opening import head_classes

BATCH = 8
MOST_POINTS = 10_000

Progress = Callable[[int], object]


def evaluate(
    network: Network,
    images: Sequence[str],
    names: Sequence[str],
    *,
    thresh: float = 0.25,
    iou_thresh: float = 0.5,
    points: int = 0,
    difficult: Sequence[str] | None = None,
    class_map: Sequence[int] | None = None,
    device: str | torch.device = "cpu",
    batch: int = BATCH,
    progress: Progress | None = None,
) -> MapResult:
    """AlexeyAB's `detector map` of a network as it stands; the network is left as it is.

    images: paths; labels lie where darknet_py.labelpath says. names: one per class. thresh: for
    TP, FP, FN, precision, recall and IoU; the AP does not depend on it. iou_thresh: a box must
    overlap its label by more. points: 0 (area under the curve), 11 (VOC 2007), 101 (COCO) or any
    other number of recalls. difficult: for each image another path, whose labels excuse a box
    that matches no label. class_map: the network's classes that are numbered 0, 1, ... in names
    and labels (YOLO9000). batch: pictures run at once. progress: told how many pictures are done.

    Raises DataError before anything runs for labels that do not fit, ImageError for a picture.
    """
    clock = Clock()
    names = class_names(network, names, class_map)
    _check_points(points)
    fork = network.graph.fork
    truths = read_truths(images, len(names), fork)
    excused = _difficult(difficult, images, len(names), fork)
    settings = Settings(class_map=tuple(class_map) if class_map is not None else None)
    finder = Finder(network, settings, device)
    tally = _Tally(iou_thresh, truths, excused)
    for found in finder.run(images, batch, clock):
        tally.add(found)
        if progress:
            progress(len(found.sizes))
    return tally.result(network, names, thresh, points, clock)


def class_names(
    network: Network, names: Sequence[str], class_map: Sequence[int] | None
) -> list[str]:
    """One name per class that is evaluated; raises DataError when their number does not fit."""
    classes = head_classes(network.graph)
    if class_map is not None and len(names) == classes:
        strange = [number for number in class_map if not 0 <= number < classes]
        if strange:
            raise DataError(f"the class map names class {strange[0]}, expected 0 to {classes - 1}")
        return [names[number] for number in class_map]
    expected = classes if class_map is None else len(class_map)
    if len(names) != expected:
        raise DataError(f"{len(names)} names for {expected} classes; one name per class is needed")
    return list(names)


def _check_points(points: int) -> None:
    if points and not 2 <= points <= MOST_POINTS:
        raise DarknetError(f"points is {points}, expected 0 (area), 11 (VOC 2007) or 101 (COCO)")


def _difficult(
    difficult: Sequence[str] | None, images: Sequence[str], classes: int, fork: Fork
) -> Truths | None:
    if difficult is None:
        return None
    if len(difficult) != len(images):
        message = f"the difficult list has {len(difficult)} pictures, the other {len(images)}"
        raise DataError(f"{message}; the lists go line by line")
    return read_truths(difficult, classes, fork, needed=False)


@dataclass
class _Tally:
    """What has been found so far, matched batch by batch: a few numbers per entry."""

    iou_thresh: float
    truths: Truths
    difficult: Truths | None
    score: list[np.ndarray] = field(default_factory=list)
    class_id: list[np.ndarray] = field(default_factory=list)
    truth: list[np.ndarray] = field(default_factory=list)
    iou: list[np.ndarray] = field(default_factory=list)
    kept: list[np.ndarray] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        row, class_id, score = entries(batch.found)
        image = batch.found.image[row].numpy() + batch.first
        found = Objects(image, class_id, batch.found.boxes[row].numpy())
        last = batch.first + len(batch.sizes)
        rows = self.truths.rows(batch.first, last)
        matches = match(found, self.truths.objects.select(rows), self.iou_thresh)
        offset = np.where(matches.truth == UNMATCHED, 0, rows.start)
        self.score.append(score)
        self.class_id.append(class_id)
        self.truth.append(matches.truth + offset)
        self.iou.append(matches.iou)
        self.kept.append(~self._excused(found, matches, batch.first, last))

    def _excused(self, found: Objects, matches: Matches, first: int, last: int) -> np.ndarray:
        """Unmatched entries that lie on a difficult object: they do not count in the AP.

        At the threshold the C program counts them as misses all the same.
        """
        free = matches.truth == UNMATCHED
        if self.difficult is None:
            return np.zeros_like(free)
        labels = self.difficult.objects.select(self.difficult.rows(first, last))
        return free & (match(found, labels, self.iou_thresh).truth != UNMATCHED)

    def result(
        self, network: Network, names: Sequence[str], thresh: float, points: int, clock: Clock
    ) -> MapResult:
        classes = len(names)
        score, class_id, kept = (np.concatenate(p) for p in (self.score, self.class_id, self.kept))
        matches = Matches(np.concatenate(self.truth), np.concatenate(self.iou))
        labels = np.bincount(self.truths.objects.class_id, minlength=classes)
        counts = count_over(score, class_id, matches, classes, thresh)
        ranking = rank(score[kept], class_id[kept], matches.truth[kept], labels)
        precisions = average_precisions(ranking, points)
        columns = zip(names, precisions, counts.tp, counts.fp, labels, strict=True)
        rows = tuple(
            ClassResult(number, name, float(ap), int(tp), int(fp), int(truths))
            for number, (name, ap, tp, fp, truths) in enumerate(columns)
        )
        clock.rest += clock.lap()
        return MapResult(
            classes=rows,
            map=float(precisions.mean()),
            tp=int(counts.tp.sum()),
            fp=int(counts.fp.sum()),
            average_iou=counts.average_iou,
            detections_count=len(ranking.score),
            unique_truth_count=len(self.truths),
            thresh=thresh,
            iou_thresh=self.iou_thresh,
            points=points,
            images=len(self.truths.starts) - 1,
            seconds=clock.total,
            waiting=clock.waiting,
            network=clock.network,
            unlabelled=self.truths.unlabelled,
            heads=tuple(head_lines(network.graph)),
            ranking=ranking,
        )
