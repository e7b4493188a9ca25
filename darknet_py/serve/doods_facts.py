"""What the OpenAPI document says about DOODS' API."""

from __future__ import annotations

from typing import Any

from darknet_py.serve.openapi import json_response

EDGE = {"type": "number", "minimum": 0, "maximum": 1}
PERCENTS = {
    "type": "object",
    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 100},
    "description": "Label, or * for all others: its least confidence in percent; 0: the usual one.",
    "examples": [{"*": 50, "person": 70}],
}
REGION = {
    "type": "object",
    "required": ["top", "left", "bottom", "right"],
    "properties": {
        **dict.fromkeys(("top", "left", "bottom", "right"), EDGE),
        "detect": PERCENTS,
        "covers": {"type": "boolean", "description": "It must hold the whole box."},
    },
}
DETECT_JSON: dict[str, Any] = {
    "type": "object",
    "description": "As for DOODS, whose answer it gets: detections, each with top, left, bottom, "
    "right (0 to 1), label and confidence (in percent).",
    "required": ["data", "detect"],
    "properties": {
        "id": {"type": "string", "description": "Comes back with the answer."},
        "detector_name": {"type": "string", "description": "Name of the network; or default."},
        "data": {"type": "string", "contentEncoding": "base64", "description": "The image file."},
        "detect": PERCENTS,
        "regions": {"type": "array", "items": REGION, "maxItems": 100},
        "image": {"type": "string", "description": "jpg: the labelled image comes, too."},
    },
}
"""A body of JSON for /detect."""

DETECTORS = json_response(
    "The first network as the default one, and all by their names.",
    {
        "detectors": [
            {
                "name": "default",
                "type": "darknet",
                "model": "shapes.cfg",
                "labels": ["circle", "square", "triangle"],
                "width": 256,
                "height": 256,
            }
        ]
    },
)
