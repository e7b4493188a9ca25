"""HTML files of this package as pages that run nothing but what stands in them."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

INLINE = re.compile(rb"<(script|style)(?: [^>]*)?>(.*?)</\1>", re.DOTALL)
POLICY = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "img-src": "'self' data: blob:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""Content-Security-Policy without script-src and style-src, which name the file's own parts."""


@dataclass(frozen=True)
class StaticPage:
    """data: of the file. headers: with its policy and its ETag."""

    data: bytes
    headers: dict[str, str]


def page_response(request: Request, name: str) -> Response:
    """The file NAME of this package, whose <script> and <style> run by their hashes: nothing else
    that gets into the page can, nor can it reach another server, or be shown in another's frame."""
    page = _page(name)
    known = request.headers.get("if-none-match", "").split(",")
    if page.headers["ETag"] in [tag.strip().removeprefix("W/") for tag in known]:
        return Response(status_code=304, headers=page.headers)
    return Response(page.data, media_type="text/html", headers=page.headers)


@cache
def _page(name: str) -> StaticPage:
    data = resources.files(__package__).joinpath(name).read_bytes()
    data = data.replace(b"\r\n", b"\n")  # as browsers do before they take the hash
    return StaticPage(
        data,
        {
            "Content-Security-Policy": policy(data),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",  # ask whether there is another one; the ETag answers
            "ETag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
        },
    )


def policy(html: bytes) -> str:
    """The Content-Security-Policy under which these scripts and styles run, and no others: neither
    those of other files nor attributes such as onclick and style."""
    allowed: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        allowed[kind.decode()].append(f"'sha256-{digest}'")
    own = {f"{kind}-src": " ".join(hashes) or "'none'" for kind, hashes in allowed.items()}
    return "; ".join(f"{name} {words}" for name, words in (POLICY | own).items())
