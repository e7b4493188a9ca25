"""From a request to its operation's answer, or to its error in the operation's own dialect."""

from __future__ import annotations

import logging
import traceback

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from darknet_py.errors import DarknetError
from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.request_limits import LimitedRequest
from darknet_py.serve.service import service_of

logger = logging.getLogger(__name__)

INTERNAL = "internal error"
"""All that a client hears of one; the rest is logged."""


async def answer(operation: Operation, request: Request) -> Response:
    """The route's endpoint, once `operation` is filled in."""
    service = service_of(request)

    async def admitted(request: Request) -> Response:
        await service.gate.require(request, operation)
        return await operation.endpoint(request)

    try:
        return await LimitedRequest(request, service.limits).answer(admitted)
    except Refusal as refusal:
        content = operation.error(refusal.status, str(refusal))
        return JSONResponse(content, refusal.status, refusal.headers)
    except DarknetError as error:
        return JSONResponse(operation.error(400, str(error)), 400)
    except Exception:  # noqa: BLE001 - one request fails, and nobody else's
        log_failure(request)
        return JSONResponse(operation.error(500, INTERNAL), 500)


def log_failure(request: Request) -> None:
    """The exception at hand, with what led there."""
    words = traceback.format_exc().rstrip()
    logger.error("%s %s: %s\n%s", request.method, request.url.path[:200], INTERNAL, words)


async def http_error(request: Request, error: Exception) -> Response:
    """What no operation answers: unknown paths, and methods that a path does not have."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def failure(request: Request, error: Exception) -> Response:
    """What fails beside the operations; the server logs it."""
    return JSONResponse({"error": INTERNAL}, 500)
