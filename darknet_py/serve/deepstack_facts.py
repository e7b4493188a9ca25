"""What the OpenAPI document says about DeepStack's and CodeProject.AI's API."""

from __future__ import annotations

from typing import Any

from darknet_py.serve.openapi import json_response

IMAGE_FORM = {
    "required": True,
    "description": "A form with the image; the image alone will do.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {
                    "image": {
                        "description": "A file: JPEG, PNG, BMP, WebP, ...",
                        "contentMediaType": "image/*",
                    },
                    "min_confidence": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": 1,
                        "default": 0.4,
                        "description": "Scores of boxes must be above it.",
                    },
                    "api_key": {"type": "string", "description": "The token, if there is one."},
                },
            },
        },
    },
}
CUSTOM_MODEL = {
    "name": "model",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "Neither capitals nor an ending such as .pt count.",
}
FOUND_EXAMPLE: dict[str, Any] = {
    "success": True,
    "message": "Found person",
    "predictions": [
        {
            "label": "person",
            "confidence": 0.98,
            "x_min": 188,
            "y_min": 98,
            "x_max": 273,
            "y_max": 382,
        }
    ],
    "count": 1,
    "command": "detect",
    "moduleId": "darknet-py",
    "executionProvider": "CPU",
    "canUseGPU": False,
    "inferenceMs": 41,
    "processMs": 46,
    "analysisRoundTripMs": 47,
    "duration": 0.047,
    "code": 200,
}
FOUND = json_response(
    "The most confident first, at most 300; corners in whole pixels of the image.", FOUND_EXAMPLE
)
MODELS = json_response(
    "The first one also answers /v1/vision/detection.",
    {
        "success": True,
        "models": ["yolov4-tiny", "plates"],
        "command": "list",
        "moduleId": "darknet-py",
        "analysisRoundTripMs": 0,
        "code": 200,
    },
)
VERSION_PARTS = {
    "major": 1,
    "minor": 2,
    "patch": 3,
    "build": 0,
    "preRelease": "",
    "securityUpdate": False,
    "file": "",
    "releaseNotes": "",
}
VERSION = json_response(
    "The server answers.",
    {"success": True, "message": "1.2.3", "version": VERSION_PARTS, "code": 200},
)
UPDATE = json_response(
    "All three are the version that runs: nobody is asked for a newer one.",
    {
        "success": True,
        "message": "This is the current version",
        "updateAvailable": False,
        "version": VERSION_PARTS,
        "current": VERSION_PARTS,
        "latest": VERSION_PARTS,
        "code": 200,
    },
)
