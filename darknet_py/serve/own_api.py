"""The API of our own: an image in, its boxes or the drawn image out."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.detect.result import Result
from darknet_py.serve import doods
from darknet_py.serve.batching import Inference
from darknet_py.serve.detect_facts import (
    DETECT_PARAMETERS,
    DETECT_REQUEST,
    DETECT_RESPONSES,
    MODELS_RESPONSES,
)
from darknet_py.serve.operation import Endpoint, Operation
from darknet_py.serve.query import Query, truth
from darknet_py.serve.rows import refilters, rows_text
from darknet_py.serve.service import ServedModel, Service, service_of
from darknet_py.serve.uploads import media_type, read_upload
from darknet_py.video.mjpeg_server import jpeg_bytes

JPEG = "image/jpeg"
MANY = 500
"""Rows that take about 5 ms to write."""


async def detect(request: Request) -> Response:
    """POST /detect: of what the body is decides whose answer it gets."""
    return await ANSWERS.get(media_type(request), detect_image)(request)


async def detect_image(request: Request) -> Response:
    """The boxes of an image, or the drawn image."""
    service = service_of(request)
    upload = await read_upload(request)
    model = service.model(upload.fields.get("model"))
    query = service.query.changed(upload.fields)
    if JPEG in request.headers.get("accept", ""):
        return await _drawn(service, model, upload.data, query)
    every_row = "rows" in upload.fields and truth("rows", upload.fields["rows"])
    inference = await asyncio.wrap_future(service.submit(model, upload.data, query))
    text = await _text(inference.result, every_row)
    return Response(text, media_type="application/json", headers=timing(inference))


async def _drawn(service: Service, model: ServedModel, data: bytes, query: Query) -> Response:
    async with service.drawings:
        future = service.submit(model, data, query, keep_pixels=True)
        inference = await asyncio.wrap_future(future)
        image = await asyncio.to_thread(lambda: jpeg_bytes(inference.result.plot()))
    return Response(image, media_type=JPEG, headers=timing(inference))


async def _text(result: Result, every_row: bool) -> str:
    """JSON; of many boxes it is made where it holds up nobody else."""
    write = partial(rows_text, result) if every_row else partial(result.to_json, named=False)
    return write() if len(result) < MANY else await asyncio.to_thread(write)


def timing(inference: Inference) -> dict[str, str]:
    """Headers that tell the times, which a browser's tools show."""
    words = f"network;dur={inference.network_ms:.2f}, total;dur={inference.total_ms:.2f}"
    return {"Server-Timing": words}


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
