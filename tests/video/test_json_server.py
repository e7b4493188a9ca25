"""JSON over HTTP: what AlexeyAB's clients read, and what becomes of slow ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.small_result import result
from support.stream_client import close_all, connect, read_all, read_until, wait_until

from darknet_py.video import json_server, stream_handler, stream_sender
from darknet_py.video.json_server import JsonServer
from darknet_py.video.output import OutputFrame


@pytest.fixture(autouse=True)
def _clients_closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def server() -> Iterator[JsonServer]:
    made = JsonServer("127.0.0.1", 0)
    yield made
    made.close()


def clients(server: JsonServer, count: int) -> None:
    wait_until(lambda: server.clients == count)


def test_the_stream_is_one_array_of_the_frames(server: JsonServer) -> None:
    frames = [OutputFrame(number, result()) for number in (1, 2, 3)]
    early = connect(server.url)
    head = read_until(early, b"\r\n\r\n").decode()
    assert head.startswith("HTTP/1.0 200 OK\r\n")
    assert "\r\nContent-Type: application/json\r\n" in head
    assert read_until(early, b"[\n") == b"[\n"
    server.write(frames[0])
    assert read_until(early, b"\n}").decode() == frames[0].json
    late = connect(server.url)
    clients(server, 2)
    for frame in frames[1:]:
        server.write(frame)
    server.close()
    assert read_all(early).decode() == f", \n{frames[1].json}, \n{frames[2].json}\n]"
    body = read_all(late).decode().partition("\r\n\r\n")[2]
    assert body == f"[\n{frames[1].json}, \n{frames[2].json}\n]"
    assert [entry["frame_id"] for entry in json.loads(body)] == [2, 3]


def test_without_a_frame_it_is_an_empty_array(server: JsonServer) -> None:
    client = connect(server.url)
    clients(server, 1)
    server.close()
    assert json.loads(read_all(client).decode().partition("\r\n\r\n")[2]) == []


def test_without_a_client_no_json_is_made(server: JsonServer) -> None:
    frame = OutputFrame(1, result())
    server.write(frame)
    assert "json" not in vars(frame)
    connect(server.url)
    clients(server, 1)
    server.write(frame)
    assert "json" in vars(frame)


def test_a_slow_client_loses_whole_entries_and_the_end_says_how_many(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream_handler, "SEND_BUFFER", 4096)
    monkeypatch.setattr(stream_sender, "CLOSING_SECONDS", 60)
    monkeypatch.setattr(json_server, "MOST_WAITING", 3)
    server = JsonServer("127.0.0.1", 0)
    slow = connect(server.url, receive_buffer=4096)
    clients(server, 1)
    large = replace(result(), names=["x" * 50_000, "y" * 50_000, "z"])
    for number in range(1, 21):
        server.write(OutputFrame(number, large))
    assert server.dropped > 0
    closing = threading.Thread(target=server.close)
    closing.start()
    entries = json.loads(read_all(slow).decode().partition("\r\n\r\n")[2])
    closing.join()
    numbers = [entry["frame_id"] for entry in entries]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 20
    lost = 20 - len(numbers)
    assert caplog.messages == [f"-json_port: clients that read slowly lost {lost} entries"]
