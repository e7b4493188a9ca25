"""A web server on this machine that gives a file, or treats whoever asks badly."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.local_server import local_server


@dataclass
class Site:
    """What is served at /file, how, and what was asked.

    cuts: bytes after which the connection of each request breaks, in turn. ranges: whether it knows
    of them, conditions: of If-Range. etag: of the content. length: said of all, delay: seconds
    between one KiB and the next. statuses: answered instead, in turn.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    conditions: bool = True
    etag: str = '"one"'
    length: int | None = None
    delay: float = 0.0
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, *values: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:  # noqa: N802
        site = self.site
        site.asked.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        self.close_connection = True
        if "Python" in self.headers.get("User-Agent", ""):
            self.answer(403)
        elif self.path.startswith("/to/"):
            self.answer(302, {"Location": self.path.removeprefix("/to/")})
        elif self.path == "/endless":
            self.answer(302, {"Location": "/file"}, length=10**9)
            self.wfile.write(b"x")
            self.rfile.read(1)  # until whoever asked goes away
        elif self.path == "/loop":
            self.answer(301, {"Location": "/loop"})
        elif self.path != "/file":
            self.answer(404)
        elif site.statuses:
            self.answer(site.statuses.pop(0), site.headers)
        else:
            self.give()

    def answer(self, status: int, headers: dict[str, str] | None = None, length: int = 0) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def give(self) -> None:
        site, content = self.site, self.site.content
        start = self.asked_from() if site.ranges else 0
        if start > len(content):
            self.answer(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if site.etag:
            self.send_header("ETag", site.etag)
        rest = content[start:]
        length = len(rest) if site.length is None else site.length
        if length >= 0:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.send(rest[: site.cuts.pop(0)] if site.cuts else rest)

    def asked_from(self) -> int:
        condition = self.headers.get("If-Range")
        if self.site.conditions and condition and condition != self.site.etag:
            return 0
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def send(self, data: bytes) -> None:
        step = 1024 if self.site.delay else len(data) or 1
        try:
            for first in range(0, len(data), step):
                self.wfile.write(data[first : first + step])
                if self.site.delay:
                    time.sleep(self.site.delay)
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # whoever asked has gone


@contextmanager
def serving(content: bytes, **how: Any) -> Iterator[Site]:
    """A site whose url is that of the file."""
    site = Site(content, **how)
    with local_server(type("SiteHandler", (Handler,), {"site": site})) as root:
        site.url = f"{root}/file"
        yield site
