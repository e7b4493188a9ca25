"""Connections: how long, how many, and what is no HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from support.plain_app import SIZE, operation, plain_app
from support.raw_http import CLOSED, answer_on, connect, exchange, head, posted
from support.served import served

from darknet_py.serve import http_protocol
from darknet_py.serve.http_protocol import ConnectionLimits, LimitedProtocol

HELLO = head("GET /hello HTTP/1.1")
SLOW = head("GET /slow HTTP/1.1")
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY)
BOUND = 10.0
"""Seconds that are less than any default, and more than a busy machine needs."""


async def hello(request: Request) -> Response:
    return JSONResponse("hello")


async def slow(request: Request) -> Response:
    await asyncio.sleep(0.3)
    return JSONResponse("slow")


async def endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)

    return StreamingResponse(parts())


OPERATIONS = (
    SIZE,
    *(operation(f"/{call.__name__}", call, "GET") for call in (hello, slow, endless)),
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(plain_app(*OPERATIONS), ConnectionLimits(BOUND, BOUND)) as port:
        yield port


@pytest.fixture(scope="module")
def hasty() -> Iterator[int]:
    """The port of a server that does not wait for long."""
    with served(plain_app(*OPERATIONS, max_mb=0.001), ConnectionLimits(1.0, 0.2)) as port:
        yield port


def closed(connection: socket.socket) -> bool:
    """Waits for it."""
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True


def ends(connection: socket.socket) -> bool:
    """Whether what comes has an end, within a gigabyte."""
    received = 0
    try:
        while received < 1 << 30:
            data = connection.recv(1 << 20)
            if not data:
                return True
            received += len(data)
    except ConnectionError:
        return True
    return False


def test_a_head_has_to_arrive(hasty: int) -> None:
    heads = {b"": CLOSED, b"GET /hello HTTP/1.1\r\nHost:": 408, b"GET": 408, HELLO[:-2]: 408}
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda data: exchange(hasty, data).status, heads))
    assert answers == list(heads.values())
    assert time.monotonic() - start < BOUND


def test_a_head_that_comes_byte_by_byte(hasty: int) -> None:
    with connect(hasty) as connection:
        connection.settimeout(BOUND)
        with pytest.raises(OSError):  # noqa: PT011 - a reset, or a broken pipe
            for byte in HELLO[:-2] + b"x: " + b"y" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(0.01)


def test_the_head_after_an_answer_has_to_arrive_too(hasty: int) -> None:
    with connect(hasty) as connection:
        connection.sendall(HELLO + b"GET")
        assert answer_on(connection).body == b'"hello"'
        assert answer_on(connection).status == 408


def test_an_idle_connection_is_closed_in_the_end() -> None:
    limits = ConnectionLimits(BOUND, BOUND, idle_seconds=0.1)
    with served(plain_app(*OPERATIONS), limits) as port, connect(port) as connection:
        connection.sendall(HELLO)
        assert answer_on(connection).status == 200
        assert closed(connection)


def test_answers_are_sent_without_delay(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a body would wait 40 milliseconds for the client to acknowledge its head."""
    kept = []
    made = LimitedProtocol.connection_made

    def connection_made(protocol: LimitedProtocol, transport: asyncio.BaseTransport) -> None:
        made(protocol, transport)
        kept.append(transport.get_extra_info("socket").getsockopt(*NO_DELAY))

    monkeypatch.setattr(LimitedProtocol, "connection_made", connection_made)
    assert exchange(port, HELLO).status == 200
    assert kept == [1]


def test_requests_on_one_connection(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(HELLO + SLOW + posted(b"123", path="/size") + HELLO)
        bodies = [answer_on_next(connection) for _ in range(4)]
    assert bodies == [b'"hello"', b'"slow"', b'{"size":3}', b'"hello"']


def answer_on_next(connection: socket.socket) -> bytes:
    """Byte by byte, as the next answer may be there already."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += connection.recv(1)
    length = int(data.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return connection.recv(length)


def test_the_rest_of_what_was_refused_is_not_read_for_long(hasty: int) -> None:
    with connect(hasty) as connection:
        connection.sendall(head("POST /size HTTP/1.1", "Content-Length: 100000"))
        assert answer_on(connection).status == 413
        assert closed(connection)


def test_a_client_that_does_not_read(hasty: int) -> None:
    with connect(hasty) as connection:
        connection.sendall(head("GET /endless HTTP/1.1"))
        time.sleep(1.0)  # the system's buffers fill at once
        assert ends(connection)


def test_a_whole_request_whose_client_closed_its_side(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HALF_CLOSED_SECONDS", BOUND)
    assert exchange(port, SLOW, half_close=True).body == b'"slow"'
    assert exchange(port, posted(b"123", path="/size"), half_close=True).body == b'{"size":3}'


def test_a_stream_whose_client_has_gone(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HALF_CLOSED_SECONDS", 0.05)
    with connect(port) as connection:
        connection.sendall(head("GET /endless HTTP/1.1"))
        connection.recv(100)
        connection.shutdown(socket.SHUT_WR)
        assert ends(connection)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HELLO[:-2], 400),
        (head("POST /size HTTP/1.1", "Content-Length: 10") + b"123", 400),
        (head("POST /size HTTP/1.1", "Transfer-Encoding: chunked") + b"5\r\n123", 400),
        (b"", CLOSED),
    ],
)
def test_what_breaks_off(port: int, data: bytes, status: int) -> None:
    assert exchange(port, data, half_close=True).status == status


def test_who_waits_longest_makes_room() -> None:
    with served(plain_app(*OPERATIONS), ConnectionLimits(BOUND, BOUND, most=3)) as port:
        busy, idle, partial = connect(port), connect(port), connect(port)
        busy.sendall(SLOW)
        idle.sendall(HELLO)
        assert answer_on(idle).status == 200
        partial.sendall(HELLO[:-2])
        time.sleep(0.05)
        with connect(port) as fourth:
            fourth.sendall(HELLO)
            assert answer_on(fourth).status == 200
            assert closed(idle)
            partial.sendall(b"\r\n")
            assert answer_on(partial).status == 200
            assert answer_on(busy).body == b'"slow"'
        for connection in (busy, idle, partial):
            connection.close()


def test_what_is_being_answered_makes_no_room() -> None:
    limits = ConnectionLimits(BOUND, BOUND, most=2)
    with served(plain_app(*OPERATIONS), limits) as port, connect(port) as first:
        second = connect(port)
        first.sendall(SLOW)
        second.sendall(SLOW)
        time.sleep(0.1)
        refused = exchange(port)
        assert refused.status == 503 and refused.headers["retry-after"] == "1"
        assert answer_on(first).body == answer_on(second).body == b'"slow"'
        second.close()
