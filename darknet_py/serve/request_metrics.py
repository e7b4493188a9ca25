"""Counts the requests, around all else that answers them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from re import Pattern

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darknet_py.serve.metrics import ServerMetrics
from darknet_py.serve.operation import Operation

OTHER = "other"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
GONE, FAILED = 499, 500
"""What is counted when no answer was begun: the client went away, or the application failed."""


class PathTemplates:
    """Paths as the table of operations has them: what a client makes up must not become a label,
    since each label takes memory for ever."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        paths = {operation.path for operation in operations}
        self._plain = {path for path in paths if "{" not in path}
        self._patterns: dict[str, Pattern[str]] = {
            path: compile_path(path)[0] for path in sorted(paths - self._plain)
        }

    def of(self, scope: Scope) -> str:
        """The template that the request's path fits, or "other"."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in self._plain:
            return path
        return next((name for name, fits in self._patterns.items() if fits.match(path)), OTHER)


class RequestMetrics:
    """An ASGI middleware; put it around whatever may refuse a request."""

    def __init__(
        self, app: ASGIApp, metrics: ServerMetrics, operations: Iterable[Operation]
    ) -> None:
        self.app = app
        self.metrics = metrics
        operations = tuple(operations)
        self.templates = PathTemplates(operations)
        self.probes = {operation.path for operation in operations if operation.free}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = self.templates.of(scope)  # before a router changes the scope
        method = scope["method"] if scope["method"] in METHODS else OTHER
        start, status, size = time.perf_counter(), 0, 0

        async def counted_receive() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            return message

        async def watched_send(message: Message) -> None:
            nonlocal status
            status = status or message.get("status", 0)
            await send(message)

        try:
            await self.app(scope, counted_receive, watched_send)
        except Exception:
            status = status or FAILED
            raise
        finally:
            seconds = time.perf_counter() - start
            self.metrics.request(path, method, status or GONE, seconds, size)
            if path not in self.probes:  # the 503 of /readyz is what it was asked for
                self.metrics.refused(status)
