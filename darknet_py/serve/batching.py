"""Images of many requests through one network, several at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import torch

from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.workers import at_work
from darknet_py.errors import DarknetError
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.batch_plan import BatchPlan
from darknet_py.serve.batch_workers import BatchWorkers
from darknet_py.serve.image_queue import ImageQueue
from darknet_py.serve.inference import EncodedImage, InferenceRequest
from darknet_py.serve.inference import Inference as Inference
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal

MOST_RETRY_SECONDS = 30


class Batcher:
    """Takes images from any thread and answers them by threads of its own, which start with the
    first image and end with `close`.

    on_batch: called by these threads with the size of a batch and the seconds it was in the
    network, before it is answered. It must be quick, and what it raises is told to the batch.
    """

    def __init__(
        self,
        detector: Detector,
        options: ServerOptions,
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        """Raises DarknetError for a detector whose answers depend on the image before."""
        if detector.engine.in_order:
            raise DarknetError("requests come in no order: serve a detector that does not average")
        self.detector = detector
        self.options = options
        self.plan = BatchPlan.of(detector, options.batch)
        self.on_batch = on_batch
        self._queue = ImageQueue(self.plan, options.batch_wait / 1000)
        self._workers: BatchWorkers | None = None
        self._lock = threading.Lock()
        self._taken, self._closed, self._latest_seconds = 0, False, 0.0

    @property
    def waiting(self) -> int:
        """Images that were submitted and are not in the network yet."""
        return self._queue.waiting

    @property
    def at_work(self) -> int:
        """Images in the network."""
        return self._queue.running

    def prepare(self) -> None:
        """Makes now what the first batches would wait for: with --compile and some engines it takes
        minutes. Whatever thread calls it, images may be submitted meanwhile."""
        engine = self.detector.engine
        pipeline = self.detector.pipeline(PipelineOptions())
        for size, threads in self.plan.programs:
            x = torch.zeros(size, *engine.graph.net.input, device=engine.device)
            with at_work(threads):
                pipeline.timed(x.contiguous(memory_format=engine.layout))

    def submit(self, data: bytes, query: Query, keep_pixels: bool = False) -> Future[Inference]:
        """The inference of the image in these bytes of a file (JPEG, PNG, ...).

        The future may be cancelled as long as the image is not in the network. It raises ImageError
        for what is no image, and Refusal (413) for one of too many pixels. Raises Refusal (503) at
        once when as many images as may be are on their way, or when it is closed.
        """
        request = InferenceRequest(query, keep_pixels, time.perf_counter(), Future())
        with self._lock:
            self._require_place()
            self._workers = self._workers or self._started()
            self._taken += 1
            self._queue.put(EncodedImage(request, data))
        request.future.add_done_callback(self._left)
        return request.future

    def close(self) -> None:
        """What was taken is finished, nothing more is taken, and the threads end."""
        with self._lock:
            self._closed = True
        self._queue.close()
        if self._workers:
            self._workers.join()

    def _started(self) -> BatchWorkers:
        return BatchWorkers(
            self.detector,
            self.plan,
            self._queue,
            self.options.max_megapixels,
            lambda size, seconds: self.on_batch(size, seconds),
        )

    def _require_place(self) -> None:
        if self._closed:
            raise Refusal(503, "the server is shutting down")
        if self._taken >= self.options.queue:
            # All that is here now will have been answered when what came last is.
            seconds = min(MOST_RETRY_SECONDS, max(1, math.ceil(self._latest_seconds)))
            message = f"{self._taken} images are on their way already; try again in {seconds} s"
            raise Refusal(503, message, {"Retry-After": str(seconds)})

    def _left(self, future: Future[Inference]) -> None:
        """It has been answered, or was cancelled."""
        inference = None if future.cancelled() or future.exception() else future.result()
        with self._lock:
            self._taken -= 1
            if inference:
                self._latest_seconds = inference.total_ms / 1000
        if future.cancelled() and self._queue.drop(future):
            future.set_running_or_notify_cancel()  # who waits for several is told only by this
