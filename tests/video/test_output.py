"""A frame on its way out: what several outputs need is made once."""

from __future__ import annotations

import threading
import time

import numpy as np
from support.small_result import result

from darknet_py.detect.result import Result
from darknet_py.video.output import OutputFrame


def test_threads_that_ask_at_once_get_the_same_image_painted_once() -> None:
    painted: list[str] = []

    def paint(found: Result) -> np.ndarray:
        painted.append(threading.current_thread().name)
        time.sleep(0.02)
        return found.plot()

    frame = OutputFrame(1, result(), paint)
    images: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: images.append(frame.image)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(painted) == 1
    assert len(images) == 4 and all(image is images[0] for image in images)
    assert np.array_equal(images[0], result().plot())


def test_the_json_has_the_number_of_what_was_put_out() -> None:
    frame = OutputFrame(7, result())
    assert frame.json == result().to_json(7, named=False)
    assert frame.json is frame.json
