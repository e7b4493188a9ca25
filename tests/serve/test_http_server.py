"""The server from its start to its end, which signals bring."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from support.plain_app import operation, plain_app
from support.raw_http import answer_on, connect, exchange, head
from support.serve_command import serve_command
from support.served import served

from darknet_py.errors import OutputError
from darknet_py.serve.http_server import Server, announce, serve
from darknet_py.serve.library_messages import library_messages
from darknet_py.video.addresses import bound

ROOT = Path(__file__).resolve().parents[2]
HELLO = head("POST /size HTTP/1.1", "Content-Length: 1") + b"x"


@pytest.mark.parametrize(
    ("host", "token", "said"),
    [
        ("127.0.0.1", None, ["serving at http://127.0.0.1:5000 (Ctrl-C ends it)"]),
        ("localhost", None, ["serving at http://localhost:5000"]),
        ("127.0.0.1", "short", ["serving at", "the token is short; give one of 8 characters"]),
        ("0.0.0.0", "long enough", ["serving at http://localhost:5000"]),
        ("0.0.0.0", None, ["serving at", "other machines reach it, too, and need no token"]),
        ("192.0.2.1", None, ["serving at", "other machines reach it, too"]),
    ],
)
def test_what_is_said(
    host: str, token: str | None, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "darknet_py"):
        announce(host, 5000, token)
    found = [record.getMessage() for record in caplog.records]
    assert len(found) == len(said)
    assert all(line.startswith(words) for line, words in zip(found, said, strict=True))


def test_a_port_that_is_taken_meanwhile() -> None:
    first = bound("--port", "127.0.0.1", 0)
    port = first.getsockname()[1]
    second = bound("--port", "127.0.0.1", port)  # nobody listens yet
    second.listen()
    with pytest.raises(OutputError, match=f"--port {port}: cannot be served on 127.0.0.1"):
        serve(plain_app(), first, "127.0.0.1")
    second.close()


def test_connections_without_a_request_do_not_delay_the_end() -> None:
    start = time.monotonic()
    with served(plain_app()) as port:
        idle, partial, silent = connect(port), connect(port), connect(port)
        idle.sendall(HELLO)
        assert answer_on(idle).status == 200
        partial.sendall(HELLO[:20])
    for connection in (idle, partial, silent):
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""
        connection.close()
    assert time.monotonic() - start < 10


def test_what_was_taken_is_answered_and_nothing_more_is_taken() -> None:
    taken: Future[bool] = Future()

    async def slow(request: Request) -> Response:
        await request.body()
        taken.set_result(True)
        while not ending.is_set():
            await asyncio.sleep(0.01)
        return Response("done")

    ending = threading.Event()
    answers = []
    with served(plain_app(operation("/slow", slow))) as port:
        waiting = connect(port)
        waiting.sendall(HELLO.replace(b"/size", b"/slow"))
        taken.result(20)
        threading.Timer(0.3, ending.set).start()
        reader = threading.Thread(target=lambda: answers.append(answer_on(waiting)))
        reader.start()
    reader.join()
    waiting.close()
    assert answers[0].body == b"done"
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_streams_are_told_of_the_end() -> None:
    async def stream(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            while not app.state.service.stopping:
                yield b"x"
                await asyncio.sleep(0.01)

        return StreamingResponse(parts())

    app = plain_app(operation("/stream", stream, "GET"), timeout=60)
    start = time.monotonic()
    with served(app) as port:
        viewer = connect(port)
        viewer.sendall(head("GET /stream HTTP/1.1"))
        assert viewer.recv(100).startswith(b"HTTP/1.1 200 ")
    viewer.close()
    assert time.monotonic() - start < 30


def test_an_answer_that_breaks_off_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"x"
            raise ZeroDivisionError

        return StreamingResponse(parts())

    app = plain_app(operation("/broken", broken, "GET"))
    with library_messages(), caplog.at_level(logging.DEBUG, "darknet_py"), served(app) as port:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://127.0.0.1:{port}/broken")
        assert exchange(port, b"nonsense\r\n\r\n").status == 400
    errors = [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]
    assert len(errors) == 1 and "ZeroDivisionError" in errors[0]
    assert "Invalid HTTP request received." in caplog.messages
    assert logging.getLogger("uvicorn").propagate


def test_uvicorn_sets_no_handlers_of_signals() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Server(plain_app()).capture_signals():
        assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load(number: signal.Signals) -> None:
    """All that was sent before the signal is answered, and the exit code is 0."""
    image = (ROOT / "data" / "shapes-2.jpg").read_bytes()
    request = head("POST /detect HTTP/1.1", f"Content-Length: {len(image)}") + image
    with serve_command() as (process, port):
        connections = [connect(port) for _ in range(32)]
        for connection in connections:
            connection.sendall(request)
        assert answer_on(connections[0]).status == 200
        process.send_signal(number)
        answers = [answer_on(connection) for connection in connections[1:]]
        assert [answer.status for answer in answers] == [200] * 31
        assert {len(answer.body) for answer in answers} == {len(answers[0].body)}
        assert process.wait(30) == 0
        for connection in connections:
            connection.close()
        assert process.stderr is not None and process.stderr.read() == ""


@pytest.mark.slow
def test_a_second_signal_ends_at_once() -> None:
    with serve_command("--timeout", "60") as (process, port), connect(port) as connection:
        connection.sendall(head("POST /detect HTTP/1.1", "Content-Length: 10"))  # never whole
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(1.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
