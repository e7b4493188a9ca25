"""The images of requests on their way: as they came, then decoded, then in batches.

Nothing here looks whether there is something to do: who has nothing to do sleeps until it is told.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TypeVar

from darknet_py.serve.batch_plan import BatchPlan
from darknet_py.serve.inference import EncodedImage, Inference, ReadyBatch, ReadyImage

PIXEL_BYTES_AHEAD = 64 << 20
"""Bytes of decoded images that may wait for the network; one more is decoded by each thread."""


Waiting = TypeVar("Waiting", EncodedImage, ReadyImage)


class ImageQueue:
    """Between who submits images, threads that decode them, and workers that run batches."""

    def __init__(self, plan: BatchPlan, wait: float) -> None:
        """wait: seconds that a batch waits for images that are being decoded."""
        self._plan, self._wait = plan, wait
        self._lock = threading.Lock()
        self._to_decode = threading.Condition(self._lock)
        self._to_run = threading.Condition(self._lock)
        self._turn = threading.Lock()
        self._encoded: deque[EncodedImage] = deque()
        self._ready: deque[ReadyImage] = deque()
        self._ready_bytes, self._decoding, self._busy, self._running = 0, 0, 0, 0
        self._closed = False

    def put(self, image: EncodedImage) -> None:
        with self._lock:
            self._encoded.append(image)
            self._to_decode.notify()

    def next_encoded(self) -> EncodedImage | None:
        """The next to decode, when there is room for it; None: there will be no more. `put_ready`
        must follow."""
        with self._lock:
            self._to_decode.wait_for(lambda: self._may_decode() or self._all_decoded())
            if not self._encoded:
                return None
            self._decoding += 1
            return self._encoded.popleft()

    def put_ready(self, image: ReadyImage | None) -> None:
        """What has become of one that was to be decoded; None: nothing. One that was cancelled
        meanwhile, which `drop` cannot have found, goes no further."""
        with self._lock:
            self._decoding -= 1
            gone = image is not None and image.request.future.cancelled()
            if image is None or gone:
                self._to_decode.notify()
            else:
                self._ready.append(image)
                self._ready_bytes += image.nbytes
            self._to_run.notify()
        if image is not None and gone:
            image.request.begin()  # who waits for several is told only by this

    def next_batch(self) -> ReadyBatch | None:
        """The next to run; None: there will be no more. `done` must follow.

        It waits for more images than are ready only while there are some to come that no other
        worker is free for.
        """
        with self._turn, self._lock:  # in turn: two that gather would each get half a batch
            while True:
                self._to_run.wait_for(lambda: bool(self._ready) or self._all_ready())
                if not self._ready:
                    return None
                self._to_run.wait_for(lambda: len(self._ready) >= self._wanted(), self._wait)
                if self._ready:  # unless the last of them was dropped
                    return self._taken()

    def done(self, batch: ReadyBatch) -> None:
        """The worker of this batch is free again."""
        with self._lock:
            self._busy -= 1
            self._running -= len(batch.images)

    def drop(self, future: Future[Inference]) -> bool:
        """Forgets the image whose answer goes there; False where none waits here any more."""
        with self._lock:
            ready = _removed(self._ready, future)
            if ready is not None:
                self._ready_bytes -= ready.nbytes
                self._to_decode.notify()
            return ready is not None or _removed(self._encoded, future) is not None

    def close(self) -> None:
        """What is here will be decoded and run, and then there is nothing more."""
        with self._lock:
            self._closed = True
            self._to_decode.notify_all()
            self._to_run.notify_all()

    @property
    def waiting(self) -> int:
        """Images that are not in the network yet."""
        return len(self._encoded) + self._decoding + len(self._ready)

    @property
    def running(self) -> int:
        """Images that are in it."""
        return self._running

    def _may_decode(self) -> bool:
        room = len(self._ready) + self._decoding < self._plan.ahead
        return bool(self._encoded) and room and self._ready_bytes < PIXEL_BYTES_AHEAD

    def _all_decoded(self) -> bool:
        return self._closed and not self._encoded

    def _all_ready(self) -> bool:
        return self._all_decoded() and not self._decoding

    @property
    def _free(self) -> int:
        return self._plan.workers - self._busy

    def _wanted(self) -> int:
        """Images of the next batch, those that are still to come included."""
        workers = self._free if self._plan.spread else 1
        return self._plan.size(-(-self.waiting // workers))

    def _taken(self) -> ReadyBatch:
        active = self._busy + min(self._free, self.waiting)
        size = self._plan.size(min(len(self._ready), self._wanted()))
        images = tuple(self._ready.popleft() for _ in range(size))
        self._ready_bytes -= sum(image.nbytes for image in images)
        self._busy += 1
        self._running += size
        self._to_decode.notify(size)
        return ReadyBatch(images, active)


def _removed(images: deque[Waiting], future: Future[Inference]) -> Waiting | None:
    found = next((image for image in images if image.request.future is future), None)
    if found is not None:
        images.remove(found)
    return found
