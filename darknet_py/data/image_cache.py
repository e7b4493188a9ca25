"""All images of a data set, decoded once and cached in memory that worker processes share."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.pixels import Pixels
from darknet_py.errors import DataError, ImageError
from darknet_py.images.frames import read_ahead
from darknet_py.images.reduced_images import Decoded, Image, Size, open_reducible
from darknet_py.progress import Progress
from darknet_py.system import free_memory, processors

MOST_MEMORY = 0.6
"""Part of the free memory that images may take."""
SAMPLE = 48
"""Images from which the memory for all is estimated."""
LEAST_SHARE = 0.25
"""Crops of less of an image's side may be enlarged."""


class Arena:
    """Bytes in memory that processes share however they are started: a pickled one is the same.

    Written at its end, and read-only once `bytes` was asked for. On Linux it counts as memory of
    this process; elsewhere it is a temporary file without a name.
    """

    def __init__(self, file: int | None = None, size: int = 0) -> None:
        self.file = _anonymous_file() if file is None else file
        self.size = size

    @cached_property
    def bytes(self) -> mmap.mmap:
        return mmap.mmap(self.file, self.size, access=mmap.ACCESS_READ)

    def append(self, pixels: Pixels) -> int:
        """Where they start. Raises OSError when there is no room."""
        data, start = np.ascontiguousarray(pixels).data.cast("B"), self.size
        while self.size < start + len(data):
            self.size += os.write(self.file, data[self.size - start :])
        return start

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd  # not there on Windows

        return _attached, (DupFd(self.file), self.size)

    def __del__(self) -> None:
        os.close(self.file)


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("darknet-py images")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _attached(file: Any, size: int) -> Arena:
    return Arena(file.detach(), size)


@dataclass(frozen=True)
class CachedImage:
    """An image in an arena; size: width and height of the whole; reducible: it may be smaller."""

    arena: Arena
    start: int
    shape: tuple[int, int, int]
    size: Size
    reducible: bool = False

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        count = self.shape[0] * self.shape[1] * self.shape[2]
        flat = np.frombuffer(self.arena.bytes, np.uint8, count, self.start)
        return Decoded(flat.reshape(self.shape), self.size, self.reducible).pixels(channels, least)


def cache_images(
    images: Sequence[str],
    channels: int,
    least: Size | None = None,
    progress: Progress | None = None,
    upright: bool = False,
) -> dict[str, Image]:
    """Path -> image, decoded with 1, 3 or 4 channels.

    least: images are halved as often as they stay at least so wide and high, see `least_size`;
    None: they stay whole. Images that cannot be read are left out. progress: such as
    `darknet_py.progress.follow`. upright: turned as their EXIF says.

    Raises DataError when they would take more than MOST_MEMORY of the free memory.
    """
    if os.name == "nt":
        message = "worker processes cannot share images on Windows; train without --cache"
        raise DataError(message)
    paths = list(dict.fromkeys(images))
    read = partial(_decoded, channels=channels, least=least, upright=upright)
    budget = _memory_budget(paths, read)
    decoded: Iterator[tuple[str, Decoded | ImageError]]
    decoded = read_ahead(paths, read, depth=4 * processors(), workers=processors())
    if progress:
        decoded = progress(decoded, len(paths), "images into memory")
    arena, cached = Arena(), dict[str, Image]()
    for path, image in decoded:
        if isinstance(image, Decoded):
            height, width = image.whole.shape[:2]
            cached[path] = CachedImage(
                arena,
                _appended(arena, image),
                (height, width, channels),
                image.size,
                least is not None,
            )
        if budget is not None and arena.size > budget.bytes:
            raise budget.refusal(arena.size / len(cached) * len(paths))
    return cached


def least_size(config: AugmentConfig, largest: Size) -> Size:
    """Width and height of images of which even small crops fill the largest input."""
    share = 1.0
    if config.cells or not config.fork.samples.canvas:
        share -= 2 * config.jitter
    if not (config.cells or config.fork.samples.canvas):
        share /= max(1.0, config.resize)
    share = max(share, LEAST_SHARE)
    return math.ceil(largest[0] / share), math.ceil(largest[1] / share)


@dataclass(frozen=True)
class _MemoryBudget:
    """Bytes that images may take, of those that are free."""

    images: int
    free: int

    @property
    def bytes(self) -> float:
        return MOST_MEMORY * self.free

    def refusal(self, needed: float) -> DataError:
        need = f"{self.images} images need about {needed / 1e9:.1f} GB of memory, decoded"
        limit = f"more than {MOST_MEMORY:.0%} of the {self.free / 1e9:.1f} GB that are free"
        return DataError(
            f"{need}: {limit}; train without --cache, with --reduced-decode, or on fewer images"
        )


def _memory_budget(paths: Sequence[str], read: Callable[[str], Decoded]) -> _MemoryBudget | None:
    """What all images may take, checked by a first few; None where free memory is not known."""
    free = free_memory()
    if free is None:
        return None
    budget = _MemoryBudget(len(paths), free)
    few = paths[:: max(1, len(paths) // SAMPLE)]
    sample = [
        result for _, result in read_ahead(few, read, depth=processors(), workers=processors())
    ]
    sizes = [result.whole.nbytes for result in sample if isinstance(result, Decoded)]
    needed = sum(sizes) / max(1, len(few)) * len(paths)
    if needed > budget.bytes:
        raise budget.refusal(needed)
    return budget


def _decoded(path: str, channels: int, least: Size | None, upright: bool) -> Decoded:
    image = open_reducible(path, upright, least is not None)
    return Decoded(image.pixels(channels, least or image.size), image.size)


def _appended(arena: Arena, image: Decoded) -> int:
    try:
        return arena.append(image.whole)
    except OSError as error:
        message = f"no memory for more images after {arena.size / 1e9:.1f} GB: {error.strerror}"
        raise DataError(f"{message}; train without --cache") from None
