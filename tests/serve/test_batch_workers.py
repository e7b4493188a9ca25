"""The threads that decode images and run batches: what goes wrong, and what they leave behind."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from support.asked_images import (
    QUERIES,
    SECONDS,
    USUAL,
    answers,
    detected,
    encoded,
    image,
    opened,
)
from support.held_engine import held

from darknet_py import Detector
from darknet_py.errors import ImageError
from darknet_py.serve import batch_plan
from darknet_py.serve.batching import Batcher
from darknet_py.serve.refusal import Refusal


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
