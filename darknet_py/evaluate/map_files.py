"""The metrics of `map` as JSON and as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

from darknet_py.evaluate.map_result import ClassResult, MapResult, share
from darknet_py.files import encoded, replacing


def to_dict(result: MapResult, **extra: Any) -> dict[str, Any]:
    """Everything in the table, what it was computed with, and `extra` entries; shares in 0..1."""
    thresh, f1 = result.by_threshold.best
    return {
        **extra,
        "computed_with": dataclasses.asdict(result.eval_config),
        "images_left_out": len(result.left_out),
        "thresh": result.thresh,
        "mAP": result.map,
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
        "TP": result.tp,
        "FP": result.fp,
        "FN": result.fn,
        "average_iou": result.average_iou,
        "detections_count": result.detections_count,
        "unique_truth_count": result.unique_truth_count,
        "best_f1": {"f1": f1, "thresh": thresh},
        "seconds": result.seconds,
        "classes": [_class_entry(row) for row in result.classes],
    }


def _class_entry(row: ClassResult) -> dict[str, Any]:
    fn = row.labels - row.tp
    return {
        "class_id": row.class_id,
        "name": row.name,
        "ap": row.ap,
        "TP": row.tp,
        "FP": row.fp,
        "FN": fn,
        "truths": row.labels,
        "precision": share(row.tp, row.tp + row.fp),
        "recall": share(row.tp, row.labels),
        "f1": share(2 * row.tp, 2 * row.tp + row.fp + fn),
    }


def write(path: Path, result: MapResult, **extra: Any) -> None:
    """A path that ends in .csv gets a line per class, any other one JSON with all metrics."""
    text = _csv(result) if path.suffix.lower() == ".csv" else _json(result, extra)
    with replacing(path) as file:
        file.write(encoded(text))


def _json(result: MapResult, extra: dict[str, Any]) -> str:
    text = json.dumps(to_dict(result, **extra), indent=1, ensure_ascii=False) + "\n"
    # A name that is not UTF-8 is escaped, as JSON has it.
    return text.encode("utf-8", "backslashreplace").decode()


def _csv(result: MapResult) -> str:
    rows = [_class_entry(row) for row in result.classes]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
