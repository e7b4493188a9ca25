"""What the OpenAPI document says about the API of our own."""

from __future__ import annotations

from typing import Any

from darknet_py.serve.doods_facts import DETECT_JSON
from darknet_py.serve.openapi import schema_of

SHARE = {"type": "number", "minimum": 0, "maximum": 1}
FIELDS: dict[str, dict[str, Any]] = {
    "thresh": SHARE | {"description": "Scores of boxes must be above it."},
    "nms": SHARE | {"description": "Overlap above which the weaker of two boxes goes; 0: none."},
    "hier": SHARE | {"description": "Least product of the scores down a class tree."},
    "letter_box": {
        "type": "boolean",
        "description": "Keep the image's aspect ratio and pad with grey; otherwise stretch it.",
    },
    "model": {"type": "string", "description": "Name of the network; else the first one."},
    "rows": {
        "type": "boolean",
        "description": "Answer with all digits, and each box once however many classes it has.",
    },
}
"""Of a request to /detect: in its address or, which counts more, in its form."""
IMAGE = {"description": "A file: JPEG, PNG, BMP, WebP, ...", "contentMediaType": "image/*"}
DETECT_PARAMETERS = tuple(
    {
        "name": name,
        "in": "query",
        "description": schema["description"],
        "schema": {key: value for key, value in schema.items() if key != "description"},
    }
    for name, schema in FIELDS.items()
)
DETECT_REQUEST = {
    "required": True,
    "description": "The bytes of an image file as they are, a form with the file, or DOODS' JSON.",
    "content": {
        "image/*": {},
        "application/octet-stream": {},
        "application/json": {"schema": DETECT_JSON},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {"image": IMAGE, **FIELDS},
            },
        },
    },
}

RELATIVE = {"center_x": 0.36, "center_y": 0.6, "width": 0.1, "height": 0.12}
OBJECT: dict[str, Any] = {
    "type": "object",
    "required": ["class_id", "name", "relative_coordinates", "confidence"],
    "properties": {
        "class_id": {"type": "integer", "minimum": 0},
        "name": {"type": "string"},
        "relative_coordinates": {
            "type": "object",
            "description": "As shares of the image's width and height.",
            "required": list(RELATIVE),
            "properties": {name: {"type": "number"} for name in RELATIVE},
        },
        "confidence": SHARE,
    },
}
DETECTIONS = {
    "type": "object",
    "description": "As Result.to_json, which has the layout of AlexeyAB's -out file.",
    "required": ["frame_id", "objects"],
    "properties": {
        "frame_id": {"type": "integer"},
        "objects": {"type": "array", "items": OBJECT},
    },
}
NUMBERS = {"type": "array", "items": {"type": "number"}}
ROWS = {
    "type": "object",
    "description": "With rows=1: width and height of the image in pixels; boxes as centre x, y, "
    "width and height relative to it; rows as index of the box, class_id, confidence.",
    "required": ["width", "height", "boxes", "rows"],
    "properties": {
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "boxes": {"type": "array", "items": NUMBERS},
        "rows": {"type": "array", "items": NUMBERS},
    },
}
DETECTIONS_EXAMPLE = {
    "frame_id": 1,
    "objects": [
        {"class_id": 0, "name": "circle", "relative_coordinates": RELATIVE, "confidence": 0.98}
    ],
}
SERVER_TIMING = {
    "description": "Milliseconds in the network, and from the image's arrival to its boxes.",
    "schema": {"type": "string", "examples": ["network;dur=8.21, total;dur=11.73"]},
}
DETECT_RESPONSES = {
    "200": {
        "description": "The boxes, or with Accept: image/jpeg the image with them drawn.",
        "headers": {"Server-Timing": SERVER_TIMING},
        "content": {
            "application/json": {
                "schema": {"anyOf": [DETECTIONS, ROWS]},
                "example": DETECTIONS_EXAMPLE,
            },
            "image/jpeg": {},
        },
    },
}

MODEL_EXAMPLE = {
    "name": "shapes",
    "cfg": "shapes.cfg",
    "weights": "shapes.weights",
    "classes": ["circle", "square", "triangle"],
    "width": 256,
    "height": 256,
    "channels": 3,
    "letter_box": False,
    "nms_kind": "greedynms",
    "beta_nms": 0.6,
    "sorts": True,
    "refilters": True,
    "engine": "torch",
    "device": "cpu",
    "precision": "fp32",
    "compiled": False,
    "fork": "alexeyab",
    "upright": False,
    "layers": 35,
}
MODELS_EXAMPLE = {
    "models": [MODEL_EXAMPLE],
    "defaults": {"thresh": 0.25, "nms": 0.45, "letter_box": False},
    "stream": False,
}
MODELS_RESPONSES = {
    "200": {
        "description": "In the order of the command line; the first is meant where none is named.",
        "content": {
            "application/json": {"schema": schema_of(MODELS_EXAMPLE), "example": MODELS_EXAMPLE}
        },
    },
}
