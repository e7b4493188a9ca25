"""Right under load: every answer is the one that `detect` gives, and nothing is left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.load_client import Exchange, LoadReport, load
from support.load_requests import exchanges_of, mixed_images, shuffled
from support.served import served
from support.served_process import server_process

import darknet_py
from darknet_py.serve import app
from darknet_py.serve.inference import Inference, InferenceRequest
from darknet_py.serve.multipart_form import FormParts
from darknet_py.serve.uploads import RequestForm, Upload

ROOT = Path(__file__).resolve().parents[2]
CFG, WEIGHTS = ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights"
THRESH = 0.3
IMAGES = 10
MEGABYTES = 40
"""More than a server's memory varies by from one answer to the next, and less than what is lost
where 1,500 requests leave a fourth of their image behind."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(CFG, WEIGHTS)


@pytest.fixture(scope="module")
def known(detector: darknet_py.Detector) -> list[Exchange]:
    """Requests, raw and forms, with the answers that `detect` gives; no two of them are alike."""
    exchanges = exchanges_of(detector, mixed_images(IMAGES), THRESH)
    assert len({exchange.bodies[0] for exchange in exchanges}) == IMAGES
    return exchanges


def several(known: list[Exchange], count: int) -> list[Exchange]:
    return [known[number] for number in shuffled(known, count)]


def require_right(report: LoadReport) -> None:
    assert not report.wrong, report.examples[0]
    assert not report.lost


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def settled(count: int, measure: Callable[[], int]) -> bool:
    """Whether it is down to that before long: the other side of a socket may be late to close."""
    end = time.monotonic() + 20
    while measure() > count and time.monotonic() < end:
        time.sleep(0.01)
    return measure() <= count


@pytest.mark.parametrize("batch", [1, 4])
def test_each_client_gets_the_answer_to_its_own_image(
    detector: darknet_py.Detector, known: list[Exchange], batch: int
) -> None:
    with served(app(detector, batch=batch)) as port:
        report = load(port, several(known, 120), clients=16)
    require_right(report)


@linux
def test_threads_and_files_are_given_back(
    detector: darknet_py.Detector, known: list[Exchange]
) -> None:
    gc.collect()
    files, threads = open_files(), threading.active_count()
    with served(app(detector)) as port:
        require_right(load(port, several(known, 32), clients=16))
        assert open_files() > files
    assert settled(threads, threading.active_count)
    gc.collect()
    assert settled(files, open_files)


def test_an_image_goes_with_its_request_and_not_when_circles_are_looked_for(
    detector: darknet_py.Detector, known: list[Exchange]
) -> None:
    """What holds an image: its form, and its result."""
    with served(app(detector)) as port:
        gc.collect()
        gc.disable()
        try:
            require_right(load(port, known, clients=4))
            assert settled(0, lambda: len(holders()))
        finally:
            gc.enable()


def holders() -> list[str]:
    kinds = (RequestForm, FormParts, Upload, InferenceRequest, Inference)
    return [type(one).__name__ for one in gc.get_objects() if type(one) in kinds]


@linux
def test_a_thousand_connections_one_after_the_other_leave_no_socket(
    detector: darknet_py.Detector,
) -> None:
    request = b"GET /models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with served(app(detector)) as port:
        answer, _ = load(port, [Exchange(request, ())], 1).examples[0]
        exchange = Exchange(request, (answer.partition(b"\r\n\r\n")[2],))
        files = open_files()
        for _ in range(1000):
            require_right(load(port, [exchange], clients=1))
        assert settled(files, open_files)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--batch", "1")])
def test_two_thousand_requests_of_64_clients_leave_the_memory_flat(
    detector: darknet_py.Detector, known: list[Exchange], flags: tuple[str, ...]
) -> None:
    memory: dict[int, float] = {}
    with server_process(str(CFG), str(WEIGHTS), flags) as server:

        def watch(answered: int) -> None:
            if answered % 100 == 0:
                memory[answered] = server.megabytes()

        require_right(load(server.port, known[:1], clients=1))
        files = server.open_files()
        report = load(server.port, several(known, 2000), clients=64, watch=watch)
        assert settled(files, server.open_files)
    require_right(report)
    early = max(size for answered, size in memory.items() if answered <= 500)
    late = max(size for answered, size in memory.items() if answered > 500)
    assert late - early < MEGABYTES, memory
