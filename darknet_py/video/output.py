"""A frame with its boxes on the way out, and what takes it: the contract of all outputs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from darknet_py.detect.result import Result
from darknet_py.images.io import Pixels

Paint = Callable[[Result], Pixels]
"""From a result to its image with boxes, uint8 (H, W, 3) BGR."""


def plotted(result: Result) -> Pixels:
    """The image with its boxes."""
    return result.plot()


def plotted_by_track(result: Result) -> Pixels:
    """The same in a colour for each object, which it keeps."""
    return result.plot(color_mode="instance")


def bare(result: Result) -> Pixels:
    """The image as it came."""
    return result.image


@dataclass(eq=False)
class OutputFrame:
    """One frame with its boxes. number: from 1, of those that were put out. result: its boxes.
    seconds: that drawing and putting it out took, when that is done.

    What several outputs need, the image and the JSON text, is made once, when the first asks, on
    whatever thread that is.
    """

    number: int
    result: Result
    paint: Paint = plotted
    seconds: float = 0.0
    _image: Pixels | None = field(default=None, repr=False)
    # Python 3.12's cached_property would let two threads paint, 3.11's holds up those of others.
    _painting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def image(self) -> Pixels:
        """uint8 (H, W, 3) BGR with what is drawn; to be read only."""
        with self._painting:
            if self._image is None:
                self._image = self.paint(self.result)
            return self._image

    @cached_property
    def json(self) -> str:
        """AlexeyAB's JSON object of the frame, without a line end; `frame_id` is its number."""
        return self.result.to_json(self.number, named=False)


class Output(Protocol):
    """Takes frames in order, from one thread. What is slow or far away must not be waited for."""

    def write(self, frame: OutputFrame) -> None:
        """May raise OutputError: then nothing more can be written there."""

    def close(self) -> None:
        """Ends what was begun, so that all that was written is whole; also after an error."""
