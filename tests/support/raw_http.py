"""HTTP as no client library would send it: bytes over a socket, and what comes back."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any

CLOSED = 0
"""The status of a connection that was closed without an answer."""
PATIENCE = 30.0
"""Seconds after which a test fails: far beyond what the server may take."""


@dataclass(frozen=True)
class RawAnswer:
    """status: CLOSED where none came."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> Any:
        return json.loads(self.body)["error"]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def exchange(port: int, *parts: bytes, half_close: bool = False, method: str = "GET") -> RawAnswer:
    """What is answered to these bytes; the connection is closed then."""
    with connect(port) as connection:
        send(connection, parts)
        if half_close:
            with contextlib.suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_WR)
        return answer_on(connection, method)


def send(connection: socket.socket, parts: Iterable[bytes]) -> None:
    """As far as the server takes it."""
    with contextlib.suppress(OSError):
        for part in parts:
            connection.sendall(part)


def answer_on(connection: socket.socket, method: str = "GET") -> RawAnswer:
    """The next answer; raises TimeoutError where neither that nor the end comes."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return RawAnswer(response.status, response.read(), headers)
    except TimeoutError:
        raise
    except (OSError, HTTPException):
        return RawAnswer(CLOSED)
    finally:
        response.close()


def head(line: str = "POST /detect HTTP/1.1", *headers: str) -> bytes:
    """A request's head. headers: besides Host."""
    return "\r\n".join([line, "Host: localhost", *headers, "", ""]).encode("latin-1")


def posted(body: bytes, *headers: str, path: str = "/detect") -> bytes:
    """A whole request."""
    return head(f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *headers) + body


def chunked(*chunks: bytes) -> bytes:
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def multipart(*parts: tuple[str, bytes], boundary: str = "b0", end: bool = True) -> bytes:
    """parts: the text of Content-Disposition behind `form-data`, and the content."""
    lines = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data{words}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for words, content in parts
    )
    return lines + (f"--{boundary}--\r\n".encode() if end else b"")
