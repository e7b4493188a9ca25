"""The API of our own: an image in, its boxes or the drawn image out."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.serve import doods
from darknet_py.serve.detect_facts import (
    DETECT_PARAMETERS,
    DETECT_REQUEST,
    DETECT_RESPONSES,
    MODELS_RESPONSES,
)
from darknet_py.serve.operation import Endpoint, Operation
from darknet_py.serve.query import truth
from darknet_py.serve.rows import refilters, rows_text
from darknet_py.serve.service import ServedModel, service_of
from darknet_py.serve.uploads import media_type, read_upload

JPEG = "image/jpeg"


async def detect(request: Request) -> Response:
    """POST /detect: of what the body is decides whose answer it gets."""
    return await ANSWERS.get(media_type(request), detect_image)(request)


async def detect_image(request: Request) -> Response:
    """The boxes of an image, or the drawn image."""
    service = service_of(request)
    upload = await read_upload(request)
    model = service.model(upload.fields.get("model"))
    query = service.query.changed(upload.fields)
    drawn = JPEG in request.headers.get("accept", "")
    future = service.submit(model, upload.data, query, keep_pixels=drawn)
    inference = await asyncio.wrap_future(future)
    timing = f"network;dur={inference.network_ms:.2f}, total;dur={inference.total_ms:.2f}"
    headers = {"Server-Timing": timing}
    if drawn:
        from darknet_py.video.mjpeg_server import jpeg_bytes

        image = await asyncio.to_thread(lambda: jpeg_bytes(inference.result.plot()))
        return Response(image, media_type=JPEG, headers=headers)
    result = inference.result
    every_row = "rows" in upload.fields and truth("rows", upload.fields["rows"])
    text = rows_text(result) if every_row else result.to_json(named=False)
    return Response(text, media_type="application/json", headers=headers)


async def models(request: Request) -> Response:
    """GET /models."""
    service = service_of(request)
    query = service.query
    usual = {"thresh": query.thresh, "nms": query.nms, "letter_box": bool(query.letter_box)}
    rows = [facts(model) for model in service.models.values()]
    streams = service.stream is not None
    return JSONResponse({"models": rows, "defaults": usual, "stream": streams})


def facts(model: ServedModel) -> dict[str, Any]:
    """What decides a network's numbers."""
    detector = model.detector
    graph, config = detector.graph, detector.engine.config
    return {
        "name": model.name,
        "cfg": graph.path.rpartition("/")[2],
        "weights": os.path.basename(detector.weights),
        "classes": list(detector.names),
        "width": graph.net.width,
        "height": graph.net.height,
        "channels": graph.net.channels,
        "letter_box": graph.letter_box,
        "nms_kind": detector.suppression.kind,
        "beta_nms": detector.suppression.beta,
        "sorts": detector.suppression.sorts,
        "refilters": refilters(detector),
        "engine": config.engine,
        "device": str(detector.device),
        "precision": config.precision,
        "compiled": detector.engine.compiled,
        "fork": graph.fork.name,
        "upright": graph.fork.images.upright,
        "layers": len(graph.nodes),
    }


ANSWERS: dict[str, Endpoint] = {"application/json": doods.detect}
"""Media type of a body of /detect -> its dialect; all others are images, or forms with one."""

SECTION = "Detection"
OPERATIONS = (
    Operation(
        "/detect",
        ("POST",),
        detect,
        "Find the objects in an image",
        SECTION,
        DETECT_REQUEST,
        DETECT_RESPONSES,
        DETECT_PARAMETERS,
        token_header=doods.TOKEN_HEADER,
    ),
    Operation(
        "/models",
        ("GET",),
        models,
        "The networks and what is in force",
        SECTION,
        responses=MODELS_RESPONSES,
    ),
)
