"""Images of many requests through one network, several at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from darknet_py.detect.detector import Detector
from darknet_py.detect.result import Result
from darknet_py.images.io import encoded_image
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal


@dataclass(frozen=True, eq=False)
class Inference:
    """result: of the image, whose pixels are there only if they were asked for (else `image` is of
    no pixels). network_ms: the network's share of the time. total_ms: from when it was submitted,
    waiting included."""

    result: Result
    network_ms: float
    total_ms: float


class Batcher:
    """Takes images from any thread. TODO(h1): this is the thin path only.

    on_batch: is told of how many images each batch is, and the seconds it was in the network.
    """

    def __init__(
        self,
        detector: Detector,
        options: ServerOptions,
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        self.detector = detector
        self.options = options
        self.on_batch = on_batch
        self._pool = ThreadPoolExecutor(1)
        self.waiting = 0

    def submit(self, data: bytes, query: Query, keep_pixels: bool = False) -> Future[Inference]:
        """The inference of the image in these bytes of a file (JPEG, PNG, ...).

        The future may be cancelled as long as the image is not in the network. It raises ImageError
        for what is no image. Raises Refusal at once: 503 when as many as may wait do, or when it is
        closed.
        """
        if self.waiting >= self.options.queue:
            raise Refusal(503, "too many images wait already", {"Retry-After": "1"})
        return self._pool.submit(self._work, data, query, time.perf_counter())

    def _work(self, data: bytes, query: Query, start: float) -> Inference:
        image = encoded_image("image", data).decode_bgr()
        result = self.detector(image, query.thresh, query.nms, query.letter_box, hier=query.hier)
        assert isinstance(result, Result)
        self.on_batch(1, result.milliseconds / 1000)
        return Inference(result, result.milliseconds, 1000 * (time.perf_counter() - start))

    def close(self) -> None:
        """What was taken is finished; nothing more is taken."""
        self._pool.shutdown()
