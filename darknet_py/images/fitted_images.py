"""The one reader of images for detection: decoded and fitted to a network's input, ahead of use.

Reading threads run this, so nothing here calls torch: a second team of torch's threads would fight
the network for the cores. `map` reads while torch is still being imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ImageError
from darknet_py.images.frames import (
    Frame,
    FrameSource,
    PendingFrame,
    file_source,
    read_ahead,
    readers,
)
from darknet_py.images.letterbox import Placement
from darknet_py.images.resize import fit, stretched
from darknet_py.network.graph import Graph

AHEAD_BYTES = 64 << 20
LEAST_AHEAD, MOST_AHEAD = 4, 64
"""Images that a list is read ahead: as many inputs as take so many bytes, within these limits."""

OnError = Callable[[str, ImageError], None]
"""Told the path and the error of an image that cannot be read."""


@dataclass(frozen=True)
class InputSpec:
    """What a network sees of an image.

    channels: 1, 3 or 4. width, height: in pixels. letter_box: padded to keep its aspect, otherwise
    stretched. upright: turned as its EXIF orientation says. bytewise: what is stretched is so by
    OpenCV in whole byte values, as AlexeyAB's `demo` does, instead of in real numbers.
    """

    channels: int
    width: int
    height: int
    letter_box: bool
    upright: bool = False
    bytewise: bool = False

    @staticmethod
    def of(
        graph: Graph,
        letter_box: bool | None = None,
        honour_exif: bool | None = None,
        bytewise: bool = False,
    ) -> InputSpec:
        """letter_box, honour_exif: None does as the fork and the cfg do."""
        net = graph.net
        padded = graph.letter_box if letter_box is None else letter_box
        upright = graph.fork.images.upright if honour_exif is None else honour_exif
        return InputSpec(net.channels, net.width, net.height, padded, upright, bytewise)


@dataclass(frozen=True, eq=False)
class FittedImage:
    """chw: the network's input, float32 (C, H, W) RGB, RGBA or grey in [0, 1]. placement: where the
    frame lies in it. seconds: of a thread's work that reading and fitting took."""

    frame: Frame
    chw: npt.NDArray[np.float32]
    placement: Placement
    seconds: float = 0.0


def fit_frame(frame: Frame, spec: InputSpec) -> FittedImage:
    """A frame with pixels as the network's input. Raises ImageError when the channels do not."""
    pixels = frame.pixels
    assert pixels is not None
    if spec.bytewise and not spec.letter_box:
        pixels = stretched(pixels, spec.width, spec.height)
    chw = fit(pixels, spec.channels, spec.width, spec.height, spec.letter_box, "bgr")
    placement = Placement(*frame.size, spec.width, spec.height, spec.letter_box)
    return FittedImage(frame, chw, placement)


def read_fitted(pending: PendingFrame, spec: InputSpec, keep_pixels: bool = False) -> FittedImage:
    """A frame read and fitted, without its pixels unless they are to be kept. Raises ImageError."""
    start = time.thread_time()
    frame = pending.read(spec.channels, spec.upright)
    fitted = fit_frame(frame, spec)
    seconds = time.thread_time() - start
    kept = frame if keep_pixels else frame.without_pixels()
    return FittedImage(kept, fitted.chw, fitted.placement, seconds)


def fitted_images(
    source: FrameSource,
    spec: InputSpec,
    depth: int,
    *,
    keep_pixels: bool = False,
    on_error: OnError | None = None,
) -> Generator[FittedImage, None, None]:
    """The source's images in order; up to `depth` are read ahead, a single one without threads. The
    source is closed at the end.

    on_error: told of images that cannot be read, which are then left out; without it the ImageError
    is raised when the turn of such an image comes.
    """
    read = partial(read_fitted, spec=spec, keep_pixels=keep_pixels)
    # Threads would cost a single image more than they could give; and what is live is taken when
    # the network is free, not before.
    workers = 0 if source.length == 1 or source.live else readers()
    ahead = read_ahead(source.frames, read, depth, workers, eager=source.waits)
    with closing(source), closing(ahead) as reading:
        for pending, image in reading:
            if not isinstance(image, ImageError):
                yield image
            elif on_error is None:
                raise image
            else:
                on_error(pending.path, image)


def start_reading(
    images: Sequence[str],
    graph: Graph,
    on_error: OnError | None = None,
    numbers: Sequence[int] | None = None,
) -> Iterator[FittedImage]:
    """The images of these files in order; threads are at work when this returns.

    on_error: as in `fitted_images`. numbers: the indices of those that are wanted; None: all.
    """
    depth = AHEAD_BYTES // max(1, 4 * graph.net.input.size)
    depth = max(LEAST_AHEAD, min(MOST_AHEAD, depth))
    spec = InputSpec.of(graph)
    return _begun(fitted_images(file_source(images, numbers), spec, depth, on_error=on_error))


def _begun(images: Iterator[FittedImage]) -> Iterator[FittedImage]:
    """The same images; a generator starts its threads when its first item is asked for."""
    first = next(images, None)
    return images if first is None else chain([first], images)
