"""The ASGI application, put together from the tables of operations."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from darknet_py.errors import DarknetError
from darknet_py.serve import deepstack, docs, doods, health, own_api, page
from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.request_metrics import RequestMetrics
from darknet_py.serve.service import Service

OPERATIONS: tuple[Operation, ...] = (
    *page.OPERATIONS,
    *own_api.OPERATIONS,
    *deepstack.OPERATIONS,
    *doods.OPERATIONS,
    *health.OPERATIONS,
    *docs.OPERATIONS,
)
"""All of them. A new dialect adds a table here."""


def build(service: Service) -> Starlette:
    """The application; `app.state.service` is the service."""
    routes = [
        Route(row.path, partial(_answer, row), methods=list(row.methods)) for row in OPERATIONS
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        health.warm_up(service)
        yield
        service.close()

    counting = Middleware(RequestMetrics, metrics=service.metrics, operations=OPERATIONS)
    app = Starlette(routes=routes, lifespan=lifespan, middleware=[counting])
    app.state.service = service
    app.state.operations = OPERATIONS
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
