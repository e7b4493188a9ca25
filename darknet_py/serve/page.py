"""The page to try a network on: one file, served with a policy that lets it load nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from darknet_py.serve.operation import Operation

INLINE = re.compile(r"<(script|style)[^>]*>(.*?)</\1>", re.DOTALL)
POLICY = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "blob:",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
"""What the page may load, besides the script and the style inside it."""
FIXED_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class StaticPage:
    """body: the file. headers: of its answer; the ETag changes with the file."""

    body: bytes
    headers: Mapping[str, str]


@cache
def static_page() -> StaticPage:
    """The page, read from the package once."""
    body = files("darknet_py.serve").joinpath("page.html").read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    policy = content_policy(body.decode())
    return StaticPage(body, {**FIXED_HEADERS, "Content-Security-Policy": policy, "ETag": tag})


def content_policy(html: str) -> str:
    """The Content-Security-Policy of a page. Its own scripts and styles are named by their hash:
    no other runs, wherever it comes from."""
    inside: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        inside[kind].append(f"'sha256-{digest}'")
    rows = {**POLICY, **{f"{kind}-src": " ".join(hashes) for kind, hashes in inside.items()}}
    return "; ".join(f"{name} {sources}" for name, sources in rows.items() if sources)


async def page(request: Request) -> Response:
    """GET /."""
    file = static_page()
    known = request.headers.get("if-none-match", "")
    if file.headers["ETag"] in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Response(status_code=304, headers=dict(file.headers))
    return Response(file.body, headers=dict(file.headers))


OPERATIONS = (Operation("/", ("GET",), page, "The page to try the networks on", "Page", free=True),)
