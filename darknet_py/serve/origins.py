"""Which pages in a browser may use this server: its own, and those that were allowed.

Without this any page that somebody looks at could send requests to a server in his network, and
a page whose name an attacker has turned to this machine's address (DNS rebinding) could read the
answers, as the browser believes that they are of the page's own server.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".home.arpa", ".lan", ".home")
"""Of names that no server of the internet gives an address to; nor does one to a name without a
dot."""
ANY = "*"


def origin_of(address: str) -> str:
    """scheme://host[:port] of the address of a page; "" where there is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def name_of(host: str) -> str:
    """The header Host, or what follows scheme:// in an origin, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_local(name: str, machine: str) -> bool:
    """Whether nobody outside can decide where this name leads to. machine: what it is called."""
    name = name.rstrip(".")
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(LOCAL_ENDINGS) or name == machine)


class SameOrigin:
    """Middleware. allowed: origins of other pages, "*" for all of them.

    Programs that are no browser send neither Origin nor Sec-Fetch-Site, and are not asked.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self.app = app
        self.allowed = {ANY if one == ANY else origin_of(one) or one for one in allowed}
        self._hosts = {host_of(one) for one in self.allowed}
        self._machine = socket.gethostname().lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = ""
        if scope["type"] == "http":
            reason = self.reason_against(scope["method"], Headers(scope=scope))
        if reason:
            await JSONResponse({"error": reason}, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def reason_against(self, method: str, headers: Headers) -> str:
        """ "" for a request that is welcome."""
        if not is_of_browser(headers) or ANY in self.allowed:
            return ""
        page = headers.get("origin") or origin_of(headers.get("referer", ""))
        host = headers.get("host", "").lower()
        if page.lower() in self.allowed:
            return ""
        if host not in self._hosts and not is_local(name_of(host), self._machine):
            return _cure(f"{host[:80]!r} is not known as a name of this machine", f"http://{host}")
        if "origin" in headers:
            return "" if host_of(page) == host else _of_others(page)
        strange = headers.get("sec-fetch-site") == "cross-site"
        return _of_others(page) if strange and not is_visit(method, headers) else ""


def is_of_browser(headers: Headers) -> bool:
    """Whether a page, or a person with a browser, may have sent it."""
    return (
        "origin" in headers
        or "sec-fetch-site" in headers
        or headers.get("user-agent", "").startswith("Mozilla/")
    )


def is_visit(method: str, headers: Headers) -> bool:
    """Whether a link was followed: the page that has it does not see what comes."""
    return method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"


def host_of(origin: str) -> str:
    """host[:port], as the header Host has it."""
    return origin.lower().partition("://")[2]


def _of_others(page: str) -> str:
    return _cure(f"pages of {page[:80] or 'other servers'} may not use this server", page)


def _cure(words: str, origin: str) -> str:
    return f"{words}; to allow them, start it with --allow-origin {origin[:80] or 'ORIGIN'}"
