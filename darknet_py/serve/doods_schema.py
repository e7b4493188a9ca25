"""What is written about DOODS' paths in the OpenAPI document."""

from __future__ import annotations

from darknet_py.serve.schema import SHARE, TEXT, WHOLE, YES_OR_NO, answer, list_of, record

PERCENT = {"type": "number", "minimum": 0, "maximum": 100}
DETECT = {
    "type": "object",
    "additionalProperties": PERCENT,
    "description": "Label, or * for all others: its least confidence in percent",
}
_EDGES = {"top": SHARE, "left": SHARE, "bottom": SHARE, "right": SHARE}

DETECT_JSON = {
    "type": "object",
    "required": ["data", "detect"],
    "properties": {
        "id": TEXT,
        "detector_name": {**TEXT, "default": "default"},
        "data": {**TEXT, "contentEncoding": "base64"},
        "detect": DETECT,
        "regions": list_of(record(**_EDGES, detect=DETECT, covers=YES_OR_NO)),
        "image": {**TEXT, "description": "jpg: the labelled image comes, too, in base64"},
    },
}
"""A body of JSON for /detect."""

DETECTIONS = {
    "type": "object",
    "required": ["detections"],
    "properties": {
        "id": TEXT,
        "detections": list_of(record(**_EDGES, label=TEXT, confidence=PERCENT)),
        "image": {**TEXT, "contentEncoding": "base64"},
    },
}
"""The answer to it."""

DETECTORS = {
    "200": answer(
        "The detectors",
        record(
            detectors=list_of(
                record(
                    name=TEXT,
                    type=TEXT,
                    model=TEXT,
                    labels=list_of(TEXT),
                    width=WHOLE,
                    height=WHOLE,
                )
            )
        ),
    )
}
