"""Two hundred malformed requests: each is refused in time, and the server goes on as before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import malformed
from support.malformed import IMAGE, MOST_MB, Malformed
from support.raw_http import CLOSED, answer_on, connect, exchange, head, posted
from support.serve_command import serve_command
from support.served import served

import darknet_py
from darknet_py.serve import app
from darknet_py.serve.http_protocol import ConnectionLimits

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0
"""Far more than any of these needs."""


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


@pytest.fixture(scope="module")
def port(detector: darknet_py.Detector) -> Iterator[int]:
    with served(app(detector, max_mb=MOST_MB, timeout=SECONDS)) as port:
        yield port


@pytest.fixture(scope="module")
def hasty(detector: darknet_py.Detector) -> Iterator[int]:
    """The port of a server that does not wait for long."""
    with served(app(detector, max_mb=MOST_MB, timeout=1.0), ConnectionLimits(1.0, 1.0)) as port:
        yield port


def wrong_answer(port: int, one: Malformed) -> str:
    """What is wrong with the answer, "" for nothing."""
    method = "HEAD" if one.data.startswith(b"HEAD") else "GET"
    answer = exchange(port, one.data, half_close=one.half_close, method=method)
    if answer.status not in one.statuses:
        return f"{one.name}: {answer.status} {answer.body[:200]!r}"
    if answer.status != CLOSED and method != "HEAD" and not answer.error:
        return f"{one.name}: no reason"
    if answer.status != CLOSED and answer.headers["x-content-type-options"] != "nosniff":
        return f"{one.name}: headers"
    return ""


def is_alive(port: int) -> None:
    assert exchange(port, posted(IMAGE)).status == 200


def test_there_are_two_hundred() -> None:
    rows = malformed.table()
    assert len({row.name for row in rows}) == len(rows) > 200
    assert len({row.data for row in rows}) > 200


@pytest.mark.parametrize("group", malformed.GROUPS, ids=lambda group: group.__name__)
def test_each_is_refused(group: Callable[[], Iterator[Malformed]], port: int, hasty: int) -> None:
    rows = list(group())
    with ThreadPoolExecutor(16 if any(row.late for row in rows) else 1) as pool:
        wrong = list(pool.map(lambda one: wrong_answer(hasty if one.late else port, one), rows))
    assert [words for words in wrong if words] == []
    is_alive(port)


def test_nothing_is_answered_behind_a_body_of_two_lengths(port: int) -> None:
    rows = [one for one in malformed.framing() if b"\r\n\r\nGET /models" in one.data]
    assert len(rows) == 2
    for one in rows:
        with connect(port) as connection:
            connection.sendall(one.data)
            answer = b""
            while part := connection.recv(10_000):
                answer += part
        assert answer.count(b"HTTP/1.1 ") == 1 and b"classes" not in answer


def megabytes(process: int, field: str = "VmRSS") -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1000


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's /proc")
def test_memory_is_back_after_all_of_them() -> None:
    rows = malformed.table()
    with serve_command("--max-mb", str(MOST_MB), "--timeout", "5") as (process, port):
        sizes = []
        for _ in range(4):
            with ThreadPoolExecutor(16) as pool:
                wrong = list(pool.map(lambda one: wrong_answer(port, one), rows))
            assert [words for words in wrong if words] == []
            is_alive(port)
            time.sleep(1)
            sizes.append(megabytes(process.pid))
        most = megabytes(process.pid, "VmHWM")
    assert max(sizes[1:]) - sizes[0] < 30, sizes
    assert most - sizes[0] < 300, (most, sizes)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's /proc")
def test_memory_of_bodies_that_do_not_end_is_bounded() -> None:
    """200 clients send 3.9 of 4 MB each, which is 780 MB; 64 MB are the most."""
    size = int(MOST_MB * 1e6)
    data = head("POST /detect HTTP/1.1", f"Content-Length: {size}") + bytes(size - 100_000)
    with serve_command("--max-mb", str(MOST_MB), "--timeout", "5") as (process, port):
        is_alive(port)
        before = megabytes(process.pid)
        with ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda _: exchange(port, data).status, range(200)))
        most = megabytes(process.pid, "VmHWM")
        is_alive(port)
    assert set(answers) <= {408, 503, CLOSED} and answers.count(503) > 100
    assert most - before < 250, (before, most)


@pytest.mark.slow
def test_a_crowd_of_slow_clients_locks_nobody_out() -> None:
    with serve_command("--timeout", "60") as (_, port):
        crowd = [connect(port) for _ in range(700)]
        for number, connection in enumerate(crowd):
            connection.sendall(posted(IMAGE)[: 20 if number % 2 else 1000])
        start = time.monotonic()
        for _ in range(20):
            is_alive(port)
        assert time.monotonic() - start < 10
        with connect(port) as connection:
            connection.sendall(posted(IMAGE))
            assert answer_on(connection).status == 200
        for connection in crowd:
            connection.close()
