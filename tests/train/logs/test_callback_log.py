"""What a log does with a function that is told of updates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from darknet_py.train.logs.callback_log import CallbackLog
from darknet_py.train.logs.progress_log import Update

ONE = Update(
    number=1,
    of=9,
    images=8,
    loss=2.0,
    average=3.0,
    rate=0.1,
    seconds=1.0,
    waited=0.0,
    hours_left=1.0,
    speed=8.0,
    wait_share=0.0,
    size=(32, 32),
)


def stopping(update: Update) -> None:
    raise StopIteration


@pytest.mark.parametrize(
    ("callback", "over"),
    [
        (lambda update: None, False),
        (lambda update: True, False),
        (lambda update: 0, False),
        (lambda update: False, True),
        (lambda update: np.bool_(False), True),
        (stopping, True),
    ],
)
def test_when_a_function_asks_for_the_end(callback: Callable[[Update], object], over: bool) -> None:
    log = CallbackLog(callback)
    assert not log.over
    log.update(ONE)
    assert (log.over, log.failure) == (over, None)


def test_it_is_not_called_any_more_then() -> None:
    calls: list[Update] = []

    def call(update: Update) -> bool:
        calls.append(update)
        return False

    log = CallbackLog(call)
    log.update(ONE)
    log.update(ONE)
    assert calls == [ONE]


def test_losses_and_metrics_are_kept() -> None:
    log = CallbackLog()
    for number in (1, 2):
        one = replace(ONE, number=number, map=0.5, evaluated=number == 2)
        log.computed(one)
        log.update(one)
    assert (list(log.losses), log.metrics, log.over) == ([2.0, 2.0], [(2, 0.5)], False)


def test_lines_are_logged_by_their_first_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "darknet_py")
    log = CallbackLog()
    log.start(["a line", "warning: a fault"])
    log.remark("more")
    levels = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert levels == [("INFO", "a line"), ("WARNING", "a fault"), ("INFO", "more")]
