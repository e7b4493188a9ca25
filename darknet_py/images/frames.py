"""A frame is one image of a source: a file, an array, later one of a video or a camera.

A source hands out frames that are known and not decoded yet, in order and one by one: threads that
read ahead decode them. Nothing here needs torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ImageError
from darknet_py.images.io import Encoded, PathName, Pixels, bgr_pixels, open_image
from darknet_py.parallel import ordered_map
from darknet_py.system import processors

S = TypeVar("S")
T = TypeVar("T")

Decode = Callable[[int, bool], Pixels]
"""From the channels asked for, 1, 3 or 4, and whether the EXIF orientation counts, to uint8 pixels
(H, W, channels), grey, BGR or BGRA, which are nobody else's. May raise ImageError."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One image as it was read.

    path: of its file, "" where there is none. number: its index in the source, from 0. time:
    seconds from the start of what it is a part of, None for a still image. size: width and height
    in pixels. pixels: uint8 (H, W, 1, 3 or 4), grey, BGR or BGRA; None once nobody wants them any
    more.
    """

    path: str
    number: int
    time: float | None
    size: tuple[int, int]
    pixels: Pixels | None

    def without_pixels(self) -> Frame:
        return replace(self, pixels=None)


@dataclass(frozen=True, eq=False)
class PendingFrame:
    """A frame that nobody has decoded yet. The rest is as in Frame."""

    decode: Decode
    path: str = ""
    number: int = 0
    time: float | None = None

    def read(self, channels: int = 3, honour_exif: bool = False) -> Frame:
        """The frame with its pixels, any number of times. Raises ImageError."""
        pixels = self.decode(channels, honour_exif)
        size = pixels.shape[1], pixels.shape[0]
        return Frame(self.path, self.number, self.time, size, pixels)

    def numbered(self, number: int) -> PendingFrame:
        return self if number == self.number else replace(self, number=number)


@dataclass(eq=False)
class CaptureStats:
    """What became of a moving source so far; threads that capture count here.

    captured: frames that came in. dropped: of these, those that were never handed out because a
    newer one was there. broken: frames that could not be decoded. reconnected: how often a stream
    was taken up again. seconds: of a thread's time that waiting for a frame and decoding it took.
    trouble: why no frame comes now, in words; "" while they do.
    """

    captured: int = 0
    dropped: int = 0
    broken: int = 0
    reconnected: int = 0
    seconds: float = 0.0
    trouble: str = ""


@dataclass(frozen=True, eq=False)
class FrameSource:
    """frames: in order, each taken when it is wanted; there may be no end of them. A generator may
    hold a camera or a file: whoever is done before its end closes it.

    length: how many, None where only the end will tell. single: the caller named one image, not a
    collection that happens to hold one. live: it goes on by itself, so that what is taken is the
    newest frame and nobody should take one before it is wanted. fps: of a moving image, None where
    nobody knows. stats: None for still images. endless: only who takes them ends them. stop: has
    the frames end, from whatever thread, also while one of an endless source is waited for.
    """

    frames: Iterable[PendingFrame]
    length: int | None = None
    single: bool = False
    live: bool = False
    fps: float | None = None
    stats: CaptureStats | None = None
    endless: bool = False
    stop: Callable[[], None] = lambda: None

    @property
    def moving(self) -> bool:
        """Whether its frames are those of one moving image."""
        return self.stats is not None

    @property
    def waits(self) -> bool:
        """Whether the next frame may be long in coming, and results should not wait for it."""
        return self.moving and self.length is None

    def close(self) -> None:
        """Gives back what the frames hold; lists hold nothing and can be taken again. By the thread
        that takes the frames."""
        self.stop()
        if isinstance(self.frames, Generator):
            self.frames.close()


def file_frame(path: PathName, number: int = 0) -> PendingFrame:
    """The image in a file, which is opened when it is read."""

    def decode(channels: int, honour_exif: bool) -> Pixels:
        return open_image(path).decode_bgr(channels, honour_exif)

    return PendingFrame(decode, os.fspath(path), number)


def encoded_frame(image: Encoded) -> PendingFrame:
    """The image in the bytes of a file."""
    return PendingFrame(image.decode_bgr, os.fspath(image.path))


def array_frame(array: npt.NDArray[np.generic], number: int = 0) -> PendingFrame:
    """An array as `bgr_pixels` takes it; what is read are other pixels, so that it may change."""

    def decode(channels: int, honour_exif: bool) -> Pixels:
        return bgr_pixels(array, channels).copy()

    return PendingFrame(decode, number=number)


def decoded_frame(pixels: Pixels, path: str, number: int, time: float | None) -> PendingFrame:
    """A frame of a moving image: uint8 (H, W, 3) BGR that is nobody else's and stays as it is."""

    def decode(channels: int, honour_exif: bool) -> Pixels:
        return bgr_pixels(pixels, channels)

    return PendingFrame(decode, path, number, time)


def file_source(paths: Sequence[PathName], numbers: Sequence[int] | None = None) -> FrameSource:
    """Images of files that are known to be what the paths name.

    numbers: the indices of those that are wanted; None: all.
    """
    wanted = range(len(paths)) if numbers is None else numbers
    frames = [file_frame(paths[number], number) for number in wanted]
    return FrameSource(frames, len(frames))


def read_ahead(
    sources: Iterable[S],
    read: Callable[[S], T],
    depth: int = 4,
    workers: int = 2,
    eager: bool = False,
) -> Generator[tuple[S, T | ImageError], None, None]:
    """Each source with what `read` gives for it, or the ImageError it raises, in order.

    Up to `depth` images are read ahead by `workers` threads while the caller works, as in
    `ordered_map`.  Any other exception of `read` is raised when its image's turn comes.
    """

    def attempted(source: S) -> tuple[S, T | ImageError]:
        return source, attempt(read, source)

    return ordered_map(attempted, sources, workers, depth, name="read-ahead", eager=eager)


def readers() -> int:
    """Threads that read images: one for each core."""
    return max(2, processors())


def attempt(read: Callable[[S], T], source: S) -> T | ImageError:
    """What `read` gives, or the ImageError it raises."""
    try:
        return read(source)
    except ImageError as error:
        return error
