"""Average precision against a literal transcription of the C rules, and against pycocotools."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from darknet_py.evaluate.average_precision import (
    average_precision,
    average_precisions,
    count_above,
    rank,
)
from darknet_py.evaluate.matching import Matches, Objects, match

CLASSES = 3
IMAGES = 12
SIDE = 1000
"""Pixels of an image's side, for pycocotools."""


@dataclass(frozen=True)
class Example:
    """Labels, and entries with scores."""

    labels: Objects
    entries: Objects
    score: np.ndarray

    @property
    def label_counts(self) -> np.ndarray:
        return np.bincount(self.labels.class_id, minlength=CLASSES)


def example(seed: int, crowded: bool = False, equal_scores: bool = False) -> Example:
    """Labels in cells of a grid, entries shaken around them, and some anywhere.

    Without `crowded` no entry can overlap two labels by half: on that pycocotools has its own rule.
    """
    random = np.random.default_rng(seed)
    corner = np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(-1, 2) / 4
    cells = np.concatenate([random.permutation(corner)[:7] for _ in range(IMAGES)])
    size = random.uniform(0.1, 0.2, (len(cells), 2))
    boxes = np.concatenate([cells + 0.125, size], axis=1).astype(np.float32)
    if crowded:
        boxes[1::2] = boxes[::2][: len(boxes[1::2])] * np.float32(1.05)
    image = np.repeat(np.arange(IMAGES), 7)
    labels = Objects(image, random.integers(0, CLASSES - 1, len(boxes)), boxes)
    near = random.integers(0, len(boxes), 160)
    shaken = boxes[near]
    shaken[:, :2] += shaken[:, 2:] * random.uniform(-0.15, 0.15, (160, 2)).astype(np.float32)
    shaken[:, 2:] *= random.uniform(0.75, 1.3, (160, 2)).astype(np.float32)
    wrong = random.random(160) < 0.2
    class_id = np.where(wrong, random.integers(0, CLASSES, 160), labels.class_id[near])
    score = random.permutation(np.linspace(0.01, 0.99, 160)).astype(np.float32)
    if equal_scores:
        score = np.round(score, 1)
    order = np.argsort(image[near], kind="stable")
    entries = Objects(image[near][order], class_id[order], shaken[order])
    return Example(labels, entries, score[order])


def overlap(a: np.ndarray, b: np.ndarray) -> np.float32:
    """box_iou in single precision."""
    sides = []
    for k in (0, 1):
        low = max(a[k] - a[k + 2] / 2, b[k] - b[k + 2] / 2)
        sides.append(min(a[k] + a[k + 2] / 2, b[k] + b[k + 2] / 2) - low)
    if sides[0] < 0 or sides[1] < 0:
        return np.float32(0)
    inside = sides[0] * sides[1]
    union = a[2] * a[3] + b[2] * b[3] - inside
    return np.float32(0) if inside == 0 or union == 0 else inside / union


@dataclass
class Detection:
    score: float
    class_id: int
    label: int = -1


@dataclass
class Literal:
    """The loops of validate_detector_map, one after the other."""

    aps: list[float]
    tp: list[int]
    fp: list[int]
    average_iou: float


def literal(s: Example, thresh: float, iou_thresh: float, points: int) -> Literal:
    detections: list[Detection] = []
    tp, fp, sum_iou = [0] * CLASSES, [0] * CLASSES, 0.0
    for image in range(IMAGES):
        checkpoint = len(detections)
        rows = np.flatnonzero(s.labels.image == image)
        for k in np.flatnonzero(s.entries.image == image):
            one = Detection(float(s.score[k]), int(s.entries.class_id[k]))
            best = np.float32(0)
            for j in rows:
                current = overlap(s.entries.boxes[k], s.labels.boxes[j])
                same = s.labels.class_id[j] == one.class_id
                if current > np.float32(iou_thresh) and same and current > best:
                    best, one.label = current, int(j)
            if one.score > np.float32(thresh):
                taken = any(d.label == one.label for d in detections[checkpoint:])
                if one.label >= 0 and not taken:
                    tp[one.class_id] += 1
                    sum_iou += float(best)
                else:
                    fp[one.class_id] += 1
            detections.append(one)
    total = sum(tp) + sum(fp)
    detections.sort(key=lambda d: -d.score)
    aps = [literal_ap(detections, c, int(s.label_counts[c]), points) for c in range(CLASSES)]
    return Literal(aps, tp, fp, sum_iou / total if total else 0.0)


def literal_ap(detections: list[Detection], class_id: int, labels: int, points: int) -> float:
    """The curve over the ranks of all classes, and the area under it, as the C program walks."""
    hits = misses = 0
    used: set[int] = set()
    curve: list[tuple[float, float]] = []
    for d in detections:
        if d.class_id == class_id:
            if d.label >= 0 and d.label not in used:
                used.add(d.label)
                hits += 1
            else:
                misses += 1
        precision = hits / (hits + misses) if hits + misses else 0.0
        curve.append((precision, hits / labels if labels else 0.0))
    if not points:
        last_precision, last_recall = curve[-1]
        area = 0.0
        for precision, recall in curve[-2::-1]:
            delta, last_recall = last_recall - recall, recall
            last_precision = max(last_precision, precision)
            area += delta * last_precision
        return area + last_recall * last_precision
    part = 1.0 / (points - 1)
    best = [
        max((p for p, recall in curve if recall >= point * part), default=0.0)
        for point in range(points)
    ]
    return sum(best) / points


def measured(s: Example, thresh: float, iou_thresh: float, points: int) -> Literal:
    matches = match(s.entries, s.labels, iou_thresh)
    counts = count_above(s.score, s.entries.class_id, matches, CLASSES, thresh)
    ranking = rank(s.score, s.entries.class_id, matches.label, s.label_counts)
    aps = average_precisions(ranking, points).tolist()
    return Literal(aps, counts.tp.tolist(), counts.fp.tolist(), counts.average_iou)


@pytest.mark.parametrize("points", [0, 11, 101])
@pytest.mark.parametrize("seed", range(6))
def test_the_c_rules_step_by_step(seed: int, points: int) -> None:
    s = example(seed, crowded=seed % 2 == 1, equal_scores=seed > 3)
    for thresh, iou_thresh in ((0.25, 0.5), (0.6, 0.75)):
        ours, theirs = (
            measured(s, thresh, iou_thresh, points),
            literal(s, thresh, iou_thresh, points),
        )
        assert ours.aps == pytest.approx(theirs.aps, abs=1e-12)
        assert max(ours.aps) > 0.01 and ours.aps[2] == 0
        assert (ours.tp, ours.fp) == (theirs.tp, theirs.fp)
        assert ours.average_iou == pytest.approx(theirs.average_iou, abs=1e-6)
        assert sum(ours.tp) and sum(ours.fp)


def coco_aps(s: Example) -> list[float]:
    """pycocotools' AP of each class at IoU .5, over 101 recalls, of all detections."""
    pixels = [corner_form(objects.boxes) for objects in (s.labels, s.entries)]
    truth = COCO()
    truth.dataset = {
        "images": [{"id": k + 1} for k in range(IMAGES)],
        "categories": [{"id": c} for c in range(CLASSES)],
        "annotations": [
            {"id": k + 1, "image_id": int(image) + 1, "category_id": int(c), "bbox": box,
             "area": box[2] * box[3], "iscrowd": 0}
            for k, (image, c, box) in enumerate(
                zip(s.labels.image, s.labels.class_id, pixels[0].tolist(), strict=True)
            )
        ],
    }  # fmt: skip
    columns = (s.entries.image + 1, pixels[1], s.score, s.entries.class_id)
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes(np.column_stack(columns).astype(np.float64))
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.params.maxDets = [10**6]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, 0]
    return [float(precision[:, c].mean()) for c in range(CLASSES)]


def corner_form(boxes: np.ndarray) -> np.ndarray:
    """Left, top, width, height in pixels."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1) * float(SIDE)


@pytest.mark.parametrize("seed", range(6))
def test_the_metrics_of_pycocotools_where_the_rules_agree(seed: int) -> None:
    s = example(seed)
    theirs = coco_aps(s)
    assert theirs[2] == -1, "a class without labels"
    ours = measured(s, 0.25, 0.5, 101).aps
    assert ours[:2] == pytest.approx(theirs[:2], abs=1e-6)
    assert min(ours[:2]) > 0.2


def test_three_of_ten_labels_do_not_reach_the_recall_of_a_third_point() -> None:
    """The C program's 3 * (1 / 10) is a little more than 3 / 10."""
    hit = np.array([True, True, True])
    assert average_precision(hit, 10, 11) == pytest.approx(3 / 11)
    assert average_precision(hit, 10, 0) == pytest.approx(0.3)


def test_nothing_found_and_nothing_there_are_0() -> None:
    nothing = np.zeros(0, bool)
    for points in (0, 11):
        assert average_precision(nothing, 5, points) == 0
        assert average_precision(np.array([False]), 0, points) == 0
    none = Objects(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
    assert len(match(none, example(0).labels, 0.5)) == 0
    s = example(0)
    assert (match(s.entries, none, 0.5).label == -1).all()


def test_a_label_is_taken_by_its_earliest_entry_even_one_under_the_threshold() -> None:
    matches = Matches(np.array([4, 4, 4]), np.array([0.6, 0.9, 0.7], np.float32))
    score, class_id = np.array([0.1, 0.9, 0.8], np.float32), np.zeros(3, np.int64)
    counts = count_above(score, class_id, matches, 1, 0.25)
    assert (counts.tp.tolist(), counts.fp.tolist(), counts.average_iou) == ([0], [2], 0)
    ranking = rank(score, class_id, matches.label, np.array([1]))
    assert ranking.hit.tolist() == [True, False, False]
