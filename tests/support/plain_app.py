"""The application with operations of a test's own, and no network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.options.serving import ServerOptions
from darknet_py.serve.application import build
from darknet_py.serve.operation import Operation
from darknet_py.serve.service import Service
from darknet_py.serve.uploads import read_upload


async def size(request: Request) -> Response:
    """How many bytes the image has."""
    return JSONResponse({"size": len((await read_upload(request)).data)})


def operation(
    path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str, **more: Any
) -> Operation:
    return Operation(path, methods or ("POST",), endpoint, "For a test", "Tests", **more)


SIZE = operation("/size", size)


def plain_app(*operations: Operation, **options: Any) -> Starlette:
    return build(Service({}, ServerOptions(**options)), operations or (SIZE,))
