"""The ASGI application, put together from the tables of operations."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from darknet_py.serve import deepstack, docs, doods, health, own_api, page, stream_api
from darknet_py.serve.answers import answer, failure, http_error
from darknet_py.serve.guards import middleware
from darknet_py.serve.operation import Operation
from darknet_py.serve.request_metrics import RequestMetrics
from darknet_py.serve.service import Service

OPERATIONS: tuple[Operation, ...] = (
    *page.OPERATIONS,
    *own_api.OPERATIONS,
    *stream_api.OPERATIONS,
    *deepstack.OPERATIONS,
    *doods.OPERATIONS,
    *health.OPERATIONS,
    *docs.OPERATIONS,
)
"""All of them. A new dialect adds a table here."""


def build(service: Service, operations: tuple[Operation, ...] = OPERATIONS) -> Starlette:
    """The application; `app.state.service` is the service."""
    routes = [
        Route(row.path, partial(answer, row), methods=list(row.methods)) for row in operations
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        health.warm_up(service)
        service.start()
        yield
        service.close()

    counting = Middleware(RequestMetrics, metrics=service.metrics, operations=operations)
    app = Starlette(
        routes=routes,
        middleware=[counting, *middleware(service.options)],
        exception_handlers={HTTPException: http_error, Exception: failure},
        lifespan=lifespan,
    )
    # Its redirection to a path without the last / would be to a host that the client names.
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.operations = operations
    return app
