"""A web server on this machine that gives what it is told by path: images, pages, streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.local_server import local_server


@dataclass(frozen=True)
class Page:
    """kind: the Content-Type, "" for none. length: said of the content, None for the true one, -1
    for none. endless: the content comes again and again."""

    kind: str
    content: bytes
    length: int | None = None
    endless: bool = False


@dataclass
class ImageSite:
    """url: of the root, without a slash at its end. asked: path and header of each request."""

    url: str
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def image_site(pages: Mapping[str, Page]) -> Iterator[ImageSite]:
    """pages: by their path with its query; another gives 404."""
    site = ImageSite("")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *values: Any) -> None:
            """Nothing."""

        def do_GET(self) -> None:  # noqa: N802 - the base's name
            site.asked.append((self.path, dict(self.headers.items())))
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            if page is None:
                self.end_headers()
                return
            if page.kind:
                self.send_header("Content-Type", page.kind)
            length = len(page.content) if page.length is None else page.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.send(page)

        def send(self, page: Page) -> None:
            try:
                self.wfile.write(page.content)
                while page.endless:
                    self.wfile.write(page.content)
            except OSError:
                pass  # whoever asked has gone

    with local_server(Handler) as site.url:
        yield site
