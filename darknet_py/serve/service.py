"""What all requests share: the networks by name, the options, the stream."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from starlette.requests import Request

from darknet_py.detect.detector import Detector
from darknet_py.errors import DarknetError
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.batching import Batcher, Inference
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.request_limits import RequestLimits
from darknet_py.serve.tokens import TokenGate


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A network and what requests call it."""

    name: str
    detector: Detector
    batcher: Batcher


class Service:
    """detectors: by name, at least one; the first is meant where none is named."""

    def __init__(self, detectors: Mapping[str, Detector], options: ServerOptions) -> None:
        self.options = options
        self.query = Query.of(options)
        self.limits = RequestLimits.of(options)
        self.gate = TokenGate(options.token)
        self.stopping = False
        self.models = {
            name: ServedModel(name, detector, Batcher(detector, options))
            for name, detector in detectors.items()
        }

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
        return model.batcher.submit(data, query, keep_pixels)

    def stop_streams(self) -> None:
        """A server stops: responses without an end of their own must end, as it waits for them."""
        self.stopping = True

    def close(self) -> None:
        """Finishes what was taken, and ends all threads."""
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
