"""Requests are counted whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from darknet_py.serve.metrics import ServerMetrics
from darknet_py.serve.operation import Operation
from darknet_py.serve.request_metrics import PathTemplates, RequestMetrics


async def endpoint(request: Request) -> Response:
    return PlainTextResponse("")


OPERATIONS = [
    Operation(path, ("GET",), endpoint, "", "")
    for path in ("/", "/list", "/{model}", "/v1/{model}", "/files/{rest:path}")
] + [Operation("/probe", ("GET",), endpoint, "", "", free=True)]


@pytest.mark.parametrize(
    ("path", "root", "template"),
    [
        ("/", "", "/"),
        ("/list", "", "/list"),
        ("/yolo", "", "/{model}"),
        ("/v1/yolo", "", "/v1/{model}"),
        ("/files/a/b", "", "/files/{rest:path}"),
        ("/v1/a/b", "", "other"),
        ("/list/", "", "other"),
        ("/mounted/list", "/mounted", "/list"),
        ("/%2e%2e\n", "", "/{model}"),
    ],
)
def test_paths_are_those_of_the_table(path: str, root: str, template: str) -> None:
    scope = {"type": "http", "path": path, "root_path": root}
    assert PathTemplates(OPERATIONS).of(scope) == template


async def nothing(*_: Any) -> None:
    """Neither an answer nor an error: the client has gone."""


async def failing(*_: Any) -> None:
    raise RuntimeError("a mistake")


async def cancelled(*_: Any) -> None:
    raise asyncio.CancelledError


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    await send({"type": "http.response.body", "body": b"x"})


async def half(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("the answer ends")


async def busy(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})


def asked(
    answering: Callable[..., Any], method: str = "GET", kind: str = "http", path: str = "/list"
) -> ServerMetrics:
    metrics = ServerMetrics()
    parts = [b"abc", b"de"]

    async def receive() -> Message:
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    application = RequestMetrics(answering, metrics, OPERATIONS)
    scope = {"type": kind, "method": method, "path": path}
    try:
        asyncio.run(application(scope, receive, nothing))
    except (RuntimeError, asyncio.CancelledError):
        assert answering is not reading
    return metrics


def requests(metrics: ServerMetrics) -> dict[str, float]:
    lines = metrics.text("")[0].decode().splitlines()
    counts = (line.split() for line in lines if line.startswith("darknet_py_http_requests_total{"))
    return {labels: float(value) for labels, value in counts}


@pytest.mark.parametrize(
    ("answering", "status"),
    [(reading, 201), (nothing, 499), (cancelled, 499), (failing, 500), (half, 200)],
)
def test_each_is_counted_once(answering: Callable[..., Any], status: int) -> None:
    labels = f'{{method="GET",path="/list",status="{status}"}}'
    assert requests(asked(answering)) == {f"darknet_py_http_requests_total{labels}": 1}


def test_methods_that_nobody_knows_are_one() -> None:
    (labels,) = requests(asked(reading, "BREW"))
    assert 'method="other"' in labels


def test_the_body_is_measured() -> None:
    text = asked(reading).text("")[0].decode()
    assert "darknet_py_http_received_bytes_total 5.0\n" in text
    assert 'darknet_py_http_request_duration_seconds_count{path="/list"} 1.0\n' in text


def test_what_is_no_request_is_not_counted() -> None:
    assert requests(asked(nothing, kind="websocket")) == {}


@pytest.mark.parametrize(("path", "count"), [("/list", 1), ("/unknown/path", 1), ("/probe", 0)])
def test_the_answers_of_probes_are_no_refusals(path: str, count: int) -> None:
    text = asked(busy, path=path).text("")[0].decode()
    assert text.count('darknet_py_refusals_total{reason="busy"} 1.0') == count
