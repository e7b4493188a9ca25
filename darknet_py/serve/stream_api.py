"""The stream: a video, camera or address that all who look see with its boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from darknet_py.serve.live_response import Feed, LiveFormat, LiveResponse
from darknet_py.serve.live_stream import LiveStream
from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import service_of
from darknet_py.video.json_files import BETWEEN, HEAD, TAIL
from darknet_py.video.mjpeg_server import BOUNDARY
from darknet_py.video.stream_handler import MOST_VIEWERS

SOON = {"Retry-After": "10"}
MJPEG = LiveFormat(
    f"multipart/x-mixed-replace; boundary={BOUNDARY}", f"--{BOUNDARY}".encode(), closing=b"--\r\n"
)
LINES = LiveFormat("application/x-ndjson")
ARRAY = LiveFormat("application/json", HEAD, BETWEEN, TAIL)


async def pictures(request: Request) -> Response:
    """GET /stream."""
    return _live(request, MJPEG, lambda stream: stream.pictures)


async def lines(request: Request) -> Response:
    """GET /stream.jsonl."""
    return _live(request, LINES, lambda stream: stream.lines)


async def array(request: Request) -> Response:
    """GET /stream.json."""
    return _live(request, ARRAY, lambda stream: stream.entries)


def _live(request: Request, live: LiveFormat, feed: Callable[[LiveStream], Feed]) -> LiveResponse:
    """Raises Refusal: 404 without a stream, 410 after its end, 503 while it has no frames and when
    as many as may look do."""
    stream = service_of(request).stream
    if stream is None:
        raise Refusal(404, "there is no stream; start the server with --stream SOURCE")
    stream.start()
    state = stream.state
    if state.ended:
        raise Refusal(410, f"the stream has ended{': ' if state.trouble else ''}{state.trouble}")
    if state.trouble:
        raise Refusal(503, f"the stream has no frames now: {state.trouble}", SOON)
    if state.viewers >= MOST_VIEWERS:
        raise Refusal(503, f"{MOST_VIEWERS} viewers look already; try again later", SOON)
    return LiveResponse(live, feed(stream))


def _responses(content_type: str, what: str) -> dict[str, Any]:
    refused = {"404": "There is no stream", "410": "It has ended", "503": "No frames now"}
    answer: dict[str, Any] = {"description": what, "content": {content_type: {}}}
    return {"200": answer} | {code: {"description": why} for code, why in refused.items()}


OPERATIONS = (
    Operation(
        "/stream",
        ("GET",),
        pictures,
        "The frames with their boxes, as MJPEG",
        "Stream",
        responses=_responses("multipart/x-mixed-replace", "Goes on until the stream ends"),
    ),
    Operation(
        "/stream.jsonl",
        ("GET",),
        lines,
        "The boxes of each frame, a line of JSON each",
        "Stream",
        responses=_responses("application/x-ndjson", "A line for each frame from now on"),
    ),
    Operation(
        "/stream.json",
        ("GET",),
        array,
        "The same as AlexeyAB's -json_port: one array that grows",
        "Stream",
        responses=_responses("application/json", "An entry for each frame from now on"),
    ),
)
