"""What images tell about the networks."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from darknet_py.errors import ImageError
from darknet_py.serve.readiness import MOST_FAILURES, Readiness
from darknet_py.serve.refusal import Refusal


def image(readiness: Readiness, error: Exception | None = None) -> None:
    future: Future[Any] = Future()
    readiness.image("a", future)
    future.set_exception(error) if error else future.set_result(None)


def test_a_network_is_ready_from_its_first_answer_on() -> None:
    readiness = Readiness(["a", "b"])
    untried = "has not answered its first image yet"
    assert readiness.troubles() == {"a": untried, "b": untried}
    image(readiness)
    assert readiness.troubles() == {"b": untried}


def test_the_first_image_must_not_fail() -> None:
    readiness = Readiness(["a"])
    image(readiness, RuntimeError("no memory\nat line 7"))
    assert readiness.troubles() == {"a": "failed at its last images (1): RuntimeError: no memory"}
    image(readiness)
    assert readiness.troubles() == {}


def test_failures_in_a_row_count() -> None:
    readiness = Readiness(["a"])
    image(readiness)
    for _ in range(MOST_FAILURES - 1):
        image(readiness, RuntimeError("x"))
    assert readiness.troubles() == {}
    image(readiness, RuntimeError("x"))
    assert readiness.troubles() == {"a": "failed at its last images (3): RuntimeError: x"}
    image(readiness)
    image(readiness, RuntimeError("x"))
    assert readiness.troubles() == {}


@pytest.mark.parametrize("error", [ImageError("no image"), Refusal(503, "closed")])
def test_the_faults_of_requests_do_not(error: Exception) -> None:
    readiness = Readiness(["a"])
    image(readiness)
    for _ in range(MOST_FAILURES):
        image(readiness, error)
    assert readiness.troubles() == {}


def test_images_that_nobody_waits_for_any_more_tell_nothing() -> None:
    readiness = Readiness(["a"])
    future: Future[Any] = Future()
    readiness.image("a", future)
    assert future.cancel() and len(readiness.troubles()) == 1


def test_one_trial_at_a_time_and_none_of_a_ready_one() -> None:
    readiness = Readiness(["a"])
    assert readiness.begin_trial("a") and not readiness.begin_trial("a")
    readiness.end_trial("a")
    assert readiness.begin_trial("a")
    readiness.end_trial("a")
    image(readiness)
    assert not readiness.begin_trial("a")
