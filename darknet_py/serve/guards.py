"""What stands around the application: limits of heads, other pages, headers of answers."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from darknet_py.options.serving import ServerOptions
from darknet_py.serve.origins import SameOrigin, origin_of

MOST_ADDRESS_BYTES = 8_192
MOST_HEAD_BYTES = 16_384
MOST_HEADERS = 100
TWO_LENGTHS = {b"content-length", b"transfer-encoding"}
"""With both, servers in a row may disagree about where the next request begins."""
NO_GUESS = (b"x-content-type-options", b"nosniff")
NO_STORE = (b"cache-control", b"no-store")
"""Unless the answer says otherwise."""


class AnswerHeaders:
    """Middleware: browsers neither guess at an answer's type nor keep it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), NO_GUESS]
                if not any(name.lower() == NO_STORE[0] for name, _ in headers):
                    headers.append(NO_STORE)
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HeadLimits:
    """Middleware: the address and the headers have a sensible size, and tell one length of the
    body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = bad_head(scope) if scope["type"] == "http" else None
        answer = self.app if refused is None else refused
        await answer(scope, receive, send)


def bad_head(scope: Scope) -> JSONResponse | None:
    """The answer to one; None for a good one."""
    address = len(scope.get("raw_path") or scope["path"]) + len(scope.get("query_string", b""))
    if address > MOST_ADDRESS_BYTES:
        return JSONResponse({"error": "the address is too long"}, 414)
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MOST_HEADERS or size > MOST_HEAD_BYTES:
        return JSONResponse({"error": "the headers are too many or too long"}, 431)
    names = {name for name, _ in headers}
    if names >= TWO_LENGTHS:
        error = {"error": "the body has a length and comes in chunks; send one of the headers"}
        return JSONResponse(error, 400, {"Connection": "close"})
    return None


def middleware(options: ServerOptions) -> list[Middleware]:
    """From the outside in."""
    others = [origin_of(one) or one for one in options.allow_origin]
    stack = [
        Middleware(AnswerHeaders),
        Middleware(HeadLimits),
        Middleware(SameOrigin, allowed=others),
    ]
    return [*stack, *([pages_allowed(others)] if others else [])]


def pages_allowed(origins: list[str]) -> Middleware:
    """Tells browsers what pages of these may send, and see of an answer."""
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=("GET", "POST", "PUT", "DELETE"),
        allow_headers=("Authorization",),
        expose_headers=("Server-Timing", "Retry-After"),
    )
