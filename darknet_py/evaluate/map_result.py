"""What `map` measures, and the table AlexeyAB's program prints of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from darknet_py.detect.pipeline import Timing
from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.average_precision import Ranking
from darknet_py.evaluate.curves import ThresholdCurves
from darknet_py.evaluate.eval_config import EvalConfig

if TYPE_CHECKING:
    from darknet_py.evaluate.coco import CocoMetrics


@dataclass(frozen=True)
class ClassResult:
    """One class: its AP in 0..1, its hits and misses above the threshold, its labels."""

    class_id: int
    name: str
    ap: float
    tp: int
    fp: int
    labels: int

    @property
    def fn(self) -> int:
        return self.labels - self.tp

    @property
    def precision(self) -> float:
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return share(self.tp, self.labels)

    @property
    def f1(self) -> float:
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def to_dict(self) -> dict[str, Any]:
        """A class of the JSON of `map -out`."""
        return {
            "class_id": self.class_id,
            "name": self.name,
            "ap": self.ap,
            "TP": self.tp,
            "FP": self.fp,
            "FN": self.fn,
            "truths": self.labels,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class MapResult:
    """The metrics of `map`; what is a share lies in 0..1 and is 0 where nothing can be shared.

    classes: by number. map: mean AP of all classes, those without labels included, as Darknet
    counts them. tp, fp, fn, average_iou: above `thresh`. unlabelled: label files that are not
    there. left_out: a line on each image that could not be read. heads: the lines that name the
    detection layers. ranking: every entry by falling score, for curves by recall; by_threshold:
    precision and recall that other thresholds give. matched: the boxes, where they were asked for.
    seconds: all the time it took; timing: what threads, some of them side by side, used it for.
    origin: image_set, cfg and weights, where these are known. coco: pycocotools' metrics of the
    same boxes, where they were asked for.
    """

    classes: tuple[ClassResult, ...]
    map: float
    tp: int
    fp: int
    average_iou: float
    detections_count: int
    unique_truth_count: int
    thresh: float
    eval_config: EvalConfig
    ranking: Ranking = field(repr=False, compare=False)
    by_threshold: ThresholdCurves = field(repr=False, compare=False)
    matched: MatchedDetections | None = field(default=None, repr=False, compare=False)
    unlabelled: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    seconds: float = 0.0
    timing: Timing = Timing()
    origin: Mapping[str, str | None] = field(default_factory=dict)
    coco: CocoMetrics | None = None

    def __repr__(self) -> str:
        counts = f"{len(self.classes)} classes, {self.eval_config.images} images"
        mean = f"mAP@{self.eval_config.iou_thresh:0.2f} {self.map:.4f}"
        shares = f"precision {self.precision:.2f}, recall {self.recall:.2f}, F1 {self.f1:.2f}"
        iou = f"average IoU {self.average_iou:.2f}"
        above = f"above {self.thresh:g}: {shares}, TP {self.tp}, FP {self.fp}, FN {self.fn}, {iou}"
        return f"MapResult({mean}, {counts}; {above})"

    @property
    def fn(self) -> int:
        return self.unique_truth_count - self.tp

    @property
    def precision(self) -> float:
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return share(self.tp, self.unique_truth_count)

    @property
    def f1(self) -> float:
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def labelled(self) -> list[ClassResult]:
        """The classes with labels; other tools take the mean AP over these."""
        return [row for row in self.classes if row.labels]

    @property
    def counts_by_score(self) -> tuple[int, int]:
        """TP and FP when the best of its boxes takes a label, as other tools count.

        Darknet lets the first box in its own order take it, even one under the threshold.
        """
        above = self.ranking.score > np.float32(self.thresh)
        tp = int((self.ranking.hit & above).sum())
        return tp, int(above.sum()) - tp

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `map -out`: all of the table, what it was computed with; shares in 0..1."""
        thresh, f1 = self.by_threshold.best
        return {
            **self.origin,
            **({} if self.coco is None else {"coco": self.coco.values}),
            "computed_with": dataclasses.asdict(self.eval_config),
            "images_left_out": len(self.left_out),
            "thresh": self.thresh,
            "mAP": self.map,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "TP": self.tp,
            "FP": self.fp,
            "FN": self.fn,
            "average_iou": self.average_iou,
            "detections_count": self.detections_count,
            "unique_truth_count": self.unique_truth_count,
            "best_f1": {"f1": f1, "thresh": thresh},
            "seconds": self.seconds,
            "classes": [row.to_dict() for row in self.classes],
        }

    def table(self, counter: bool = False) -> str:
        """What AlexeyAB's `detector map` prints to stdout; where C prints -nan, 0.00 stands here.

        counter: with the counter of ranks, which is overwritten on a terminal.
        """
        return "".join(f"{line}\n" for line in self._lines(counter))

    def _lines(self, counter: bool) -> Iterator[str]:
        yield "\n calculation mAP (mean average precision)..."
        yield from self.heads
        counts = f"{self.detections_count}, unique_truth_count = {self.unique_truth_count}"
        yield f"\n detections_count = {counts}  "
        ranks = self._ranks() if counter else ""
        for row in self.classes:
            percent = (
                f"{ranks}class_id = {row.class_id}, name = {row.name}, ap = {row.ap * 100:2.2f}%"
            )
            yield f"{percent}   \t (TP = {row.tp}, FP = {row.fp}) "
            ranks = ""
        yield f"\n for conf_thresh = {self.thresh:1.2f}, {self._shares()} "
        yield f" for conf_thresh = {self.thresh:0.2f}, {self._counts()} "
        points, iou = self.eval_config.points, self.eval_config.iou_thresh
        rule = f"{points} Recall-points" if points else "Area-Under-Curve for each unique Recall"
        yield f"\n IoU threshold = {iou * 100:2.0f} %, used {rule} "
        percent = f"{self.map:f}, or {self.map * 100:2.2f} %"
        yield f" mean average precision (mAP@{iou:0.2f}) = {percent} "
        yield from POINTS_HELP

    def _ranks(self) -> str:
        of = f"of ranks = {self.detections_count}"
        return "".join(f" rank = {n} {of} \r" for n in range(0, self.detections_count, RANKS))

    def _shares(self) -> str:
        f1 = f"F1-score = {self.f1:1.2f}"
        return f"precision = {self.precision:1.2f}, recall = {self.recall:1.2f}, {f1}"

    def _counts(self) -> str:
        counts = f"TP = {self.tp}, FP = {self.fp}, FN = {self.fn}"
        return f"{counts}, average IoU = {self.average_iou * 100:2.2f} %"


RANKS = 100
"""How often Darknet shows the counter of ranks."""
POINTS_HELP = (
    "\nSet -points flag:",
    " `-points 101` for MS COCO ",
    " `-points 11` for PascalVOC 2007 (uncomment `difficult` in voc.data) ",
    " `-points 0` (AUC) for ImageNet, PascalVOC 2010-2012, your custom dataset",
)


def share(part: float, whole: float) -> float:
    """part / whole, 0 of nothing."""
    return part / whole if whole else 0.0
