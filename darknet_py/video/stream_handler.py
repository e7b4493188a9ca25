"""One request for a stream over HTTP: what is wrong is answered, the others go to the sender."""

from __future__ import annotations

import io
import logging
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from darknet_py.video.request_reader import RequestReader
from darknet_py.video.stream_sender import StreamSender

logger = logging.getLogger(__name__)

MOST_VIEWERS = 100
"""Served at once; a frame that is sent so many times fills most networks."""
REQUEST_SECONDS, MOST_REQUEST = 10.0, 131_072
"""For a request to arrive, and its length in bytes."""
ANSWER_SECONDS = 5.0
"""For the client to take the headers."""
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


class StreamHandler(BaseHTTPRequestHandler):
    """GET of any path starts the stream, which ends with the values or when the client leaves."""

    disable_nagle_algorithm = True
    timeout = REQUEST_SECONDS

    def __init__(self, sender: StreamSender, *connection: Any) -> None:
        self.sender = sender
        super().__init__(*connection)

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.rfile.close()
        reader = RequestReader(self.connection, REQUEST_SECONDS, MOST_REQUEST)
        self.rfile = io.BufferedReader(reader)

    def do_GET(self) -> None:
        if self.sender.viewers >= MOST_VIEWERS:
            message = f"{MOST_VIEWERS} clients are served already; try again later"
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "10"})
            return
        self.do_HEAD()
        # The server closes the socket that it gave to this handler, and not a detached one.
        self.sender.add(socket.socket(fileno=self.connection.detach()))

    def do_HEAD(self) -> None:
        self._send_headers(HTTPStatus.OK, {"Content-Type": self.sender.stream.content_type})

    def do_POST(self) -> None:
        message = "this address is only read: use GET"
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET, HEAD"})

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST

    def _send_headers(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.connection.settimeout(ANSWER_SECONDS)
        self.send_response(status)
        for name, value in (HEADERS | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _refuse(self, status: HTTPStatus, message: str, headers: dict[str, str]) -> None:
        body = f"{message}\n".encode()
        facts = {"Content-Type": "text/plain", "Content-Length": str(len(body))}
        self._send_headers(status, facts | headers)
        self.wfile.write(body)
        # A connection that is closed with bytes unread is reset, and the answer may be lost.
        self.connection.shutdown(socket.SHUT_WR)
        self.rfile.read()

    def version_string(self) -> str:
        """Of the header Server: nothing of the versions of what is behind it."""
        return "darknet-py"

    def log_message(self, format: str, *args: object) -> None:
        logger.debug("%s: %s", self.address_string(), format % args)
