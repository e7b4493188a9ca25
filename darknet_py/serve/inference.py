"""An image that a request sends through a network: what was asked, and what it is at each step."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass

from darknet_py.detect.result import Result
from darknet_py.images.fitted_images import FittedImage
from darknet_py.serve.query import Query


@dataclass(frozen=True, eq=False)
class Inference:
    """result: of the image, whose pixels are there only if they were asked for (else `image` is of
    no pixels). network_ms: the network's share of the time. total_ms: from when it was submitted,
    waiting included."""

    result: Result
    network_ms: float
    total_ms: float


@dataclass(frozen=True, eq=False)
class InferenceRequest:
    """start: by time.perf_counter, when it was submitted. future: where the answer goes."""

    query: Query
    keep_pixels: bool
    start: float
    future: Future[Inference]

    def begin(self) -> bool:
        """From now on it cannot be cancelled; False if it was. To be called once."""
        return self.future.set_running_or_notify_cancel()

    def answer(self, outcome: Result | Exception) -> None:
        """Of one that has begun."""
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
            return
        total = 1000 * (time.perf_counter() - self.start)
        self.future.set_result(Inference(outcome, outcome.milliseconds, total))


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """data: the bytes of an image file."""

    request: InferenceRequest
    data: bytes


@dataclass(frozen=True, eq=False)
class ReadyImage:
    """An image as the network takes it."""

    request: InferenceRequest
    fitted: FittedImage

    @property
    def nbytes(self) -> int:
        pixels = self.fitted.frame.pixels
        return self.fitted.chw.nbytes + (0 if pixels is None else pixels.nbytes)


@dataclass(frozen=True, eq=False)
class ReadyBatch:
    """active: workers that run one now or are about to, this one's included."""

    images: tuple[ReadyImage, ...]
    active: int
