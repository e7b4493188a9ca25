"""Images of many requests through one network."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from support.held_engine import held
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py import Detector, Result
from darknet_py.errors import DarknetError, ImageError
from darknet_py.options.serving import ServerOptions
from darknet_py.serve import batch_plan
from darknet_py.serve.batching import Batcher, Inference
from darknet_py.serve.query import Query
from darknet_py.serve.refusal import Refusal

SIZES = [(40, 30), (64, 64), (21, 50), (90, 35)]
QUERIES = [
    Query(0.2, 0.45, 0.5, None),
    Query(0.05, 0.45, 0.5, None),
    Query(0.2, 0, 0.5, True),
    Query(0.3, 0.2, 0.5, False),
]
USUAL = QUERIES[0]
SECONDS = 60
"""After which a test that waits for an answer fails."""


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path))


@pytest.fixture
def batchers() -> Iterator[list[Batcher]]:
    """Those that are put here are closed."""
    made: list[Batcher] = []
    yield made
    for batcher in made:
        batcher.close()


def opened(batchers: list[Batcher], detector: Detector, **options: Any) -> Batcher:
    batchers.append(Batcher(detector, ServerOptions(**options)))
    return batchers[-1]


def pixels(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    width, height = SIZES[number % len(SIZES)]
    return np.ascontiguousarray(noise_image(number, 100)[:height, :width])


def encoded(array: np.ndarray[Any, Any], ending: str = ".png") -> bytes:
    return bytes(cv2.imencode(ending, array)[1])


def image(number: int) -> bytes:
    return encoded(pixels(number))


def detected(detector: Detector, number: int, query: Query) -> Result:
    result = detector(pixels(number), query.thresh, query.nms, query.letter_box, hier=query.hier)
    assert isinstance(result, Result)
    return result


def answers(futures: list[Future[Inference]]) -> list[Inference]:
    return [future.result(SECONDS) for future in futures]


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


def test_nothing_keeps_an_image_that_was_answered(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector)
    gc.disable()
    try:
        future = batcher.submit(image(1), USUAL, keep_pixels=True)
        kept = weakref.ref(future.result(SECONDS).result.image)
        del future
        end = time.monotonic() + 5
        while kept() is not None and time.monotonic() < end:
            time.sleep(0.001)  # the worker that answered forgets it a moment later
        assert kept() is None
    finally:
        gc.enable()


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


def test_a_large_network_has_all_threads_for_a_lone_image(
    detector: Detector, batchers: list[Batcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_plan, "SMALL", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        batcher = opened(batchers, detector, batch=1)
        with held(detector) as engine:
            first = batcher.submit(image(0), USUAL)
            assert engine.entered.acquire(timeout=SECONDS)
            second = batcher.submit(image(1), USUAL)
            assert engine.entered.acquire(timeout=SECONDS)
            engine.free.set()
            answers([first, second])
        assert engine.threads == [2, 1]
    finally:
        torch.set_num_threads(before)


def test_a_cancelled_image_leaves_its_place_and_never_runs(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector, queue=3, batch=1)
    with held(detector) as engine:
        first = batcher.submit(image(0), USUAL)
        assert engine.entered.acquire(timeout=SECONDS)
        gone, kept = (batcher.submit(image(number), USUAL) for number in (1, 2))
        assert not first.cancel()
        assert gone.cancel()
        assert batcher.waiting == 1
        last = batcher.submit(image(3), USUAL)
        engine.free.set()
        answers([first, kept, last])
        assert wait([gone], SECONDS).done == {gone}
        with pytest.raises(CancelledError):
            gone.result()
    assert engine.sizes == [1, 1, 1]
    assert batcher.waiting == 0


def test_a_broken_image_among_good_ones_fails_alone(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector, batch=4)
    whole = image(0)
    with held(detector) as engine:
        data = [whole, b"no image", whole[: len(whole) // 2], b"", whole]
        futures = [batcher.submit(each, USUAL) for each in data]
        engine.free.set()
        expected = detected(detector, 0, USUAL).to_json()
        assert [futures[row].result(SECONDS).result.to_json() for row in (0, 4)] == [expected] * 2
        for future in futures[1:4]:
            assert isinstance(future.exception(SECONDS), ImageError)


@pytest.mark.parametrize(("side", "limit"), [(100, 0.0099), (12_000, 50)])
def test_the_pixels_are_counted_before_an_image_is_decoded(
    detector: Detector,
    batchers: list[Batcher],
    monkeypatch: pytest.MonkeyPatch,
    side: int,
    limit: float,
) -> None:
    data = encoded(np.zeros((side, side), np.uint8))
    batcher = opened(batchers, detector, max_megapixels=limit)

    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", never)
    with pytest.raises(Refusal) as refused:
        batcher.submit(data, USUAL).result(SECONDS)
    assert refused.value.status == 413
    assert f"{side} x {side} pixels" in str(refused.value)
    assert f"at most {limit:g}" in str(refused.value)


def test_an_image_of_just_as_many_pixels_is_taken(
    detector: Detector, batchers: list[Batcher]
) -> None:
    batcher = opened(batchers, detector, max_megapixels=0.01)
    data = encoded(np.zeros((100, 100), np.uint8))
    assert batcher.submit(data, USUAL).result(SECONDS).result.orig_shape == (100, 100)


def test_an_engine_that_raises_fails_its_batch_only(
    detector: Detector, batchers: list[Batcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = opened(batchers, detector)
    with monkeypatch.context() as patch:
        patch.setattr(type(detector.engine), "__call__", lambda self, x: 1 / 0)
        failed = [batcher.submit(image(number), USUAL) for number in range(6)]
        assert all(isinstance(each.exception(SECONDS), ZeroDivisionError) for each in failed)
    result = batcher.submit(image(0), USUAL).result(SECONDS).result
    assert result.to_json() == detected(detector, 0, USUAL).to_json()


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


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread")
def test_idle_threads_use_no_time_of_the_processor(
    detector: Detector, batchers: list[Batcher]
) -> None:
    before = set(threading.enumerate())
    batcher = opened(batchers, detector, batch=4)
    answers([batcher.submit(image(number), USUAL) for number in range(4)])
    idents = [thread.ident for thread in set(threading.enumerate()) - before]
    clocks = [time.pthread_getcpuclockid(ident) for ident in idents if ident]
    assert len(clocks) == len(idents) >= 3
    for _ in range(50):  # until all of them have gone back to sleep
        used = [time.clock_gettime_ns(clock) for clock in clocks]
        time.sleep(0.2)
        if used == [time.clock_gettime_ns(clock) for clock in clocks]:
            return
    raise AssertionError("a thread looks for work again and again")


def test_other_threads_of_the_process_keep_torchs_threads(
    detector: Detector, batchers: list[Batcher]
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        batcher = opened(batchers, detector, batch=2)
        answers([batcher.submit(image(number), USUAL) for number in range(12)])
        batcher.close()
        seen: list[int] = []
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert seen == [3] == [torch.get_num_threads()]
    finally:
        torch.set_num_threads(before)


def test_boxes_that_are_not_finite_are_told_once(
    detector: Detector,
    batchers: list[Batcher],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kind = type(detector.engine)
    call = kind.__call__

    def blown_up(self: Any, x: torch.Tensor) -> list[torch.Tensor]:
        return [torch.where(head > 0.5, torch.inf, head) for head in call(self, x)]

    monkeypatch.setattr(kind, "__call__", blown_up)
    batcher = opened(batchers, detector)
    answers([batcher.submit(image(number), QUERIES[1]) for number in range(5)])
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("boxes left out because their numbers are not finite: ")


def test_a_detector_that_averages_is_refused(detector: Detector) -> None:
    with pytest.raises(DarknetError, match="that does not average"):
        Batcher(detector.averaging(3), ServerOptions())
