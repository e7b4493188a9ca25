"""Images on their way to the network."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import numpy as np
import pytest

from darknet_py.images.fitted_images import FittedImage
from darknet_py.images.frames import Frame
from darknet_py.images.letterbox import Placement
from darknet_py.serve import image_queue
from darknet_py.serve.batch_plan import BatchPlan
from darknet_py.serve.image_queue import ImageQueue
from darknet_py.serve.inference import EncodedImage, InferenceRequest, ReadyBatch, ReadyImage
from darknet_py.serve.query import Query

SECONDS = 60
CHW = np.zeros((3, 2, 2), np.float32)


def plan(workers: int = 1, spread: bool = False, ahead: int = 16) -> BatchPlan:
    return BatchPlan((1, 2, 4), workers, (1,), spread, ahead)


def encoded() -> EncodedImage:
    return EncodedImage(InferenceRequest(Query(0.5, 0.5, 0.5, None), False, 0.0, Future()), b"")


def ready(image: EncodedImage) -> ReadyImage:
    frame = Frame("", 0, None, (4, 4), np.zeros((4, 4, 3), np.uint8))
    return ReadyImage(image.request, FittedImage(frame, CHW, Placement(4, 4, 2, 2)))


def filled(queue: ImageQueue, count: int, decoded: int) -> list[EncodedImage]:
    """So many images put, of which so many are ready."""
    images = [encoded() for _ in range(count)]
    for image in images:
        queue.put(image)
    for image in images[:decoded]:
        assert queue.next_encoded() is image
        queue.put_ready(ready(image))
    return images


def taken(queue: ImageQueue) -> ReadyBatch:
    batch = queue.next_batch()
    assert batch is not None
    return batch


@pytest.mark.parametrize(
    ("workers", "spread", "sizes"),
    [(1, False, [4, 2, 1]), (2, False, [4, 2, 1]), (2, True, [4, 2, 1]), (7, True, [1] * 7)],
)
def test_seven_images_are_shared_among_the_workers(
    workers: int, spread: bool, sizes: list[int]
) -> None:
    queue = ImageQueue(plan(workers, spread), 0)
    images, batches = filled(queue, 7, 7), []
    for number in range(len(sizes)):
        batches.append(taken(queue))
        if number >= workers - 1:
            queue.done(batches[number - workers + 1])
    assert [len(batch.images) for batch in batches] == sizes
    order = [image.request for batch in batches for image in batch.images]
    assert order == [image.request for image in images]
    assert queue.waiting == 0


def test_two_free_workers_take_one_of_two_images_each() -> None:
    queue = ImageQueue(plan(2, spread=True), SECONDS)
    filled(queue, 2, 2)
    first, second = taken(queue), taken(queue)
    assert [(len(batch.images), batch.active) for batch in (first, second)] == [(1, 2), (1, 2)]
    assert queue.running == 2
    queue.done(first)
    filled(queue, 1, 1)
    third = taken(queue)
    queue.done(second)
    queue.done(third)
    filled(queue, 1, 1)
    assert (len(third.images), third.active, taken(queue).active) == (1, 2, 1)


def test_a_batch_waits_for_what_is_being_decoded() -> None:
    queue = ImageQueue(plan(), SECONDS)
    images = filled(queue, 2, 1)
    assert queue.next_encoded() is images[1]
    batches: list[ReadyBatch] = []
    thread = threading.Thread(target=lambda: batches.append(taken(queue)))
    thread.start()
    thread.join(0.05)
    assert not batches
    queue.put_ready(ready(images[1]))
    thread.join(SECONDS)
    assert [len(batch.images) for batch in batches] == [2]


@pytest.mark.parametrize("wait", [0, SECONDS])
def test_it_does_not_wait_for_what_cannot_come_any_more(wait: float) -> None:
    queue = ImageQueue(plan(), wait)
    filled(queue, 2, 1)
    assert queue.next_encoded()
    if wait:
        queue.put_ready(None)  # could not be decoded
    assert len(taken(queue).images) == 1


def test_no_more_is_decoded_than_may_be_ahead() -> None:
    queue = ImageQueue(plan(ahead=2), 0)
    images = filled(queue, 3, 2)
    decoded: list[EncodedImage | None] = []
    thread = threading.Thread(target=lambda: decoded.append(queue.next_encoded()))
    thread.start()
    thread.join(0.05)
    assert not decoded
    taken(queue)
    thread.join(SECONDS)
    assert decoded == [images[2]]


def test_no_more_bytes_are_decoded_than_may_be_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    image = ready(encoded())
    assert image.nbytes == CHW.nbytes + 48
    monkeypatch.setattr(image_queue, "PIXEL_BYTES_AHEAD", image.nbytes + 1)
    queue = ImageQueue(plan(), 0)
    images = filled(queue, 4, 2)
    assert not queue._may_decode()
    assert queue.drop(images[0].request.future)
    assert queue._may_decode()
    assert len(taken(queue).images) == 1


def test_what_is_dropped_is_not_run() -> None:
    queue = ImageQueue(plan(), 0)
    images = filled(queue, 3, 1)
    dropped = [queue.drop(image.request.future) for image in (images[0], images[1], images[0])]
    assert dropped == [True, True, False]
    assert queue.next_encoded() is images[2]
    queue.put_ready(ready(images[2]))
    assert [image.request for image in taken(queue).images] == [images[2].request]


def test_after_the_end_what_is_there_is_still_handed_out() -> None:
    queue = ImageQueue(plan(), 0)
    filled(queue, 2, 1)
    queue.close()
    image = queue.next_encoded()
    assert image is not None and queue.next_encoded() is None
    assert len(taken(queue).images) == 1
    queue.put_ready(ready(image))
    assert len(taken(queue).images) == 1
    assert queue.next_batch() is None
