"""The figures of `map` as JSON and as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

from darknet_py.errors import OutputError
from darknet_py.evaluate.result import MapResult, share
from darknet_py.replacement import replacing

TOTALS = (
    *("precision", "recall", "f1", "tp", "fp", "fn", "average_iou"),
    *("detections_count", "unique_truth_count", "seconds"),
)
COLUMNS = ("class_id", "name", "ap", "tp", "fp", "fn", "truths", "precision", "recall", "f1")


def to_dict(result: MapResult, **extra: Any) -> dict[str, Any]:
    """Everything in the table, what it was computed with, and `extra` entries; shares in 0..1."""
    entry: dict[str, Any] = dict(extra)
    entry["computed_with"] = dataclasses.asdict(result.conditions)
    entry |= {"thresh": result.thresh, "mAP": result.map}
    entry |= {name: getattr(result, name) for name in TOTALS}
    thresh, f1 = result.by_threshold.best
    entry["best_f1"] = {"f1": f1, "thresh": thresh}
    entry["classes"] = class_rows(result)
    return entry


def class_rows(result: MapResult) -> list[dict[str, Any]]:
    """One entry per class, with COLUMNS as keys."""
    rows = []
    for row in result.classes:
        fn = row.truths - row.tp
        shares = {
            "precision": share(row.tp, row.tp + row.fp),
            "recall": share(row.tp, row.truths),
            "f1": share(2 * row.tp, 2 * row.tp + row.fp + fn),
        }
        values = dataclasses.asdict(row) | {"fn": fn} | shares
        rows.append({column: values[column] for column in COLUMNS})
    return rows


def _json(result: MapResult, extra: dict[str, Any]) -> str:
    return json.dumps(to_dict(result, **extra), indent=1, ensure_ascii=False) + "\n"


def _csv(result: MapResult, extra: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(class_rows(result))
    return text.getvalue()


WRITERS = {".json": _json, ".csv": _csv}


def require_known_format(path: Path) -> None:
    """Raises OutputError for a suffix that is neither .json nor .csv."""
    if path.suffix.lower() not in WRITERS:
        raise OutputError(f"{path}: figures are written as .json or .csv; give it such a name")


def write(path: Path, result: MapResult, **extra: Any) -> None:
    """Write what the suffix of the path says: .json with all figures, .csv with the classes."""
    text = WRITERS[path.suffix.lower()](result, extra)
    with replacing(path) as file:
        file.write(text.encode())
