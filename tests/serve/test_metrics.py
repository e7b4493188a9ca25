"""What is counted, as Prometheus reads it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families
from support.served import served

import darknet_py
from darknet_py.errors import ImageError
from darknet_py.images.sources import open_source
from darknet_py.options.serving import ServerOptions
from darknet_py.serve import app
from darknet_py.serve.live_source import LiveSource
from darknet_py.serve.metrics import REFUSALS, ServerMetrics
from darknet_py.serve.service import Service
from darknet_py.version import __version__

ROOT = Path(__file__).resolve().parents[2]
IMAGE = (ROOT / "data" / "shapes-2.jpg").read_bytes()
Samples = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


def samples(text: str) -> Samples:
    """Name without prefix, and values of the labels in order of their names -> value."""
    return {
        (one.name.removeprefix("darknet_py_"), *(one.labels[key] for key in sorted(one.labels))): (
            one.value
        )
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def counted(metrics: ServerMetrics) -> Samples:
    return samples(metrics.text("")[0].decode())


def test_requests_are_counted(detector: darknet_py.Detector) -> None:
    with served(app(detector)) as port:
        url = f"http://127.0.0.1:{port}"
        while httpx.get(f"{url}/readyz").status_code != 200:
            time.sleep(0.01)
        before = samples(httpx.get(f"{url}/metrics").text)
        for _ in range(2):
            boxes = len(httpx.post(f"{url}/detect?thresh=.6", content=IMAGE).json()["objects"])
        assert httpx.post(f"{url}/detect", content=b"none").status_code == 400
        assert httpx.post(f"{url}/detect?model=x", content=IMAGE).status_code == 404
        assert httpx.get(f"{url}/detect").status_code == 405
        assert httpx.get(f"{url}/made-up").status_code == 404
        answer = httpx.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    after = samples(answer.text)
    requests = {key[1:]: after[key] for key in after if key[0] == "http_requests_total"}
    requests.pop(("GET", "/readyz", "503"), None)  # as often as it was asked too early
    assert requests == {
        ("POST", "/detect", "200"): 2,
        ("POST", "/detect", "400"): 1,
        ("POST", "/detect", "404"): 1,
        ("GET", "/detect", "405"): 1,
        ("GET", "other", "404"): 1,
        ("GET", "/metrics", "200"): 1,
        ("GET", "/readyz", "200"): 1,
    }
    assert after["http_request_duration_seconds_count", "/detect"] == 5
    assert 0 < after["http_request_duration_seconds_sum", "/detect"] < 60
    assert after["http_received_bytes_total",] == 3 * len(IMAGE) + 4
    assert after["images_total", "shapes"] == 3  # the one that is no image, too
    assert after["boxes_total", "shapes"] == 2 * boxes and boxes == 14
    assert after["failures_total", "shapes"] == 0
    refusals = {key[1]: after[key] for key in after if key[0] == "refusals_total"}
    assert refusals == {"bad request": 1, "not found": 2, "wrong method": 1}
    assert after["waiting_images", "shapes"] == 0
    # The blank image of the start is a batch, too.
    assert before["batch_images_count", "shapes"] == 1
    assert after["batch_images_sum", "shapes"] == after["network_seconds_count", "shapes"] == 3
    assert after["network_seconds_sum", "shapes"] > before["network_seconds_sum", "shapes"] > 0


@pytest.fixture
def metrics() -> Iterator[ServerMetrics]:
    made = ServerMetrics()
    made.serve_model("a", lambda: 7)
    yield made


def test_a_network_starts_at_zero(metrics: ServerMetrics) -> None:
    actual = counted(metrics)
    assert actual["waiting_images", "a"] == 7
    for name in ("images", "boxes", "failures"):
        assert actual[f"{name}_total", "a"] == 0
    assert actual["build_info", __version__] == 1
    assert actual["process_resident_memory_bytes",] > 1e6


def test_batches(metrics: ServerMetrics) -> None:
    for size, seconds in ((1, 0.004), (3, 0.03), (64, 0.2), (100, 30)):
        metrics.batch("a", size, seconds)
    actual = counted(metrics)
    sizes = [actual["batch_images_bucket", f"{n}.0", "a"] for n in (1, 2, 4, 8, 16, 32, 64)]
    assert sizes == [1, 1, 2, 2, 2, 2, 3] and actual["batch_images_bucket", "+Inf", "a"] == 4
    assert actual["network_seconds_bucket", "0.005", "a"] == 1
    assert actual["network_seconds_bucket", "10.0", "a"] == 3
    assert actual["network_seconds_sum", "a"] == pytest.approx(30.234)


def test_what_becomes_of_images(metrics: ServerMetrics) -> None:
    futures: list[Future[Any]] = [Future() for _ in range(3)]
    for future in futures:
        metrics.image("a", future)
    futures[0].set_exception(ImageError("no image"))
    futures[1].set_exception(RuntimeError("no memory"))
    assert futures[2].cancel()
    actual = counted(metrics)
    assert (actual["images_total", "a"], actual["failures_total", "a"]) == (3, 1)
    assert actual["boxes_total", "a"] == 0


def test_reasons_are_few(metrics: ServerMetrics) -> None:
    for status in range(600):
        metrics.refused(status)
    reasons = {key[1]: n for key, n in counted(metrics).items() if key[0] == "refusals_total"}
    assert reasons == Counter(REFUSALS.values()) and len(reasons) == 13


def test_a_stream(metrics: ServerMetrics) -> None:
    assert not [key for key in counted(metrics) if "stream" in key[0]]
    metrics.serve_stream(lambda: 2, lambda: 1234)
    actual = counted(metrics)
    assert (actual["stream_viewers",], actual["stream_frames_total",]) == (2, 1234)


def test_the_frames_of_a_services_stream_are_counted(detector: darknet_py.Detector) -> None:
    frames = open_source([np.zeros((8, 8, 3), np.uint8)] * 3)
    service = Service({"a": detector}, ServerOptions(), LiveSource("a", frames, every_frame=True))
    stream = service.stream
    assert stream is not None and counted(service.metrics)["stream_frames_total",] == 0
    service.start()
    for _ in range(3000):
        if stream.state.ended:
            break
        time.sleep(0.01)
    actual = counted(service.metrics)
    service.close()
    assert (actual["stream_frames_total",], actual["stream_viewers",]) == (3, 0)


def test_services_do_not_share_their_numbers(metrics: ServerMetrics) -> None:
    other = ServerMetrics()
    metrics.request("/", "GET", 200, 0.1, 5)
    other.request("/", "GET", 200, 0.1, 5)
    assert counted(other)["http_received_bytes_total",] == 5


def test_open_metrics_for_who_asks(metrics: ServerMetrics) -> None:
    text, content_type = metrics.text("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in open_metrics(text.decode())} >= {"darknet_py_images"}
