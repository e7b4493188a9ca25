"""A port with a stream: requests of all kinds, clients of all kinds, and that it ends."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from support.stream_client import (
    close_all,
    closed,
    connect,
    read_all,
    read_until,
    reset,
    wait_until,
)

from darknet_py.errors import OutputError
from darknet_py.video import stream_handler, stream_sender, stream_server
from darknet_py.video.broadcast import Broadcast
from darknet_py.video.stream_sender import Payload, StreamFormat
from darknet_py.video.stream_server import StreamServer

HOST = "127.0.0.1"


@pytest.fixture(autouse=True)
def no_thread_is_left_and_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    close_all()
    wait_until(lambda: set(threading.enumerate()) <= before)
    assert capfd.readouterr() == ("", "")


def stream(depth: int = 50) -> StreamFormat:
    values: Broadcast[Payload] = Broadcast(depth)
    return StreamFormat("text/x", values, opening=b"(", between=b",", closing=b")")


@pytest.fixture
def server() -> Iterator[StreamServer]:
    made = StreamServer("-port", HOST, 0, stream())
    yield made
    made.close()


def publish(server: StreamServer, *values: bytes) -> None:
    for value in values:
        server.sender.publish(lambda value=value: value)  # type: ignore[misc]


def viewers(server: StreamServer, count: int) -> None:
    wait_until(lambda: server.sender.viewers == count)


def test_two_clients_get_the_same_from_when_they_came_and_the_end(server: StreamServer) -> None:
    first = connect(server.url)
    assert read_until(first, b"\r\n\r\n").splitlines()[0] == b"HTTP/1.0 200 OK"
    assert read_until(first, b"(") == b"("
    publish(server, b"a")
    assert first.recv(1) == b"a"
    second = connect(server.url)
    viewers(server, 2)
    publish(server, b"bb", b"c")
    server.close()
    assert read_all(first) == b",bb,c)"
    assert read_all(second).partition(b"\r\n\r\n")[2] == b"(bb,c)"


def test_the_headers_say_what_it_is_and_little_of_who_serves_it(server: StreamServer) -> None:
    client = connect(server.url, b"HEAD / HTTP/1.0\r\n\r\n")
    status, *lines = read_all(client).decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines if line)
    assert status == "HTTP/1.0 200 OK"
    assert headers.pop("Date")
    assert headers == {
        "Server": "darknet-py",
        "Connection": "close",
        "Max-Age": "0",
        "Expires": "0",
        "Cache-Control": "no-cache, private",
        "Pragma": "no-cache",
        "Content-Type": "text/x",
    }
    assert server.sender.viewers == 0


def test_what_is_sent_to_it_is_refused(server: StreamServer) -> None:
    body = b"POST / HTTP/1.0\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    client = connect(server.url, body)
    answer = read_until(client, b"GET\n").decode()
    assert answer.startswith("HTTP/1.0 405 ") and "\r\nAllow: GET, HEAD\r\n" in answer
    assert answer.endswith("\r\n\r\nthis address is only read: use GET\n")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"BREW / HTTP/1.0\r\n\r\n", b"HTTP/1.0 501"),
        (b"\x16\x03\x01\x02\x00\x01\xfc\r\n\r\n", b"Error code: 400"),
        (b"GET / HTTP/x.y\r\n\r\n", b"Error code: 400"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.0\r\n\r\n", b"HTTP/1.0 414"),
        (b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"HTTP/1.0 431"),
    ],
)
def test_garbage_is_answered_and_hurts_nobody(
    server: StreamServer, request_bytes: bytes, status: bytes
) -> None:
    viewer = connect(server.url)
    viewers(server, 1)
    garbage = connect(server.url, request_bytes)
    assert status in read_all(garbage)
    publish(server, b"a")
    assert read_until(viewer, b"(a")


def test_a_request_that_never_ends_is_given_up(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it sends a byte."""
    monkeypatch.setattr(stream_handler, "REQUEST_SECONDS", 0.2)
    client = connect(server.url, b"GET / HTTP/1.0\r\n")
    start = time.monotonic()
    with pytest.raises(ConnectionError):
        while True:
            client.sendall(b"a")
            time.sleep(0.01)
    assert time.monotonic() - start < 10


def test_a_request_that_grows_without_end_is_given_up(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_handler, "MOST_REQUEST", 1000)
    client = connect(server.url, b"GET / HTTP/1.0\r\nAgent: ")
    with pytest.raises(ConnectionError):
        while True:
            client.sendall(b"x" * 100)
            time.sleep(0.001)
    assert server.sender.viewers == 0


def test_one_viewer_too_many_is_told_so(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_handler, "MOST_VIEWERS", 2)
    seen = [connect(server.url), connect(server.url)]
    viewers(server, 2)
    refused = read_until(connect(server.url), b"later\n")
    assert refused.startswith(b"HTTP/1.0 503 ") and b"\r\nRetry-After: 10\r\n" in refused
    assert refused.endswith(b"\r\n\r\n2 clients are served already; try again later\n")
    seen[0].close()
    viewers(server, 1)
    assert read_until(connect(server.url), b"(").startswith(b"HTTP/1.0 200 ")


def test_a_flood_of_connections_is_cut(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_server, "MOST_REQUESTS", 2)
    silent = [connect(server.url, b"") for _ in range(2)]
    assert closed(connect(server.url, b""))
    silent[0].close()
    wait_until(lambda: b"200 OK" in connect_and_read(server.url))


def connect_and_read(url: str) -> bytes:
    try:
        return connect(url).recv(100)
    except ConnectionError:
        return b""


def test_a_client_that_takes_nothing_is_given_up_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_sender, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(stream_handler, "SEND_BUFFER", 4096)
    server = StreamServer("-port", HOST, 0, stream())
    asleep = connect(server.url, receive_buffer=4096)
    awake = connect(server.url)
    viewers(server, 2)
    publish(server, b"x" * 1_000_000)
    assert len(read_until_size(awake, 1_000_000)) > 1_000_000
    viewers(server, 1)
    assert closed(asleep)
    server.close()


def read_until_size(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) <= size:
        data += connection.recv(65_536)
    return data


def test_a_slow_client_gets_what_it_can_take_in_whole_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_handler, "SEND_BUFFER", 4096)
    monkeypatch.setattr(stream_sender, "CLOSING_SECONDS", 60)
    server = StreamServer("-port", HOST, 0, stream(depth=1))
    slow = connect(server.url, receive_buffer=4096)
    viewers(server, 1)
    values = [bytes([65 + number]) * 100_000 for number in range(20)]
    publish(server, *values)
    threading.Timer(0.1, server.close).start()
    body = read_all(slow).partition(b"\r\n\r\n")[2]
    taken = body[1:-1].split(b",")
    assert body[:1] + body[-1:] == b"()"
    assert set(taken) <= set(values) and taken == sorted(taken)
    assert taken[-1] == values[-1] and len(taken) < 20
    assert server.sender.stream.values.dropped == 20 - len(taken)


def test_clients_that_leave_are_forgotten_even_if_nothing_is_sent(server: StreamServer) -> None:
    polite, rude = connect(server.url), connect(server.url)
    viewers(server, 2)
    polite.close()
    reset(rude)
    viewers(server, 0)
    publish(server, b"a")


def test_the_end_does_not_wait_for_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_sender, "CLOSING_SECONDS", 0.1)
    monkeypatch.setattr(stream_handler, "SEND_BUFFER", 4096)
    server = StreamServer("-port", HOST, 0, stream())
    asleep, silent = connect(server.url, receive_buffer=4096), connect(server.url, b"GET ")
    viewers(server, 1)
    publish(server, b"x" * 1_000_000)
    start = time.monotonic()
    server.close()
    assert time.monotonic() - start < 10
    assert closed(asleep) and closed(silent)
    with pytest.raises(ConnectionRefusedError):
        connect(server.url)


def test_closed_twice_and_published_after_the_end(server: StreamServer) -> None:
    client = connect(server.url)
    viewers(server, 1)
    server.close()
    server.sender.publish(lambda: b"late")
    server.sender.close()
    assert read_all(client).endswith(b"\r\n\r\n()")


def test_what_making_a_value_raises_reaches_the_writer(server: StreamServer) -> None:
    client = connect(server.url)
    viewers(server, 1)
    server.sender.publish(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    assert closed(client)
    with pytest.raises(ZeroDivisionError):
        publish(server, b"a")


def test_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OutputError) as raised:
            StreamServer("-json_port", HOST, port, stream())
    assert str(raised.value) == (
        f"-json_port {port}: cannot be served on {HOST}: Address already in use; "
        "stop the program that has it, or give another port (0: any free one)"
    )


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("192.0.2.1", 0, "cannot be served on 192.0.2.1: .*; give an address of this machine, or"),
        ("a" * 70, 0, "cannot be served on a{70}: .*; give an address of this machine"),
        (HOST, 70_000, "-port 70000: .* and a port up to 65535$"),
    ],
)
def test_an_address_that_cannot_be_had(host: str, port: int, says: str) -> None:
    with pytest.raises(OutputError, match=says) as raised:
        StreamServer("-port", host, port, stream())
    assert "\n" not in str(raised.value)


def test_the_address_that_is_told(server: StreamServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.server_port}" and server.server_port > 0
    told = {}
    for server.host in ("", "0.0.0.0", "::", "::1", "camera.lan"):
        told[server.host] = server.url.removesuffix(f":{server.server_port}")
    assert told == {
        "": "http://localhost",
        "0.0.0.0": "http://localhost",
        "::": "http://localhost",
        "::1": "http://[::1]",
        "camera.lan": "http://camera.lan",
    }


def test_requests_are_logged_for_who_debugs_only(
    server: StreamServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "darknet_py"):
        read_all(connect(server.url, b"HEAD /a%0ab HTTP/1.0\r\n\r\n"))
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert record.getMessage() == '127.0.0.1: "HEAD /a%0ab HTTP/1.0" 200 -'
