"""What all requests share: the networks by name, the options, the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request

from darknet_py.detect.detector import Detector
from darknet_py.errors import DarknetError
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.batching import Batcher, Inference
from darknet_py.serve.live_source import LiveSource
from darknet_py.serve.live_stream import LiveStream
from darknet_py.serve.metrics import ServerMetrics
from darknet_py.serve.query import Query
from darknet_py.serve.readiness import Readiness
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.request_limits import RequestLimits
from darknet_py.serve.tokens import TokenGate

MOST_DRAWINGS = 4
"""Requests for drawn images at once: they keep their pixels, 150 MB of the largest ones."""


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A network and what requests call it."""

    name: str
    detector: Detector
    batcher: Batcher


class Service:
    """detectors: by name, at least one; the first is meant where none is named, and sees the
    source of the live stream, if there is one."""

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        options: ServerOptions,
        source: LiveSource | None = None,
        track: bool = False,
    ) -> None:
        self.options = options
        self.query = Query.of(options)
        self.metrics = ServerMetrics()
        self.readiness = Readiness(detectors)
        self.limits = RequestLimits.of(options)
        self.gate = TokenGate(options.token)
        self.drawings = asyncio.Semaphore(MOST_DRAWINGS)
        self.stopping = False
        self.models = {
            name: ServedModel(name, detector, self._batcher(name, detector))
            for name, detector in detectors.items()
        }
        self.stream = None
        if source is not None:
            stream = self.stream = LiveStream(self.first.detector, source, options, track)
            self.metrics.serve_stream(lambda: stream.state.viewers, lambda: stream.state.frames)

    def _batcher(self, name: str, detector: Detector) -> Batcher:
        batcher = Batcher(detector, self.options, partial(self.metrics.batch, name))
        self.metrics.serve_model(name, lambda: batcher.waiting)
        return batcher

    @property
    def first(self) -> ServedModel:
        return next(iter(self.models.values()))

    def model(self, name: str | None) -> ServedModel:
        """The network of that name, "" and None: the first one. Raises Refusal."""
        if not name:
            return self.first
        if name not in self.models:
            known = ", ".join(self.models)
            raise Refusal(404, f"there is no network {name[:80]!r}; there is {known}")
        return self.models[name]

    def submit(
        self, model: ServedModel, data: bytes, query: Query, keep_pixels: bool = False
    ) -> Future[Inference]:
        """See Batcher.submit."""
        future = model.batcher.submit(data, query, keep_pixels)
        self.readiness.image(model.name, future)
        self.metrics.image(model.name, future)
        return future

    def start(self) -> None:
        """The stream runs from now on, whether or not anybody looks."""
        if self.stream is not None:
            self.stream.start()

    def stop_streams(self) -> None:
        """Ends the responses that have no end of their own; waits for nothing. A server has to call
        it before it waits for its responses to end."""
        self.stopping = True
        if self.stream is not None:
            self.stream.stop()

    def close(self) -> None:
        """Finishes what was taken, and ends all threads."""
        self.stopping = True
        if self.stream is not None:
            self.stream.close()
        for model in self.models.values():
            model.batcher.close()


def named(detectors: Detector | Mapping[str, Detector]) -> Mapping[str, Detector]:
    """By name; a single one is called as its cfg file."""
    if isinstance(detectors, Mapping):
        if not detectors:
            raise DarknetError("there is no network to serve; give at least one detector")
        return detectors
    from pathlib import Path

    return {Path(detectors.graph.path).stem or "network": detectors}


def service_of(request: Request) -> Service:
    """The service that answers this request."""
    service: Service = request.app.state.service
    return service
