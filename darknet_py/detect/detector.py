"""A network, its class names and a device: pictures in, results out."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Request, decode, suppression_of
from darknet_py.detect.geometry import Placement
from darknet_py.detect.image import prepare
from darknet_py.detect.reading import from_bgr, read_image, to_bgr
from darknet_py.detect.result import Boxes, Result
from darknet_py.detect.sources import expand, read_ahead
from darknet_py.detect.survivors import survivors
from darknet_py.engines.base import open_engine
from darknet_py.enginetable import Setup
from darknet_py.errors import ImageError
from darknet_py.forks import Fork
from darknet_py.names import Names
from darknet_py.network import Network, load_planned
from darknet_py.opening import Opened, head_classes, open_network

DECODING_THREADS = 2
BATCHES_AHEAD = 2

OnError = Callable[[str, ImageError], None]
Decoded = tuple[str, NDArray[np.uint8]]
"""A picture's path and its pixels, RGB or grey (H, W, C)."""


@dataclass(frozen=True)
class _Picture:
    """A picture read and fitted into the network's input."""

    path: str
    rgb: NDArray[np.uint8]
    tensor: torch.Tensor
    placement: Placement


class Detector:
    """Runs a detection network on pictures. Build it with `darknet_py.load`."""

    def __init__(
        self,
        network: Network,
        names: Sequence[str],
        device: str | torch.device = "cpu",
        precision: str = "fp32",
        engine: str = "torch",
        compiled: bool = False,
    ) -> None:
        """network: as loaded; an inference form of it is made here, it stays as it is.

        The rest as for `load`. Raises DarknetError for a network without detection head, and for
        an engine, a precision or a device that is not there.
        """
        head_classes(network.graph)
        self.graph = network.graph
        self.names = list(names)
        setup = Setup(engine, precision, compiled, str(device))
        self.engine = open_engine(network, setup)
        self.device = self.engine.device
        self.suppression = suppression_of(network.graph)

    @property
    def fork(self) -> Fork:
        return self.graph.fork

    def __call__(
        self,
        source: Any,
        thresh: float = 0.25,
        nms: float = 0.45,
        letter_box: bool | None = None,
        *,
        hier: float = 0.5,
        batch: int = 1,
        honour_exif: bool = False,
    ) -> Result | list[Result]:
        """The Result of one picture, or a list for a folder, glob, list file or list of pictures.

        source: path, folder, glob, .txt list, numpy BGR image (uint8, uint16, float in [0, 1]) or
        a list of these. thresh: scores must be over it. nms: IoU over which the weaker box goes; 0
        keeps all. letter_box: pad instead of stretch; None does as the fork and the cfg do. hier:
        least product down a class tree. batch: pictures run at once. Raises ImageError, DataError.
        """
        stream = self.stream(
            source, thresh, nms, letter_box, hier=hier, batch=batch, honour_exif=honour_exif
        )
        results = list(stream)
        return results[0] if _is_single(source, results) else results

    def stream(
        self,
        source: Any,
        thresh: float = 0.25,
        nms: float = 0.45,
        letter_box: bool | None = None,
        *,
        hier: float = 0.5,
        batch: int = 1,
        honour_exif: bool = False,
        on_error: OnError | None = None,
    ) -> Iterator[Result]:
        """The same results one by one: the next pictures are decoded while a batch runs.

        on_error: called with path and error for a picture that cannot be read, which is then left
        out; without it the error is raised.
        """
        if letter_box is None:
            letter_box = self.fork.letter_box or bool(self.graph.net.letter_box)
        net = self.graph.net
        request = Request(thresh, hier, net.width, net.height, self.fork)

        def read(item: Any) -> Decoded:
            return self._read(item, honour_exif)

        reading = read_ahead(_items(source), read, BATCHES_AHEAD * batch, DECODING_THREADS)
        readable = _readable(reading, on_error)
        while decoded := list(islice(readable, batch)):
            pictures = [self._fitted(path, rgb, letter_box) for path, rgb in decoded]
            yield from self._results(pictures, request, nms)

    def _read(self, item: Any, honour_exif: bool) -> Decoded:
        """Path and pixels. Runs in a reading thread, so it must not call torch: a second team of
        torch's threads would fight the network for the cores."""
        channels = self.graph.net.channels
        if isinstance(item, np.ndarray):
            return "", from_bgr(item, channels)
        return os.fspath(item), read_image(item, channels, honour_exif)

    def _fitted(self, path: str, rgb: NDArray[np.uint8], letter_box: bool) -> _Picture:
        net = self.graph.net
        height, width = rgb.shape[:2]
        placement = Placement(width, height, net.width, net.height, letter_box)
        tensor = prepare(rgb, net.channels, net.width, net.height, letter_box)
        return _Picture(path, rgb, tensor, placement)

    def _results(
        self, pictures: list[_Picture], request: Request, nms_thresh: float
    ) -> list[Result]:
        x = torch.stack([picture.tensor for picture in pictures])
        heads, milliseconds = self._forward(x)
        found = decode(self.graph, heads, request)
        placements = [picture.placement for picture in pictures]
        found = survivors(found, placements, self.suppression, nms_thresh)
        found = found.cpu()
        share = milliseconds / len(pictures)
        return [self._result(p, found.of_image(i), share) for i, p in enumerate(pictures)]

    def _forward(self, x: torch.Tensor) -> tuple[list[torch.Tensor], float]:
        x = x.to(self.device)
        start = time.perf_counter()
        heads = self.engine(x)
        return heads, 1000 * (time.perf_counter() - start)

    def _result(self, picture: _Picture, found: Candidates, milliseconds: float) -> Result:
        box, class_id = torch.nonzero(found.scores > 0, as_tuple=True)
        boxes = Boxes(
            found.boxes[box].numpy(),
            found.scores[box, class_id].numpy(),
            class_id.numpy(),
            box.numpy(),
            picture.rgb.shape[1],
            picture.rgb.shape[0],
        )
        return Result(picture.path, to_bgr(picture.rgb), boxes, self.names, milliseconds)


def _items(source: Any) -> Iterable[Any]:
    if isinstance(source, np.ndarray):
        return [source]
    if isinstance(source, (str, os.PathLike)):
        return expand(source)
    parts = ([item] if isinstance(item, np.ndarray) else expand(item) for item in source)
    return [item for part in parts for item in part]


def _is_single(source: Any, results: Sequence[Result]) -> bool:
    """One array, or the path of one picture (not a folder, glob or list file)."""
    if isinstance(source, (str, os.PathLike)):
        return [result.path for result in results] == [os.fspath(source)]
    return isinstance(source, np.ndarray)


def _readable(
    read: Iterable[tuple[Any, Decoded | ImageError]], on_error: OnError | None
) -> Iterator[Decoded]:
    for item, decoded in read:
        if not isinstance(decoded, ImageError):
            yield decoded
        elif on_error is None:
            raise decoded
        else:
            on_error("" if isinstance(item, np.ndarray) else os.fspath(item), decoded)


def load(
    cfg: str | os.PathLike[str],
    weights: str | os.PathLike[str],
    names: Names = None,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    fork: str | Fork = "alexeyab",
    *,
    data: str | None = None,
    width: int | None = None,
    height: int | None = None,
    engine: str = "torch",
    compiled: bool = False,
) -> Detector:
    """A detector from a cfg and a .weights file.

    names: a names file or a list; None looks into the .data file and then beside the cfg.
    precision: fp32, bf16 or fp16; heads are always computed in fp32. fork: alexeyab or pjreddie,
    whose numbers to give. width, height: override those of [net]. engine: torch, or one of
    engines.table that is installed. compiled: have torch make machine code for this machine first.
    Raises CfgError, WeightsError, DataError, DarknetError.
    """
    opened = open_network(cfg, weights, names, data=data, fork=fork, width=width, height=height)
    return from_opened(opened, Setup(engine, precision, compiled, str(device)))


def from_opened(opened: Opened, setup: Setup) -> Detector:
    """A detector from files that have been read and checked already."""
    network, report = load_planned(opened.graph, opened.plan)
    for note in report.notes:
        warnings.warn(f"{report.path}: {note}", stacklevel=3)
    return Detector(
        network, opened.names, setup.device, setup.precision, setup.engine, setup.compiled
    )
