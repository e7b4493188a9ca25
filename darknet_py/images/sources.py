"""What can be a source of images: a table, asked from the top. Nothing here needs torch.

A new kind is a file with a function from the source to a FrameSource, and a row here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import DataError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import (
    FrameSource,
    PendingFrame,
    array_frame,
    file_source,
)
from darknet_py.images.image_paths import expand
from darknet_py.images.moving_names import names_video_file
from darknet_py.images.video_files import video_file

PLAIN = CaptureOptions()


@dataclass(frozen=True)
class SourceKind:
    """matches: whether a source is of this kind. open: its frames; may raise DataError and
    ImageError."""

    matches: Callable[[Any], bool]
    open: Callable[[Any, CaptureOptions], FrameSource]


def open_source(source: Any, capture: CaptureOptions = PLAIN) -> FrameSource:
    """The frames of an array, a path, a folder, a glob, a .txt list, a video, or of several of
    these. capture: how moving images are taken in.

    A list or a tuple is looked through at once, so that its length is known and its paths are
    there; any other iterable, such as a generator, is taken item by item as frames are wanted.

    Raises DataError for a path that names no image, and for what is no source.
    """
    for kind in SOURCES.values():
        if kind.matches(source):
            return kind.open(source, capture)
    known = "a path, a numpy array, a list, or a generator of these"
    raise DataError(f"no images come from {type(source).__name__}; give {known}")


def _is_video(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike)) and names_video_file(source)


def _of_array(array: npt.NDArray[np.generic], _: CaptureOptions) -> FrameSource:
    return FrameSource([array_frame(array)], length=1, single=True)


def _of_path(path: str | os.PathLike[str], _: CaptureOptions) -> FrameSource:
    """One image, or what `expand` finds behind a folder, a pattern or a list file."""
    paths = expand(path)
    source = file_source(paths)
    return FrameSource(source.frames, source.length, single=paths == [os.fspath(path)])


def _of_sequence(items: Sequence[Any], capture: CaptureOptions) -> FrameSource:
    parts = [open_source(item, capture) for item in items]
    lengths = [part.length for part in parts if part.length is not None]
    length = sum(lengths) if len(lengths) == len(parts) else None
    return FrameSource(_joined(part.frames for part in parts), length)


def _of_iterable(items: Iterable[Any], capture: CaptureOptions) -> FrameSource:
    return FrameSource(_joined(open_source(_kept(item), capture).frames for item in items))


def _kept(item: Any) -> Any:
    """A generator may fill one array again and again; ours is read a little later."""
    return item.copy() if isinstance(item, np.ndarray) else item


def _joined(parts: Iterable[Iterable[PendingFrame]]) -> Iterator[PendingFrame]:
    """All frames in a row, numbered through."""
    for number, frame in enumerate(chain.from_iterable(parts)):
        yield frame.numbered(number)


SOURCES: dict[str, SourceKind] = {
    "array": SourceKind(lambda source: isinstance(source, np.ndarray), _of_array),
    "video": SourceKind(_is_video, video_file),
    "path": SourceKind(lambda source: isinstance(source, (str, os.PathLike)), _of_path),
    "sequence": SourceKind(lambda source: isinstance(source, Sequence), _of_sequence),
    "iterable": SourceKind(lambda source: isinstance(source, Iterable), _of_iterable),
}
"""In the order in which they are asked: a text is a path, and a sequence before an iterable."""
