"""The API in words: its OpenAPI document, and a page that shows it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.serve.openapi import document
from darknet_py.serve.operation import Operation
from darknet_py.serve.service import service_of
from darknet_py.serve.static_page import page_response

SECTION = "Documentation"


async def openapi(request: Request) -> Response:
    """GET /openapi.json."""
    token = service_of(request).options.token is not None
    root = request.scope.get("root_path", "")
    return JSONResponse(document(request.app.state.operations, token=token, root=root))


async def docs(request: Request) -> Response:
    """GET /docs."""
    return page_response(request, "docs.html")


DOCUMENT = {"description": "OpenAPI 3.1.", "content": {"application/json": {}}}
PAGE = {"description": "A page.", "content": {"text/html": {}}}
OPERATIONS = (
    Operation(
        "/openapi.json", ("GET",), openapi, "This document", SECTION, responses={"200": DOCUMENT}
    ),
    Operation("/docs", ("GET",), docs, "It as a page", SECTION, responses={"200": PAGE}),
)
