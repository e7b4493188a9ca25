"""The images of an evaluation, read ahead; those that cannot be read are named and left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from darknet_py.distributed.list_share import ListShare
from darknet_py.errors import DataError, ImageError
from darknet_py.images.fitted_images import FittedImage, start_reading
from darknet_py.network.graph import Graph

if TYPE_CHECKING:
    from darknet_py.distributed.context import DistributedContext

logger = logging.getLogger(__name__)
LeftOut = Callable[[ImageError], object]


def log_left_out(error: ImageError) -> None:
    logger.warning("left out: %s", error)


class ReadableImages:
    """The images of a list that can be read, in order; threads are at work once this is made.

    A frame's `number` is the image's index in the list. unreadable: the errors of those that were
    left out so far, of which `left_out` is told as well. numbers: the indices of the images that
    this process takes; see ListShare, also for share and batch.
    """

    def __init__(
        self,
        images: Sequence[str],
        graph: Graph,
        left_out: LeftOut = log_left_out,
        share: ListShare | None = None,
        batch: int = 1,
    ) -> None:
        self.images = images
        self.unreadable: list[ImageError] = []
        self.numbers = (share or ListShare()).numbers(len(images), batch)
        self.missing: list[int] = []
        """The indices of the images left out, when all have been asked for."""
        self._alone = share is None or share.world == 1
        self._left_out = left_out
        self._numbers: set[int] = set()
        self._fitted = start_reading(images, graph, self._leave_out, self.numbers)

    def _leave_out(self, path: str, error: ImageError) -> None:
        self.unreadable.append(error)
        self._left_out(error)

    def __len__(self) -> int:
        """How many images this process takes."""
        return len(self.numbers)

    def __iter__(self) -> Iterator[FittedImage]:
        for image in self._fitted:
            self._numbers.add(image.frame.number)
            yield image
        self.missing = [number for number in self.numbers if number not in self._numbers]
        if self._alone:
            self._require_some()

    def bring_together(self, context: DistributedContext) -> None:
        """`missing` and `unreadable` of all processes, in the order of the list; of each at the end
        of its own share. Raises DataError where not one image could be read."""
        if context.world == 1:
            return
        own = list(zip(self.missing, map(str, self.unreadable), strict=True))
        all_of_them = sorted(row for rows in context.of_all(own) for row in rows)
        self.missing = [number for number, _ in all_of_them]
        self.unreadable = [ImageError(text) for _, text in all_of_them]
        self._require_some()

    def _require_some(self) -> None:
        """Raises DataError where not one image of the list could be read."""
        if self.images and len(self.missing) == len(self.images):
            message = f"none of {len(self.images)} images can be read, the first"
            raise DataError(f"{message}: {self.unreadable[0]}")
