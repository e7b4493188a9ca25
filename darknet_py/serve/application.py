"""The ASGI application, put together from the tables of operations."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from darknet_py.serve import own_api
from darknet_py.serve.answers import answer, failure, http_error
from darknet_py.serve.guards import middleware
from darknet_py.serve.operation import Operation
from darknet_py.serve.service import Service

OPERATIONS: tuple[Operation, ...] = (*own_api.OPERATIONS,)
"""All of them. A new dialect adds a table here."""


def build(service: Service, operations: tuple[Operation, ...] = OPERATIONS) -> Starlette:
    """The application; `app.state.service` is the service."""
    routes = [
        Route(row.path, partial(answer, row), methods=list(row.methods)) for row in operations
    ]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    app = Starlette(
        routes=routes,
        middleware=middleware(service.options),
        exception_handlers={HTTPException: http_error, Exception: failure},
        lifespan=lifespan,
    )
    # Its redirection to a path without the last / would be to a host that the client names.
    app.router.redirect_slashes = False
    app.state.service = service
    return app
