"""The ASGI application, put together from the tables of operations."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from darknet_py.errors import DarknetError
from darknet_py.serve import own_api, stream_api
from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import Service

OPERATIONS: tuple[Operation, ...] = (*own_api.OPERATIONS, *stream_api.OPERATIONS)
"""All of them. A new dialect adds a table here."""


def build(service: Service) -> Starlette:
    """The application; `app.state.service` is the service."""
    routes = [
        Route(row.path, partial(_answer, row), methods=list(row.methods)) for row in OPERATIONS
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.service = service
    return app


async def _answer(operation: Operation, request: Request) -> Response:
    """The operation's answer, or its error in its own dialect."""
    try:
        return await operation.endpoint(request)
    except Refusal as refusal:
        content = operation.error(refusal.status, str(refusal))
        return JSONResponse(content, refusal.status, refusal.headers)
    except DarknetError as error:
        return JSONResponse(operation.error(400, str(error)), 400)
