"""Images of many requests through one network."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, Future, wait
from typing import Any

import pytest
from support.asked_images import (
    QUERIES,
    SECONDS,
    USUAL,
    answers,
    detected,
    image,
    opened,
    pixels,
)
from support.held_engine import held

from darknet_py import Detector
from darknet_py.detect.mean_engine import MeanEngine
from darknet_py.engines.devices import using_threads
from darknet_py.errors import DarknetError
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.batching import Batcher, Inference
from darknet_py.serve.refusal import Refusal


@pytest.mark.parametrize("batch", [1, 4])
def test_what_is_found_is_what_the_detector_finds(
    detector: Detector, batchers: list[Batcher], batch: int
) -> None:
    batcher = opened(batchers, detector, batch=batch, batch_wait=100)
    asked = [(number, QUERIES[number // 4 % 4]) for number in range(32)]
    made: list[Future[Inference]] = [Future()] * 32

    def send(row: int) -> None:
        number, query = asked[row]
        made[row] = batcher.submit(image(number), query)

    threads = [threading.Thread(target=send, args=(row,)) for row in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = 0
    for (number, query), inference in zip(asked, answers(made), strict=True):
        expected, result = detected(detector, number, query), inference.result
        assert result.to_json() == expected.to_json()
        assert result.orig_shape == expected.orig_shape and result.image.size == 0
        assert (result.path, result.frame, result.time) == ("", 0, None)
        assert 0 < inference.network_ms == result.milliseconds < inference.total_ms
        found += len(result)
    assert found > 100


def test_what_comes_while_the_network_is_busy_shares_a_batch(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector, batch=4, batch_wait=1000)
    told: list[tuple[int, float]] = []
    batcher.on_batch = lambda size, seconds: told.append((size, seconds))
    with held(detector) as engine:
        first = batcher.submit(image(0), USUAL)
        assert engine.entered.acquire(timeout=SECONDS)
        assert (batcher.waiting, batcher.at_work) == (0, 1)
        others = [batcher.submit(image(number), USUAL) for number in range(1, 10)]
        assert (batcher.waiting, batcher.at_work) == (9, 1)
        while len(batcher._queue._ready) < 8:  # which is as many as are decoded ahead
            time.sleep(0.001)
        engine.free.set()
        answers([first, *others])
    assert engine.sizes == [1, 4, 4, 1]
    assert [size for size, _ in told] == engine.sizes
    assert all(seconds > 0 for _, seconds in told)
    assert (batcher.waiting, batcher.at_work) == (0, 0)


def test_a_lone_image_does_not_wait_for_others(
    detector: Detector, batchers: list[Batcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = opened(batchers, detector, batch=4, batch_wait=1000)
    timeouts: list[float] = []
    wait_for = threading.Condition.wait_for

    def noted(self: threading.Condition, predicate: Any, timeout: float | None = None) -> Any:
        if timeout is not None and not predicate():
            timeouts.append(timeout)
        return wait_for(self, predicate, timeout)

    monkeypatch.setattr(threading.Condition, "wait_for", noted)
    batcher.submit(image(0), USUAL).result()
    assert timeouts == []


def test_pixels_are_kept_where_they_are_asked_for(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector)
    future = batcher.submit(image(1), QUERIES[1], keep_pixels=True)
    result = future.result(SECONDS).result
    assert (result.image == pixels(1)).all()
    assert (result.plot() == detected(detector, 1, QUERIES[1]).plot()).all()
    assert (result.plot() != pixels(1)).any()


def test_more_than_may_wait_are_refused_until_some_have_left(
    detector: Detector, batchers: list[Batcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = opened(batchers, detector, queue=3)
    with held(detector) as engine:
        futures = [batcher.submit(image(number), USUAL) for number in range(3)]
        with pytest.raises(Refusal, match="3 images are on their way already") as refused:
            batcher.submit(image(3), USUAL)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
        monkeypatch.setattr(batcher, "_latest_seconds", 4.2)
        with pytest.raises(Refusal, match="try again in 5 s") as refused:
            batcher.submit(image(3), USUAL)
        assert refused.value.headers == {"Retry-After": "5"}
        engine.free.set()
        answers(futures)
    batcher.submit(image(3), USUAL).result(SECONDS)


def test_what_is_prepared_are_all_batches_there_will_be(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher, before = opened(batchers, detector, batch=4), set(threading.enumerate())
    with held(detector) as engine:
        engine.free.set()
        batcher.prepare()
    assert list(zip(engine.sizes, engine.threads, strict=True)) == batcher.plan.programs
    assert engine.sizes == [1, 2, 4]
    assert set(threading.enumerate()) == before


def test_a_cancelled_image_leaves_its_place_and_never_runs(
    detector: Detector, batchers: list[Batcher]
) -> None:
    with using_threads(1):  # one worker
        batcher = opened(batchers, detector, queue=3, batch=1)
    with held(detector) as engine:
        first = batcher.submit(image(0), USUAL)
        assert engine.entered.acquire(timeout=SECONDS)
        gone, kept = (batcher.submit(image(number), USUAL) for number in (1, 2))
        assert not first.cancel()
        assert gone.cancel()
        end = time.monotonic() + SECONDS
        while batcher.waiting > 1 and time.monotonic() < end:
            time.sleep(0.001)  # it may be with a thread that decodes
        assert batcher.waiting == 1
        last = batcher.submit(image(3), USUAL)
        engine.free.set()
        answers([first, kept, last])
        assert wait([gone], SECONDS).done == {gone}
        with pytest.raises(CancelledError):
            gone.result()
    assert engine.sizes == [1, 1, 1]
    assert batcher.waiting == 0


def test_close_finishes_what_was_taken_and_ends_the_threads(detector: Detector) -> None:
    before = set(threading.enumerate())
    batcher = Batcher(detector, ServerOptions(batch=2))
    with held(detector) as engine:
        futures = [batcher.submit(image(number), USUAL) for number in range(9)]
        assert set(threading.enumerate()) > before
        closing = threading.Thread(target=batcher.close)
        closing.start()
        while not batcher._closed:
            time.sleep(0.001)
        with pytest.raises(Refusal, match="shutting down") as refused:
            batcher.submit(image(0), USUAL)
        assert refused.value.status == 503
        engine.free.set()
        closing.join(SECONDS)
    assert not closing.is_alive()
    assert all(future.done() for future in futures)
    assert [len(each.result.boxes) for each in answers(futures)] == [
        len(detected(detector, number, USUAL)) for number in range(9)
    ]
    assert set(threading.enumerate()) == before
    batcher.close()


def test_one_that_was_never_used_has_no_threads_and_can_be_closed(detector: Detector) -> None:
    before = set(threading.enumerate())
    batcher = Batcher(detector, ServerOptions())
    assert set(threading.enumerate()) == before
    batcher.close()
    with pytest.raises(Refusal, match="shutting down"):
        batcher.submit(image(0), USUAL)
    assert set(threading.enumerate()) == before


def test_a_detector_that_averages_is_refused(detector: Detector) -> None:
    with pytest.raises(DarknetError, match="that does not average"):
        Batcher(detector.on(MeanEngine(detector.engine, 3)), ServerOptions())
