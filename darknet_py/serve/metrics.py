"""What is counted while requests are answered, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from darknet_py.errors import DataError
from darknet_py.serve.batching import Inference
from darknet_py.serve.refusal import Refusal
from darknet_py.version import __version__

PREFIX = "darknet_py"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64)
REFUSALS = {
    400: "bad request",
    401: "no token",
    403: "not allowed",
    404: "not found",
    405: "wrong method",
    408: "too slow",
    410: "gone",
    411: "no length",
    413: "too large",
    414: "too large",
    415: "wrong type",
    429: "too many",
    431: "too large",
    503: "busy",
    504: "too late",
}
"""Status of a refusal -> the reason it is counted under; other answers are no refusals."""


class ServerMetrics:
    """The numbers of one service, which other services of the process do not share.

    Its methods may be called from any thread.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, files; Linux only
        self._build = self._gauge("build_info", "1, with the version.", "version")
        self._build.labels(__version__).set(1)
        self._requests = self._counter(
            "http_requests", "Requests that were answered.", "path", "method", "status"
        )
        self._seconds = self._histogram(
            "http_request_duration_seconds", "From a request to its answer's end.", SECONDS, "path"
        )
        self._bytes = self._counter("http_received_bytes", "Bytes of the requests' bodies.")
        self._refusals = self._counter("refusals", "Requests that were refused.", "reason")
        self._images = self._counter("images", "Images that were taken in.", "model")
        self._boxes = self._counter("boxes", "Boxes that were found.", "model")
        self._failures = self._counter("failures", "Images that a network failed at.", "model")
        self._batches = self._histogram(
            "batch_images", "Images that a network ran on at once.", BATCHES, "model"
        )
        self._network = self._histogram(
            "network_seconds", "Seconds of a batch in the network.", SECONDS, "model"
        )
        self._waiting = self._gauge("waiting_images", "Images that wait for a network.", "model")

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", help, labels, registry=self.registry)

    def _gauge(self, name: str, help: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", help, labels, registry=self.registry)

    def _histogram(
        self, name: str, help: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", help, labels, buckets=buckets, registry=self.registry)

    def serve_model(self, model: str, waiting: Callable[[], int]) -> None:
        """A network is there from now on. waiting: how many images wait, asked when somebody looks.

        Its numbers start at 0, so that a rate is right from its first image on.
        """
        self._waiting.labels(model).set_function(waiting)
        for family in (self._images, self._boxes, self._failures, self._batches, self._network):
            family.labels(model)

    def request(self, path: str, method: str, status: int, seconds: float, size: int) -> None:
        """One was answered. path: as in the table of operations. size: bytes of its body."""
        self._requests.labels(path, method, status).inc()
        self._seconds.labels(path).observe(seconds)
        self._bytes.inc(size)

    def refused(self, status: int) -> None:
        """A request was refused, if that status of HTTP says so."""
        if status in REFUSALS:
            self._refusals.labels(REFUSALS[status]).inc()

    def image(self, model: str, future: Future[Inference]) -> None:
        """One was taken in; what becomes of it is counted when that is known."""
        self._images.labels(model).inc()
        future.add_done_callback(lambda done: self._image_done(model, done))

    def _image_done(self, model: str, future: Future[Inference]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._boxes.labels(model).inc(len(future.result().result))
        elif not isinstance(error, (DataError, Refusal)):  # that is the request's fault
            self._failures.labels(model).inc()

    def batch(self, model: str, size: int, seconds: float) -> None:
        """A network ran on so many images at once, which took it so long."""
        self._batches.labels(model).observe(size)
        self._network.labels(model).observe(seconds)

    def serve_stream(self, viewers: Callable[[], int], frames: Callable[[], int]) -> None:
        """A stream is there from now on: how many look now, and frames so far."""
        self.registry.register(_Stream(viewers, frames))

    def text(self, accept: str) -> tuple[bytes, str]:
        """All of it, and its content type: the format that the Accept header asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _Stream(Collector):
    def __init__(self, viewers: Callable[[], int], frames: Callable[[], int]) -> None:
        self._viewers, self._frames = viewers, frames

    def collect(self) -> Iterator[Metric]:
        words = "Who look at the stream now.", "Frames of the stream."
        yield GaugeMetricFamily(f"{PREFIX}_stream_viewers", words[0], self._viewers())
        yield CounterMetricFamily(f"{PREFIX}_stream_frames", words[1], self._frames())
