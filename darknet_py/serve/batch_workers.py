"""The threads of a served network: some decode images, others run batches of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline_options import NOT_FINITE
from darknet_py.detect.result import Result
from darknet_py.detect.workers import at_work
from darknet_py.errors import OversizedImage
from darknet_py.images.fitted_images import FittedImage, InputSpec, read_fitted
from darknet_py.images.frames import PendingFrame, readers
from darknet_py.images.io import Encoded, encoded_image
from darknet_py.serve.batch_inference import BatchAnswer, batch_answer
from darknet_py.serve.batch_plan import BatchPlan
from darknet_py.serve.image_queue import ImageQueue
from darknet_py.serve.inference import EncodedImage, ReadyBatch, ReadyImage
from darknet_py.serve.refusal import Refusal

logger = logging.getLogger(__name__)

IMAGE = "image"
"""What messages call the image of a request."""

OnBatch = Callable[[int, float], None]


class BatchWorkers:
    """They sleep while there is nothing to do, and end when the queue does."""

    def __init__(
        self,
        detector: Detector,
        plan: BatchPlan,
        queue: ImageQueue,
        max_megapixels: float,
        on_batch: OnBatch,
    ) -> None:
        """Starts them. on_batch: see Batcher."""
        self._detector, self._plan, self._queue = detector, plan, queue
        self._max_megapixels, self._on_batch = max_megapixels, on_batch
        self._lock, self._not_finite = threading.Lock(), 0
        loops = [("decode", self._decode)] * readers() + [("network", self._run)] * plan.workers
        self._threads = [
            threading.Thread(target=loop, name=f"serve-{name}", daemon=True) for name, loop in loops
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Returns when all have ended; one of them does not wait for itself."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _decode(self) -> None:
        while (image := self._queue.next_encoded()) is not None:
            self._queue.put_ready(self._ready(image))
            del image  # or its memory would be kept until the next one comes

    def _ready(self, image: EncodedImage) -> ReadyImage | None:
        """None where it cannot be, which has been told."""
        try:
            return ReadyImage(image.request, self._fitted(image))
        except Exception as error:  # noqa: BLE001 - told to who asked for it
            if image.request.begin():
                image.request.answer(error)
            return None

    def _fitted(self, image: EncodedImage) -> FittedImage:
        """Raises Refusal, ImageError."""
        encoded = accepted_image(image.data, self._max_megapixels)
        spec = InputSpec.of(self._detector.graph, image.request.query.letter_box)
        return read_fitted(PendingFrame(encoded.decode_bgr), spec, image.request.keep_pixels)

    def _run(self) -> None:
        while (batch := self._queue.next_batch()) is not None:
            self._answer(batch)
            del batch  # or its memory would be kept until the next one comes

    def _answer(self, batch: ReadyBatch) -> None:
        """Answers all that have not been cancelled."""
        images = [image for image in batch.images if image.request.begin()]
        outcomes = self._outcomes(images, batch.active)
        self._queue.done(batch)
        for image, outcome in zip(images, outcomes, strict=True):
            image.request.answer(outcome)

    def _outcomes(self, images: Sequence[ReadyImage], active: int) -> Sequence[Result | Exception]:
        """For each of the images, of which there may be none."""
        try:
            return self._inferred(images, active).outcomes if images else ()
        except Exception as error:  # noqa: BLE001 - told to those who asked for it
            return [error] * len(images)

    def _inferred(self, images: Sequence[ReadyImage], active: int) -> BatchAnswer:
        fitted = [image.fitted for image in images]
        queries = [image.request.query for image in images]
        with at_work(self._plan.threads_for(len(images), active)):
            answer = batch_answer(self._detector, fitted, queries)
        self._warn(answer.not_finite)
        self._on_batch(len(images), answer.seconds)
        return answer

    def _warn(self, not_finite: int) -> None:
        """Of boxes that were left out, the first time: a network that is damaged has them in every
        image."""
        with self._lock:
            first = not self._not_finite
            self._not_finite += not_finite
        if not_finite and first:
            logger.warning(NOT_FINITE, not_finite, "an image of a request; later ones are not told")


def accepted_image(data: bytes, most: float) -> Encoded:
    """The image in these bytes, not decoded yet. Raises ImageError for what is none, and Refusal
    (413) for one of more than `most` megapixels."""
    try:
        encoded = encoded_image(IMAGE, data)
    except OversizedImage as error:
        _require_pixels(error.size, most)
        raise
    _require_pixels(encoded.size(), most)
    return encoded


def _require_pixels(size: tuple[int, int], most: float) -> None:
    width, height = size
    if width * height > 1e6 * most:
        found = f"{width} x {height} pixels are {width * height / 1e6:.1f} megapixels"
        raise Refusal(413, f"{IMAGE}: {found}; at most {most:g} are taken: send a smaller image")
