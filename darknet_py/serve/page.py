"""The page to try the networks on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from darknet_py.serve.operation import Operation
from darknet_py.serve.static_page import page_response


async def page(request: Request) -> Response:
    """GET /."""
    return page_response(request, "page.html")


PAGE = {"description": "A page.", "content": {"text/html": {}}}
OPERATIONS = (
    # Without the token, too: the page asks for it.
    Operation(
        "/",
        ("GET",),
        page,
        "A page to try the networks on",
        "Documentation",
        responses={"200": PAGE},
        free=True,
    ),
)
