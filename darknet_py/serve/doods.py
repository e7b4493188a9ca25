"""The API of DOODS, as Home Assistant calls it: JSON in, JSON out."""

from __future__ import annotations

import asyncio
import base64
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.detect.result import Result
from darknet_py.detect.result_text import JSON_FLOOR
from darknet_py.serve.doods_facts import DETECTORS
from darknet_py.serve.doods_request import DoodsRequest, parsed
from darknet_py.serve.operation import Operation
from darknet_py.serve.service import ServedModel, Service, service_of
from darknet_py.serve.uploads import read_upload
from darknet_py.video.mjpeg_server import jpeg_bytes

DEFAULT = "default"
"""The first network, where none is called so: what most clients are set to."""


async def detect(request: Request) -> Response:
    """POST /detect with a body of JSON."""
    service = service_of(request)
    upload = await read_upload(request)
    asked = await asyncio.to_thread(parsed, upload.data, 100 * service.query.thresh)
    model = named_detector(service, asked.detector_name)
    query = replace(service.query, thresh=least_score(asked))
    said: dict[str, Any] = {} if asked.id is None else {"id": asked.id}
    async with service.drawings if asked.drawn else nullcontext():
        future = service.submit(model, asked.data, query, keep_pixels=asked.drawn)
        found = kept((await asyncio.wrap_future(future)).result, asked)
        said["detections"] = detections(found)
        if asked.drawn:
            said["image"] = await asyncio.to_thread(_drawn, found)
    return JSONResponse(said)


async def detectors(request: Request) -> Response:
    """GET /detectors: the default one, and each network by its name."""
    service = service_of(request)
    by_name = {DEFAULT: service.first, **service.models}
    return JSONResponse({"detectors": [_facts(name, model) for name, model in by_name.items()]})


def named_detector(service: Service, name: str) -> ServedModel:
    """The network of that name; raises Refusal."""
    default = name == DEFAULT and DEFAULT not in service.models
    return service.model("" if default else name)


def least_score(asked: DoodsRequest) -> float:
    """The lowest one asked for; 1 where nothing is asked for."""
    percents = [percent for wanted in asked.everything for percent in wanted.percents.values()]
    return max(min(percents, default=100) / 100, JSON_FLOOR)


def kept(result: Result, asked: DoodsRequest) -> Result:
    """The rows that are wanted, the most confident first."""
    edges = shares(result)
    percents = 100 * result.boxes.confidence.astype(np.float64)
    labels = [result.name(number) for number in result.boxes.class_id.tolist()]
    rows = [
        row
        for row in result.ranked()
        if any(wanted.takes(labels[row], percents[row], edges[row]) for wanted in asked.everything)
    ]
    return result.select(np.array(rows, np.int64))


def shares(result: Result) -> list[list[float]]:
    """Left, top, right, bottom of each row relative to the image, cut at its edges: Home Assistant
    drops what is beyond them."""
    cut: list[list[float]] = np.clip(result.boxes.xyxyn, 0, 1).astype(np.float64).tolist()
    return cut


def detections(result: Result) -> list[dict[str, Any]]:
    """One for each row: edges relative to the image, confidence in percent."""
    return [
        {
            "top": top,
            "left": left,
            "bottom": bottom,
            "right": right,
            "label": box.name,
            "confidence": 100 * box.confidence,
        }
        for box, (left, top, right, bottom) in zip(result, shares(result), strict=True)
    ]


def _drawn(result: Result) -> str:
    return base64.b64encode(jpeg_bytes(result.plot())).decode()


def _facts(name: str, model: ServedModel) -> dict[str, Any]:
    graph = model.detector.graph
    return {
        "name": name,
        "type": "darknet",
        "model": graph.path.rpartition("/")[2],
        "labels": list(model.detector.names),
        "width": graph.net.width,
        "height": graph.net.height,
    }


TOKEN_HEADER = "doods-auth-key"

OPERATIONS = (
    Operation(
        "/detectors",
        ("GET",),
        detectors,
        "The networks as detectors",
        "DOODS",
        responses=DETECTORS,
        token_header=TOKEN_HEADER,
    ),
)
"""`/detect` is a row of our own API's, which hands bodies of JSON over to `detect`."""
