"""One client of a stream over HTTP: its request, and the values until one of both ends it."""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from darknet_py.video.broadcast import Broadcast, DroppingQueue
from darknet_py.video.request_reader import RequestReader, hung_up

if TYPE_CHECKING:
    from darknet_py.video.stream_server import StreamServer

logger = logging.getLogger(__name__)

Payload = Callable[[], bytes]
"""Gives the bytes of one value, on the thread of whoever sends them first."""

MOST_VIEWERS = 100
"""Served at once: each is a thread, and a frame that is sent so many times fills most networks."""
REQUEST_SECONDS, MOST_REQUEST = 10.0, 65_536
"""For a request to arrive, and its length in bytes."""
STALL_SECONDS = 30.0
"""A client that takes nothing for so long is given up."""
QUIET_SECONDS = 1.0
"""Without a value, after which it is looked whether the client is still there."""
SEND_BUFFER = 262_144
"""Bytes on their way to one client. The system would let megabytes of old frames pile up for a slow
one; this much is enough for 2 MB/s at a round trip of 100 ms."""

HEADERS = {
    "Connection": "close",
    "Max-Age": "0",
    "Expires": "0",
    "Cache-Control": "no-cache, private",
    "Pragma": "no-cache",
}
"""AlexeyAB's, less what is not so."""


@dataclass(frozen=True, eq=False)
class StreamFormat:
    """values: what is sent. opening, between, closing: the bytes before, between, after them."""

    content_type: str
    values: Broadcast[Payload]
    opening: bytes
    between: bytes
    closing: bytes


class StreamHandler(BaseHTTPRequestHandler):
    """GET of any path starts the stream; it ends with the values, or when the client leaves."""

    server: StreamServer
    disable_nagle_algorithm = True
    timeout = STALL_SECONDS

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.rfile.close()
        reader = RequestReader(self.connection, REQUEST_SECONDS, MOST_REQUEST)
        self.rfile = io.BufferedReader(reader)

    def do_GET(self) -> None:
        stream = self.server.stream
        with stream.values.reader() as values:
            if stream.values.readers > MOST_VIEWERS:
                message = f"{MOST_VIEWERS} clients are served already; try again later"
                self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "10"})
                return
            self._send_headers()
            self._send_values(stream, values)

    def do_HEAD(self) -> None:
        self._send_headers()

    def do_POST(self) -> None:
        message = "this address is only read: use GET"
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET, HEAD"})

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST

    def _send_headers(self) -> None:
        self.connection.settimeout(STALL_SECONDS)
        self.send_response(HTTPStatus.OK)
        for name, value in (HEADERS | {"Content-Type": self.server.stream.content_type}).items():
            self.send_header(name, value)
        self.end_headers()

    def _send_values(self, stream: StreamFormat, values: DroppingQueue[Payload]) -> None:
        self._send(stream.opening)
        between = b""
        while not values.ended:
            payload = values.take(QUIET_SECONDS)
            if payload is not None:
                self._send(between + payload())
                between = stream.between
            elif hung_up(self.connection):
                return
        self._send(stream.closing)

    def _send(self, data: bytes) -> None:
        """The timeout counts from the last byte that the client took, not from the first one."""
        left = memoryview(data)
        while left:
            left = left[self.connection.send(left) :]

    def _refuse(self, status: HTTPStatus, message: str, headers: dict[str, str]) -> None:
        self.connection.settimeout(STALL_SECONDS)
        body = f"{message}\n".encode()
        self.send_response(status)
        facts = {"Content-Type": "text/plain", "Content-Length": str(len(body))}
        for name, value in (HEADERS | facts | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body)
        # A connection that is closed with bytes unread is reset, and the answer may be lost.
        self.connection.shutdown(socket.SHUT_WR)
        self.rfile.read()

    def version_string(self) -> str:
        """Of the header Server: nothing of the versions of what is behind it."""
        return "darknet-py"

    def log_message(self, format: str, *args: object) -> None:
        logger.debug("%s: %s", self.address_string(), format % args)
