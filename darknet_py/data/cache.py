"""A data set decoded once and held in memory, which all worker processes share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.data.picture import Decoded, Picture, Size, open_picture
from darknet_py.errors import DataError, ImageError
from darknet_py.progress import follow

PIECE = 1 << 28
"""Bytes of one piece of shared memory; larger pictures get one of their own."""
TRIED = 32
"""Pictures whose size in memory is taken for that of all."""
SHARE = 0.6
"""Part of the free memory that a data set may take."""
AT_ONCE = 256


@dataclass(frozen=True)
class _Place:
    piece: int
    start: int
    shape: tuple[int, int, int]
    size: Size


@dataclass
class Cache:
    """Decoded pictures by path. Handing it to another process hands over no pixels."""

    places: dict[str, _Place] = field(default_factory=dict)
    pieces: list[Tensor] = field(default_factory=list)
    used: int = PIECE

    def get(self, path: str) -> Picture | None:
        """The picture, None for one that is not held."""
        place = self.places.get(path)
        if place is None:
            return None
        piece = self.pieces[place.piece].numpy()
        count = place.shape[0] * place.shape[1] * place.shape[2]
        return Decoded(piece[place.start : place.start + count].reshape(place.shape), place.size)

    def add(self, path: str, pixels: NDArray[np.uint8], size: Size) -> None:
        """Hold the pixels (H, W, C) of a picture that has `size` (width, height) in its file."""
        if self.used + pixels.size > (len(self.pieces[-1]) if self.pieces else 0):
            piece = torch.empty(max(PIECE, pixels.size), dtype=torch.uint8)
            self.pieces.append(piece.share_memory_())
            self.used = 0
        self.pieces[-1].numpy()[self.used : self.used + pixels.size] = pixels.ravel()
        height, width, channels = pixels.shape
        self.places[path] = _Place(len(self.pieces) - 1, self.used, (height, width, channels), size)
        self.used += pixels.size


def hold(images: Sequence[str], channels: int, least: Size) -> Cache:
    """Decode every picture once, reduced as far as `least` (width, height) allows.

    Pictures that cannot be read are left out: they are named when they are drawn. Raises DataError
    when the data set would take too much of the free memory.
    """
    paths = list(dict.fromkeys(images))
    _require_memory(paths, channels, least)
    cache = Cache()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, read in follow(_read(pool, paths, channels, least), len(paths), "decoding"):
            if read is not None:
                cache.add(path, *read)
    return cache


Read = tuple[NDArray[np.uint8], Size]


def _read(
    pool: ThreadPoolExecutor, paths: Sequence[str], channels: int, least: Size
) -> Iterator[tuple[str, Read | None]]:
    """A few hundred at a time: what is read ahead takes memory too."""
    for start in range(0, len(paths), AT_ONCE):
        part = paths[start : start + AT_ONCE]
        read = pool.map(lambda path: _decoded(path, channels, least), part)
        yield from zip(part, read, strict=True)


def _decoded(path: str, channels: int, least: Size) -> Read | None:
    try:
        picture = open_picture(path, channels)
        return np.ascontiguousarray(picture.pixels(channels, least)), picture.size
    except ImageError:
        return None


def _require_memory(paths: Sequence[str], channels: int, least: Size) -> None:
    tried = paths[:: max(1, len(paths) // TRIED)][:TRIED]
    sizes = [read[0].size for read in (_decoded(path, channels, least) for path in tried) if read]
    needed = len(paths) * sum(sizes) / max(1, len(sizes))
    free = _free()
    if free is not None and needed > SHARE * free:
        message = f"{len(paths)} pictures would take about {needed / 2**30:.1f} GiB"
        cure = f"{free / 2**30:.1f} are free; train without --cache"
        raise DataError(f"--cache: {message}, {cure}")


def _free() -> float | None:
    """Bytes of free memory, also of the kind processes share; None where nobody says."""
    try:
        with open("/proc/meminfo") as file:
            values = dict(line.split(":", 1) for line in file)
        shared = os.statvfs("/dev/shm")
    except (OSError, ValueError):
        return None
    available = 1024.0 * int(values["MemAvailable"].split()[0])
    return min(available, float(shared.f_bavail) * shared.f_frsize)
