"""A result as rows of a table, and for the packages that take boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from darknet_py.detect.result_data import ResultData
from darknet_py.lazy import optional_module

CORNERS = ("x1", "y1", "x2", "y2")


def columns(result: ResultData) -> dict[str, Any]:
    """The columns of `Result.to_df`, each of as many values as there are rows."""
    boxes, count = result.boxes, len(result)
    table: dict[str, Any] = {
        "path": [result.path] * count,
        "frame": np.full(count, result.frame),
        "time": np.full(count, np.nan if result.time is None else result.time),
        "name": [result.name(number) for number in boxes.class_id.tolist()],
        "class_id": boxes.class_id,
        "confidence": boxes.confidence,
    }
    table.update(zip(CORNERS, boxes.xyxy.T, strict=True))
    return table if boxes.track_id is None else {**table, "track_id": boxes.track_id}


def data_frame(result: ResultData) -> Any:
    """See Result.to_df."""
    return optional_module("pandas").DataFrame(columns(result))


def box_summaries(result: ResultData, normalize: bool, decimals: int) -> list[dict[str, Any]]:
    """See Result.summary."""
    boxes = result.boxes
    corners = boxes.xyxyn if normalize else boxes.xyxy
    return [
        {
            "name": result.name(number),
            "class": number,
            "confidence": round(float(boxes.confidence[row]), decimals),
            "box": {
                key: round(float(value), decimals)
                for key, value in zip(CORNERS, corners[row], strict=True)
            },
            **({} if boxes.track_id is None else {"track_id": int(boxes.track_id[row])}),
        }
        for row, number in enumerate(boxes.class_id.tolist())
    ]


def supervision_detections(result: ResultData) -> Any:
    """See Result.to_supervision."""
    boxes, tracks = result.boxes, result.boxes.track_id
    return optional_module("supervision").Detections(
        xyxy=boxes.xyxy,
        confidence=boxes.confidence,
        class_id=boxes.class_id,
        # That package's number of what has none yet is -1.
        tracker_id=None if tracks is None else np.where(tracks > 0, tracks, -1),
        data={"class_name": np.array([result.name(number) for number in boxes.class_id.tolist()])},
    )
