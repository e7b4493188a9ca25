"""Images of requests, what is asked about them, and what a detector finds in them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import cv2
import numpy as np

from darknet_py import Detector, Result
from darknet_py.options.serving import ServerOptions
from darknet_py.serve.batching import Batcher, Inference
from darknet_py.serve.query import Query
from support.tiny_detector import noise_image

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
