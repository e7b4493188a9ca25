"""A client of a stream that does only what the test says: raw bytes over a socket."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from urllib.parse import urlsplit

PATIENCE = 20.0
"""Seconds after which a test fails, whatever the machine has to do besides."""
OPENED: list[socket.socket] = []
"""To be closed with `close_all` when the test is over."""
GET = b"GET /any/path HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(url: str, request: bytes = GET, *, receive_buffer: int = 0) -> socket.socket:
    """receive_buffer: bytes that the system takes for a client that reads nothing."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    connection = socket.socket()
    OPENED.append(connection)
    connection.settimeout(PATIENCE)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.connect((parts.hostname, parts.port))
    connection.sendall(request)
    return connection


def close_all() -> None:
    while OPENED:
        OPENED.pop().close()


def read_until(connection: socket.socket, end: bytes) -> bytes:
    """All bytes up to and with `end`, and not one more."""
    data = b""
    while not data.endswith(end):
        byte = connection.recv(1)
        assert byte, f"the stream ended: {data!r}"
        data += byte
    return data


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def closed(connection: socket.socket) -> bool:
    """Reads on until the other side closes or resets."""
    try:
        read_all(connection)
    except ConnectionError:
        return True
    return True


def reset(connection: socket.socket) -> None:
    """Gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.005)
