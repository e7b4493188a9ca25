"""Who may ask: those who know the token."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Callable

from starlette.requests import Request

from darknet_py.serve.operation import Operation
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.uploads import read_form

logger = logging.getLogger(__name__)

BASIC = {"WWW-Authenticate": 'Basic realm="darknet-py"'}
"""Browsers ask for it by themselves: any user, the token as the password."""
BEARER = {"WWW-Authenticate": 'Bearer realm="darknet-py"'}
"""They do not: for what a page fetches, which asks in its own words."""
WRONG_SECONDS = 0.25
"""That a wrong token waits for its answer."""
MOST_ADDRESSES = 1000
"""Of wrong tokens that are remembered, so that each is said once."""


def basic_password(text: str) -> str:
    """The password in the credentials of HTTP Basic; "" in what are none."""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def bearer_token(text: str) -> str:
    """Headers come as if their bytes were Latin-1."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


SCHEMES: dict[str, Callable[[str], str]] = {"bearer": bearer_token, "basic": basic_password}
"""First word of the header Authorization -> the token in the rest."""


def token_in(authorization: str) -> str:
    """What the header says, "" for nothing."""
    scheme, _, rest = authorization.strip().partition(" ")
    read = SCHEMES.get(scheme.lower())
    return read(rest.strip()) if read else ""


def challenge(request: Request) -> dict[str, str]:
    """The header of a 401; X-Requested-With is how pages say that it is they who ask."""
    return BEARER if "x-requested-with" in request.headers else BASIC


class TokenGate:
    """token: None lets everybody through."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self._wrong: set[str] = set()

    async def require(self, request: Request, operation: Operation) -> None:
        """Raises Refusal, 401, for who does not know the token.

        The form is read only where the operation's clients send the token in it, and nothing was
        said in the head.
        """
        if self._token is None or operation.free:
            return
        headers = request.headers
        given = token_in(headers.get("authorization", ""))
        if not given and operation.token_header:
            given = bearer_token(headers.get(operation.token_header, ""))
        if not given and operation.token_field:
            given = (await read_form(request)).fields.get(operation.token_field, "")
        if not given:
            raise Refusal(401, "this server asks for its token", challenge(request))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token):
            await self._slow_down(request.client.host if request.client else "")
            raise Refusal(401, "this is not the token of this server", challenge(request))

    async def _slow_down(self, address: str) -> None:
        if address not in self._wrong and len(self._wrong) < MOST_ADDRESSES:
            self._wrong.add(address)
            logger.warning("a wrong token came from %s", address)
        await asyncio.sleep(WRONG_SECONDS)
