"""Posts of what is found: AlexeyAB's text, servers that do not play along, and what is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from support.small_result import result
from support.stream_client import wait_until

from darknet_py.errors import DarknetError
from darknet_py.video import http_post
from darknet_py.video.http_post import HttpPost, found_lines, post_target, post_text
from darknet_py.video.output import OutputFrame

TEXT = "cat, id: 0\ncat, id: 0\n\ntime:\nThursday 2026-11-26 11:30:05\nvideosource:\npan.mp4"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it gets, and answers as the server's `behave` says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body.decode()))  # type: ignore[attr-defined]
        self.server.behave(self)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        return


def answer(status: int, **headers: str) -> Callable[[Receiver], None]:
    def behave(handler: Receiver) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return behave


class Server(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.got: list[tuple[str, dict[str, str], str]] = []
        self.behave = answer(200)
        self.address = f"127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    yield made
    made.shutdown()
    made.thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def _a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.strptime("2026-11-26 11:30:05", "%Y-%m-%d %H:%M:%S")
    clock = SimpleNamespace(localtime=lambda: now, strftime=time.strftime)
    monkeypatch.setattr(http_post, "time", clock)


def frame(number: int = 1) -> OutputFrame:
    return OutputFrame(number, result())


def test_each_frame_with_something_on_it_is_posted(server: Server) -> None:
    post = HttpPost(f"{server.address}/hook/898?a=b", "pan.mp4")
    post.write(frame(1))
    post.write(OutputFrame(2, replace(result(), boxes=result().boxes.select([]))))
    post.write(frame(3))
    post.close()
    assert [(path, body) for path, _, body in server.got] == [("/hook/898?a=b", TEXT)] * 2
    headers = server.got[0][1]
    assert headers["Content-Type"] == "text/plain" and headers["Host"] == server.address
    assert headers["User-Agent"] == "darknet-py"
    assert (post.sent, post.failed, post.dropped) == (2, 0, 0)


def test_the_lowest_class_of_each_box_is_named() -> None:
    """Not the most confident one; what is hidden, and what is next to nothing, is left out."""
    assert found_lines(result()) == ["cat, id: 0", "cat, id: 0"]
    boxes = replace(result().boxes, confidence=np.array([0.005, 0.906, 0.5, 0.99], np.float32))
    assert found_lines(replace(result(), boxes=boxes)) == ['dog "big", id: 1', "cat, id: 0"]
    hidden = replace(result(), boxes=result().boxes.select([3]))
    assert found_lines(hidden) == []


def test_the_text() -> None:
    assert post_text(["cat, id: 0", "cat, id: 0"], "pan.mp4") == TEXT


def test_under_a_time_limit_only_the_first_that_arrives_is_posted(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.behave = answer(500)
    post = HttpPost(server.address, "0", once=True)
    post.write(frame(1))
    wait_until(lambda: post.failed == 1)
    server.behave = answer(204)
    post.write(frame(2))
    wait_until(lambda: post.done)
    for number in range(3, 9):
        post.write(frame(number))
    post.close()
    assert (len(server.got), post.sent, post.failed) == (2, 1, 1)


@pytest.mark.parametrize(
    ("behave", "says"),
    [
        (answer(500), "answered 500 Internal Server Error; is the path right?"),
        (answer(301, Location="/other"), "answered 301; give the address it names: /other"),
        (answer(307, Location="/other"), "answered 307; give the address it names: /other"),
        (lambda handler: handler.connection.close(), "is the host right, and does it listen?"),
        (
            lambda handler: handler.wfile.write(b"what?\r\n\r\n"),
            "what?; is the host right, and does it listen?",
        ),
    ],
)
def test_failures_are_said_once_and_counted(
    server: Server,
    caplog: pytest.LogCaptureFixture,
    behave: Callable[[Receiver], None],
    says: str,
) -> None:
    server.behave = behave
    post = HttpPost(f"http://{server.address}/p", "0")
    for number in (1, 2, 3):
        post.write(frame(number))
    post.close()
    first, last = caplog.messages
    assert first.startswith(f"-http_post_host: http://{server.address}/p: ")
    assert first.endswith(f"{says}; later failures are only counted")
    assert "\n" not in first
    assert last == "-http_post_host: 0 posted, 3 failed, 0 displaced by newer, 0 left unsent"
    assert len(server.got) == 3


def test_nobody_listens(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    other = Server()
    other.shutdown()
    other.thread.join()
    other.server_close()
    post = HttpPost(other.address, "0")
    post.write(frame())
    post.close()
    assert "Connection refused; is the host right, and does it listen?" in caplog.messages[0]


def test_a_server_that_stalls_holds_nobody_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it is too slow for is displaced by what is newer, and the end does not wait for long."""
    monkeypatch.setattr(http_post, "CLOSING_SECONDS", 0.05)
    free = threading.Event()
    server.behave = lambda handler: bool(free.wait(60)) and None
    post = HttpPost(server.address, "0")
    post.write(frame(1))
    wait_until(lambda: len(server.got) == 1)
    for number in range(2, 40):
        post.write(frame(number))
    assert post.dropped == 38 - http_post.MOST_WAITING
    post.close()
    left = http_post.MOST_WAITING + 1
    assert caplog.messages[-1] == (
        f"-http_post_host: 0 posted, 0 failed, 22 displaced by newer, {left} left unsent"
    )
    server.behave = answer(200)
    free.set()
    post._thread.join()


def test_a_server_that_stalls_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_post, "TIMEOUT_SECONDS", 0.1)
    free = threading.Event()
    server.behave = lambda handler: bool(free.wait(60)) and None
    post = HttpPost(server.address, "0")
    post.write(frame(1))
    post.close()
    free.set()
    assert "timed out; is the host right, and does it listen?" in caplog.messages[0]
    assert post.failed == 1


def test_the_proxy_of_the_environment_is_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{server.address}")
    post = HttpPost("example.invalid/hook", "0")
    post.write(frame())
    post.close()
    assert [path for path, _, _ in server.got] == ["http://example.invalid/hook"]


@pytest.mark.parametrize(
    ("address", "url", "authorization"),
    [
        ("webhook.site/898", "http://webhook.site/898", None),
        ("host:8080", "http://host:8080/", None),
        ("https://host/a?b=c#d", "https://host/a?b=c", None),
        ("[::1]:80/x", "http://[::1]:80/x", None),
        ("host/gr\u00fc\u00df", "http://host/gr%C3%BC%C3%9F", None),
        ("host/a%20b", "http://host/a%20b", None),
        ("me:p%40ss@host/x", "http://host/x", "Basic bWU6cEBzcw=="),
    ],
)
def test_addresses(address: str, url: str, authorization: str | None) -> None:
    assert post_target(address) == (url, {"Authorization": authorization} if authorization else {})


@pytest.mark.parametrize(
    "address",
    ["", "/path", "file:///etc/passwd", "ftp://host/x", "host:x/p", "ho st/p", "a\n/b", "[::1/x"],
)
def test_what_cannot_be_an_address(address: str) -> None:
    with pytest.raises(DarknetError) as raised:
        HttpPost(address, "0")
    assert str(raised.value) == (
        f"-http_post_host {address!r}: expected HOST[:PORT]/PATH, "
        "or an address that begins with http:// or https://"
    )
