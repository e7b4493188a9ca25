"""The API of DeepStack and of CodeProject.AI, as the programs of cameras call it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.detect.result_text import JSON_FLOOR
from darknet_py.serve.batching import Inference
from darknet_py.serve.deepstack_facts import (
    CUSTOM_MODEL,
    FOUND,
    IMAGE_FORM,
    MODELS,
    UPDATE,
    VERSION,
)
from darknet_py.serve.operation import Operation
from darknet_py.serve.query import share
from darknet_py.serve.service import ServedModel, Service, service_of
from darknet_py.serve.uploads import read_upload
from darknet_py.version import __version__

MODULE = "darknet-py"
MIN_CONFIDENCE = "0.4"
"""What holds where a client sends none; the server's own threshold does not count here."""

MOST = 300
"""Predictions, as the YOLOv5 of both servers gave at most."""

NAMED = 3
"""So many labels are written out in `message`."""

ENDINGS = (".pt", ".onnx", ".weights")
"""Of the model files that clients list, and then ask for with it."""


async def detection(request: Request) -> Response:
    """POST /v1/vision/detection: by the first network."""
    return await _detected(request, "")


async def custom(request: Request) -> Response:
    """POST /v1/vision/custom/{model}: by the network of that name."""
    return await _detected(request, request.path_params["model"])


async def models(request: Request) -> Response:
    """POST or GET /v1/vision/custom/list."""
    names = list(service_of(request).models)
    listed = {"success": True, "models": names, "command": "list", "moduleId": MODULE}
    return JSONResponse({**listed, "analysisRoundTripMs": 0, "code": 200})


async def version(request: Request) -> Response:
    """GET /v1/status/ping and /v1/status/version, and where newer servers have them."""
    said = {"success": True, "message": __version__, "version": _version(), "code": 200}
    return JSONResponse(said)


async def update_available(request: Request) -> Response:
    """GET /v1/status/updateavailable: never; nobody is asked."""
    ours = {name: _version() for name in ("version", "current", "latest")}
    said = {"success": True, "message": "This is the current version", "updateAvailable": False}
    return JSONResponse({**said, **ours, "code": 200})


def custom_model(service: Service, name: str) -> ServedModel:
    """The network that a client means, "" the first one: where none is called exactly so, neither
    capitals nor the ending of a model file count. Raises Refusal."""
    if name in service.models:
        return service.models[name]
    alike = {_plain(known): known for known in reversed(service.models)}
    return service.model(alike.get(_plain(name), name))


def _plain(name: str) -> str:
    plain = name.casefold()
    for ending in ENDINGS:
        plain = plain.removesuffix(ending)
    return plain


def least_confidence(fields: Mapping[str, str]) -> float:
    """What `min_confidence` says; "" is as good as none. Raises Refusal."""
    said = share("min_confidence", fields.get("min_confidence", "").strip() or MIN_CONFIDENCE)
    return max(said, JSON_FLOOR)


def predictions(result: Result) -> list[dict[str, Any]]:
    """One for each box and class, the most confident first: a client may stop at the first one
    that is too weak for it. Corners are in whole pixels of the image, from 0 to its size."""
    corners = whole_corners(result.boxes)
    boxes = result.boxes
    return [
        {
            "label": result.name(int(boxes.class_id[row])),
            "confidence": float(boxes.confidence[row]),
            **dict(zip(("x_min", "y_min", "x_max", "y_max"), corners[row], strict=True)),
        }
        for row in result.ranked()[:MOST]
    ]


def whole_corners(boxes: Boxes) -> list[list[int]]:
    """Left, top, right, bottom: cut at the image's edges, then towards 0, as the servers did."""
    edges = (boxes.width, boxes.height, boxes.width, boxes.height)
    corners: list[list[int]] = np.clip(boxes.xyxy, 0, edges).astype(int).tolist()
    return corners


def summary(labels: list[str]) -> str:
    """`Found person, car`: the first three."""
    if not labels:
        return "No objects found"
    return f"Found {', '.join(labels[:NAMED])}{'...' if len(labels) > NAMED else ''}"


def failure(status: int, words: str) -> dict[str, Any]:
    """A refusal. Some clients look at the status only, some at `success` or at `error`, and some
    at nothing but `predictions`: each must see that there are none."""
    said = {"success": False, "error": words, "message": words, "code": status}
    return {**said, "predictions": [], "count": 0, "duration": 0.0}


async def _detected(request: Request, name: str) -> Response:
    start = time.perf_counter()
    service = service_of(request)
    upload = await read_upload(request)
    model = custom_model(service, name)
    query = replace(service.query, thresh=least_confidence(upload.fields))
    inference = await asyncio.wrap_future(service.submit(model, upload.data, query))
    found = predictions(inference.result)
    message = summary([prediction["label"] for prediction in found])
    said = {"success": True, "message": message, "predictions": found, "count": len(found)}
    return JSONResponse({**said, **_circumstances(model, inference, start)})


def _circumstances(model: ServedModel, inference: Inference, start: float) -> dict[str, Any]:
    """What ran where, and for how long: whole milliseconds, and DeepStack's seconds."""
    seconds = time.perf_counter() - start
    cuda = model.detector.device.type == "cuda"
    return {
        "command": "detect",
        "moduleId": MODULE,
        "executionProvider": "CUDA" if cuda else "CPU",
        "canUseGPU": cuda,
        "inferenceMs": round(inference.network_ms),
        "processMs": round(inference.total_ms),
        "analysisRoundTripMs": round(1000 * seconds),
        "duration": seconds,
        "code": 200,
    }


def _version() -> dict[str, Any]:
    """In the parts that CodeProject.AI has; one client wants all of them."""
    major, minor, patch = (int(part) for part in __version__.split(".")[:3])
    numbers = {"major": major, "minor": minor, "patch": patch, "build": 0}
    return {**numbers, "preRelease": "", "securityUpdate": False, "file": "", "releaseNotes": ""}


SECTION = "DeepStack and CodeProject.AI"
_PROBES = (
    ("ping", version, "The server answers", VERSION),
    ("version", version, "The server's version", VERSION),
    ("updateavailable", update_available, "Whether there is a newer version: never", UPDATE),
)

OPERATIONS = (
    Operation(
        "/v1/vision/detection",
        ("POST",),
        detection,
        "Find objects by the first network",
        SECTION,
        request=IMAGE_FORM,
        token_field="api_key",
        responses=FOUND,
        error=failure,
    ),
    Operation(
        "/v1/vision/custom/list",
        ("POST", "GET"),
        models,
        "The names of the networks",
        SECTION,
        responses=MODELS,
        error=failure,
        token_field="api_key",
    ),
    Operation(
        "/v1/vision/custom/{model}",
        ("POST",),
        custom,
        "Find objects by the network of that name",
        SECTION,
        request=IMAGE_FORM,
        token_field="api_key",
        responses=FOUND,
        parameters=(CUSTOM_MODEL,),
        error=failure,
    ),
    *(
        Operation(
            f"/v1/{folder}/{name}",
            ("GET",),
            endpoint,
            words,
            SECTION,
            responses=responses,
            error=failure,
            free=True,
        )
        for folder in ("status", "server/status")
        for name, endpoint, words, responses in _PROBES
    ),
)
