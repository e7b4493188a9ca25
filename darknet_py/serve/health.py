"""What those ask who look after the server: is it alive, is it ready, what does it do."""

from __future__ import annotations

import logging
import threading
from functools import cache, partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from darknet_py.engines.table import EngineConfig
from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import ServedModel, Service, service_of

logger = logging.getLogger(__name__)

SECTION = "Operation"
NO_STORE = {"Cache-Control": "no-store"}


async def healthz(request: Request) -> Response:
    """GET /healthz: alive as long as this is answered."""
    return PlainTextResponse("ok", headers=NO_STORE)


async def readyz(request: Request) -> Response:
    """GET /readyz."""
    service = service_of(request)
    reasons = not_ready(service)
    warm_up(service)  # a network that failed may answer again, but nobody would ask it
    status = 503 if reasons else 200
    return JSONResponse({"ready": not reasons, "reasons": reasons}, status, NO_STORE)


async def metrics(request: Request) -> Response:
    """GET /metrics."""
    text, content_type = service_of(request).metrics.text(request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": content_type, **NO_STORE})


def warm_up(service: Service) -> None:
    """Has each network that is not ready look at an image without content. Does not wait for it.

    Making a network ready for its first image takes up to a few seconds, and minutes with
    --compile, which no request shall wait for.
    """
    for model in service.models.values():
        if service.readiness.begin_trial(model.name):
            _try(service, model)


def _try(service: Service, model: ServedModel) -> None:
    config = model.detector.engine.config
    if config.compiled or config.engine != EngineConfig.engine:
        start = partial(_prepare_and_submit, service, model)
        threading.Thread(target=start, name="warm-up", daemon=True).start()
    else:
        _submit(service, model)


def _prepare_and_submit(service: Service, model: ServedModel) -> None:
    """What makes a program for each size of a batch makes them now."""
    try:
        model.batcher.prepare()
    except Exception as failure:  # noqa: BLE001 - images meet it again, and it is told to them
        logger.error("%s: %s", model.name, failure)
    _submit(service, model)


def _submit(service: Service, model: ServedModel) -> None:
    def end(_: Any) -> None:
        service.readiness.end_trial(model.name)

    try:
        future = model.batcher.submit(blank_image(), service.query)
    except Refusal:  # it is busy or closed
        end(None)
        return
    service.readiness.image(model.name, future)
    future.add_done_callback(end)


@cache
def blank_image() -> bytes:
    """A PNG file, all black; the network's input is as large as ever."""
    import cv2
    import numpy as np

    return cv2.imencode(".png", np.zeros((16, 16, 3), np.uint8))[1].tobytes()


def not_ready(service: Service) -> list[str]:
    """Why no request should be sent here now, a line each; none: it is ready."""
    lines = ["the server is stopping"] if service.stopping else []
    for name, trouble in service.readiness.troubles().items():
        lines.append(f"network {name} {trouble}")
    for name, model in service.models.items():
        if model.batcher.waiting + model.batcher.at_work >= service.options.queue:
            lines.append(f"the queue of network {name} is full")
    return lines


READINESS = {
    "type": "object",
    "required": ["ready", "reasons"],
    "properties": {
        "ready": {"type": "boolean"},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
}
READY = {"ready": True, "reasons": []}
LOADING = {"ready": False, "reasons": ["network shapes has not answered its first image yet"]}


def _text(description: str, example: str) -> dict[str, Any]:
    content = {"schema": {"type": "string"}, "example": example}
    return {"description": description, "content": {"text/plain": content}}


def _readiness(description: str, example: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": READINESS, "example": example}
    return {"description": description, "content": {"application/json": content}}


OPERATIONS = (
    Operation(
        "/healthz",
        ("GET",),
        healthz,
        "Is the process alive",
        SECTION,
        responses={"200": _text("As long as it answers at all.", "ok")},
        free=True,
    ),
    Operation(
        "/readyz",
        ("GET",),
        readyz,
        "Should requests be sent here now",
        SECTION,
        responses={
            "200": _readiness("Every network answers.", READY),
            "503": _readiness("Starting, stopping, full, or a network fails.", LOADING),
        },
        free=True,
    ),
    Operation(
        "/metrics",
        ("GET",),
        metrics,
        "Counters and times for Prometheus",
        SECTION,
        responses={
            "200": _text("In Prometheus' text format.", "darknet_py_images_total 14.0\n"),
        },
    ),
)
