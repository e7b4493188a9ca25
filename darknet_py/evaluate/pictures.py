"""A list of pictures read and fitted to a network's input ahead of their use, without torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from darknet_py.detect.fitting import fit
from darknet_py.detect.reading import read_image
from darknet_py.detect.sources import read_ahead, readers
from darknet_py.errors import ImageError
from darknet_py.graph import Graph

AHEAD_BYTES = 64 << 20
MOST_AHEAD = 64
LEAST_AHEAD = 4


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: its width and height in pixels, and the network's input (C, H, W) in [0, 1].

    seconds: of work that reading and fitting it took.
    """

    size: tuple[int, int]
    planes: npt.NDArray[np.float32]
    seconds: float = 0.0


def pads(graph: Graph) -> bool:
    """Whether evaluation pads pictures to keep their aspect; otherwise it stretches them."""
    return graph.letter_box


def start_reading(images: Sequence[str], graph: Graph) -> Iterator[Picture]:
    """The pictures in order; threads are at work when this returns.

    Raises ImageError when the turn of a picture comes that cannot be read.
    """
    net, letter_box = graph.net, pads(graph)

    def read(path: str) -> Picture:
        start = time.thread_time()
        pixels = read_image(path, net.channels)
        planes = fit(pixels, net.channels, net.width, net.height, letter_box)
        size = pixels.shape[1], pixels.shape[0]
        return Picture(size, planes, time.thread_time() - start)

    ahead = AHEAD_BYTES // max(1, 4 * net.input.size)
    return _begun(_readable(images, read, max(LEAST_AHEAD, min(MOST_AHEAD, ahead))))


def _readable(
    images: Sequence[str], read: Callable[[str], Picture], ahead: int
) -> Iterator[Picture]:
    for _, picture in read_ahead(images, read, ahead, readers()):
        if isinstance(picture, ImageError):
            raise picture
        yield picture


def _begun(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """The same pictures; a generator starts its threads when its first item is asked for."""
    first = next(pictures, None)
    return pictures if first is None else chain([first], pictures)
