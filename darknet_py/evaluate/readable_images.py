"""The images of an evaluation, read ahead; those that cannot be read are named and left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from darknet_py.errors import DataError, ImageError
from darknet_py.images.fitted_images import FittedImage, start_reading
from darknet_py.network.graph import Graph

logger = logging.getLogger(__name__)
LeftOut = Callable[[ImageError], object]


def log_left_out(error: ImageError) -> None:
    logger.warning("left out: %s", error)


class ReadableImages:
    """The images of a list that can be read, in order; threads are at work once this is made.

    A frame's `number` is the image's index in the list. unreadable: the errors of those that were
    left out so far, of which `left_out` is told as well.
    """

    def __init__(
        self, images: Sequence[str], graph: Graph, left_out: LeftOut = log_left_out
    ) -> None:
        self.images = images
        self.unreadable: list[ImageError] = []
        self._left_out = left_out
        self._numbers: set[int] = set()
        self._fitted = start_reading(images, graph, self._leave_out)

    def _leave_out(self, path: str, error: ImageError) -> None:
        self.unreadable.append(error)
        self._left_out(error)

    def __iter__(self) -> Iterator[FittedImage]:
        for image in self._fitted:
            self._numbers.add(image.frame.number)
            yield image
        self._require_some()

    @property
    def missing(self) -> list[int]:
        """The indices of the images left out, when all have been asked for."""
        return [number for number in range(len(self.images)) if number not in self._numbers]

    def _require_some(self) -> None:
        """Raises DataError where not one image of the list could be read."""
        if self.images and not self._numbers:
            message = f"none of {len(self.images)} images can be read, the first"
            raise DataError(f"{message}: {self.unreadable[0]}")
