"""What can be a source of images: a table, asked from the top. Nothing here needs torch.

A new kind is a file with a function from the source to a FrameSource, and a row here.
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ArgumentError, DataError
from darknet_py.images.capture import CaptureOptions, rotated
from darknet_py.images.frames import (
    Decode,
    FrameSource,
    PendingFrame,
    array_frame,
    file_source,
)
from darknet_py.images.image_bytes import bytes_frame, is_bytes
from darknet_py.images.image_paths import expand
from darknet_py.images.io import Pixels
from darknet_py.images.live import address_source, camera_source
from darknet_py.images.moving_names import is_address, is_camera_text, is_video_file
from darknet_py.images.pil_images import is_pil_image, pil_frame
from darknet_py.images.piped_frames import is_pipe, piped_source
from darknet_py.images.tensor_images import is_tensor, tensor_source
from darknet_py.images.video_files import video_file

PLAIN = CaptureOptions()


@dataclass(frozen=True)
class SourceKind:
    """matches: whether a source is of this kind. open: its frames; may raise DataError and
    ImageError."""

    matches: Callable[[Any], bool]
    open: Callable[[Any, CaptureOptions], FrameSource]


KNOWN = (
    "a path, a folder, a pattern, a list file, a video, the number of a camera, the address of an "
    "image, a video or a stream, '-' for standard input, a numpy array, a tensor, an image of "
    "PIL's, the bytes of an image file, an open file, or a list or generator of these"
)


def open_source(source: Any, capture: CaptureOptions = PLAIN) -> FrameSource:
    """The frames of a path (image, folder, glob, .txt list, video), an array, a tensor, an image of
    PIL's, the bytes of an image file, a camera (its number, also as text if no file is called so),
    an address, a pipe ("-" or what has `read`), or of several of these. capture: how moving images
    are taken in.

    A list or a tuple is looked through at once, so that its length is known and its paths are
    there; any other iterable, such as a generator, is taken item by item as frames are wanted.

    Raises DataError for a path that names no image, ArgumentError for what is no source; ImageError
    for a video, a camera or a stream that cannot be opened.
    """
    opened = _opened(source, capture)
    if capture.rotate is None:
        return opened
    return replace(opened, frames=_turned(opened.frames, capture.rotate))


def _opened(source: Any, capture: CaptureOptions) -> FrameSource:
    for kind in SOURCES.values():
        if kind.matches(source):
            return kind.open(source, capture)
    raise ArgumentError(f"no images come from {type(source).__name__}; give {KNOWN}")


def _turned(frames: Iterable[PendingFrame], rotate: str) -> Generator[PendingFrame, None, None]:
    """Frames that turn when they are decoded, which threads do."""
    with _closing(frames):
        for frame in frames:
            yield replace(frame, decode=_turned_decode(frame.decode, rotate))


def _turned_decode(decode: Decode, rotate: str) -> Decode:
    def turned(channels: int, honour_exif: bool) -> Pixels:
        return rotated(decode(channels, honour_exif), rotate)

    return turned


def _closing(frames: Iterable[PendingFrame]) -> AbstractContextManager[object]:
    """Frames that may be a list, closed if they are not."""
    return closing(frames) if isinstance(frames, Generator) else nullcontext()


def _is_path(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike))


def _is_video(source: Any) -> bool:
    return _is_path(source) and is_video_file(source) and not os.path.isdir(source)


def _is_camera(source: Any) -> bool:
    number = isinstance(source, numbers.Integral) and not isinstance(source, bool)
    return number or is_camera_text(source)


def _is_iterable(source: Any) -> bool:
    """A dict's keys are hardly images."""
    return isinstance(source, Iterable) and not isinstance(source, Mapping)


def _of_array(array: npt.NDArray[np.generic], _: CaptureOptions) -> FrameSource:
    return FrameSource([array_frame(array)], length=1, single=True)


def _of_path(path: str | os.PathLike[str], _: CaptureOptions) -> FrameSource:
    """One image, or what `expand` finds behind a folder, a pattern or a list file."""
    paths = expand(path)
    source = file_source(paths)
    return FrameSource(source.frames, source.length, single=paths == [os.fspath(path)])


def _of_pil_image(image: Any, _: CaptureOptions) -> FrameSource:
    return FrameSource([pil_frame(image)], length=1, single=True)


def _of_bytes(data: bytes | bytearray | memoryview, _: CaptureOptions) -> FrameSource:
    return FrameSource([bytes_frame(data)], length=1, single=True)


def _of_sequence(items: Sequence[Any], capture: CaptureOptions) -> FrameSource:
    lengths: list[int | None] = []
    parts: list[Iterable[PendingFrame]] = []
    for item in items:
        part = _part(item, capture)
        lengths.append(part.length)
        # A thousand videos open at once would be a thousand decoders with their threads.
        parts.append(_later(item, capture) if _is_video(item) else part.frames)
    known = [length for length in lengths if length is not None]
    return FrameSource(_joined(parts), sum(known) if len(known) == len(items) else None)


def _later(item: Any, capture: CaptureOptions) -> Generator[PendingFrame, None, None]:
    """Frames of a source that is opened when the first is wanted."""
    with closing(_part(item, capture)) as part:
        yield from part.frames


def _of_iterable(items: Iterable[Any], capture: CaptureOptions) -> FrameSource:
    return FrameSource(_joined(_part(_kept(item), capture).frames for item in items))


def _part(item: Any, capture: CaptureOptions) -> FrameSource:
    """One of several sources. Raises DataError for one after which no other would ever come."""
    # What is behind the address of an image comes once here: others are to have their turn.
    part = _opened(item, replace(capture, snapshots=False))
    if part.endless:
        part.close()
        raise DataError(
            "a camera or stream never ends, so that nothing comes after it; give it alone"
        )
    return part


def _kept(item: Any) -> Any:
    """A generator may fill one image again and again, or close it; ours is read a little later."""
    for matches, copied in COPIES:
        if matches(item):
            return copied(item)
    return item


COPIES: tuple[tuple[Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    (lambda item: isinstance(item, np.ndarray) or is_pil_image(item), lambda item: item.copy()),
    (is_tensor, lambda item: item.detach().clone()),
    (is_bytes, bytes),
)


def _joined(parts: Iterable[Iterable[PendingFrame]]) -> Generator[PendingFrame, None, None]:
    """All frames in a row, numbered through."""
    number = 0
    for frames in parts:
        with _closing(frames):
            for frame in frames:
                yield frame.numbered(number)
                number += 1


SOURCES: dict[str, SourceKind] = {
    "array": SourceKind(lambda source: isinstance(source, np.ndarray), _of_array),
    "tensor": SourceKind(is_tensor, lambda tensor, _: tensor_source(tensor)),
    "PIL image": SourceKind(is_pil_image, _of_pil_image),
    "bytes": SourceKind(is_bytes, _of_bytes),
    "camera": SourceKind(_is_camera, camera_source),
    "address": SourceKind(is_address, address_source),
    "pipe": SourceKind(is_pipe, piped_source),
    "video": SourceKind(_is_video, video_file),
    "path": SourceKind(_is_path, _of_path),
    "sequence": SourceKind(lambda source: isinstance(source, Sequence), _of_sequence),
    "iterable": SourceKind(_is_iterable, _of_iterable),
}
"""In the order in which they are asked: a text may be an address and is then no path, an open file
is no iterable of lines, and a sequence comes before an iterable."""
