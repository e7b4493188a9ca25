"""Pictures for all who look: the newest, encoded once, and none while nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.simulated_camera import wait_until
from support.small_result import result

from darknet_py.serve.live_pictures import LivePictures
from darknet_py.video.broadcast import DroppingQueue
from darknet_py.video.output import OutputFrame

PATIENCE = 20.0
ALL = 1e9
"""Pictures a second: none waits for its time."""


@pytest.fixture
def pictures() -> Iterator[LivePictures]:
    made = LivePictures(ALL)
    made.start()
    yield made
    made.close()
    made.join_thread(PATIENCE)


def grey(number: int) -> OutputFrame:
    """A frame of one shade, its number times 20."""
    image = np.full((48, 64, 3), number * 20, np.uint8)
    return OutputFrame(number, replace(result(), image=image), lambda found: found.image)


def nothing() -> None:
    return


def number(queue: DroppingQueue[bytes]) -> int:
    """Of the next picture."""
    part = queue.take(PATIENCE)
    assert part is not None
    head, _, rest = part.partition(b"\r\n\r\n")
    kind, length = b"\r\nContent-Type: image/jpeg", len(rest) - len(b"\r\n--mjpegstream")
    assert head == kind + b"\r\nContent-Length: %d" % length
    image = cv2.imdecode(np.frombuffer(rest[:length], np.uint8), cv2.IMREAD_COLOR)
    assert image is not None and image.shape == (48, 64, 3)
    return round(image.mean() / 20)


def test_nobody_looks_and_nothing_is_encoded(pictures: LivePictures) -> None:
    for one in range(1, 6):
        pictures.show(grey(one))
    time.sleep(0.05)
    assert pictures.made == 0


def test_who_comes_gets_the_newest_at_once_and_it_is_encoded_once(pictures: LivePictures) -> None:
    pictures.show(grey(1))
    pictures.show(grey(2))
    first = pictures.join(nothing)
    assert number(first) == 2
    later = [pictures.join(nothing) for _ in range(5)]
    assert [number(queue) for queue in later] == [2] * 5
    assert (pictures.made, pictures.readers) == (1, 6)
    assert first.take(0.01) is None  # not twice
    pictures.show(grey(3))
    assert [number(queue) for queue in (first, *later)] == [3] * 6
    assert pictures.made == 2


def test_what_was_encoded_for_others_is_not_shown_when_it_is_old(pictures: LivePictures) -> None:
    first = pictures.join(nothing)
    pictures.show(grey(1))
    assert number(first) == 1
    pictures.leave(first)
    pictures.show(grey(2))
    assert number(pictures.join(nothing)) == 2


def test_who_is_slow_gets_the_newest_and_loses_the_others(pictures: LivePictures) -> None:
    slow, fast = pictures.join(nothing), pictures.join(nothing)
    for one in range(1, 6):
        pictures.show(grey(one))
        assert number(fast) == one
    assert number(slow) == 5
    assert pictures.dropped == 4


def test_so_many_a_second_at_the_most() -> None:
    pictures = LivePictures(most_fps=20)
    pictures.start()
    queue, start, numbers = pictures.join(nothing), time.monotonic(), []
    for one in range(1, 13):
        pictures.show(grey(one))
        time.sleep(0.01)
        while len(queue):
            numbers.append(number(queue))
    seconds = time.monotonic() - start
    while numbers[-1:] != [12]:  # the last one is shown, however fast it came
        numbers.append(number(queue))
    assert len(numbers) <= 20 * seconds + 2
    pictures.close()
    pictures.join_thread(PATIENCE)


def test_what_cannot_be_a_picture_is_said_once_and_the_next_one_is_shown(
    pictures: LivePictures, caplog: pytest.LogCaptureFixture
) -> None:
    queue = pictures.join(nothing)
    wide = OutputFrame(1, replace(result(), image=np.zeros((1, 70_000, 3), np.uint8)))
    wide.paint = lambda found: found.image
    reason = "a frame of 70000x1 cannot be shown as JPEG, which ends at 65500x65500"
    for _ in range(2):
        pictures.show(wide)
        wait_until(lambda: pictures.trouble)
    assert pictures.trouble == reason
    wait_until(lambda: pictures._frame is None)
    pictures.show(grey(2))
    assert number(queue) == 2
    assert (pictures.trouble, caplog.messages) == ("", [f"stream: {reason}"])


def test_a_close_ends_who_waits_and_who_comes_later(pictures: LivePictures) -> None:
    queue = pictures.join(nothing)
    pictures.close()
    pictures.join_thread(PATIENCE)
    assert queue.ended and pictures.join(nothing).ended
    assert not pictures._thread.is_alive()
