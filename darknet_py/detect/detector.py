"""A network, its class names and a device: pictures in, results out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.crew import Crew, Gate
from darknet_py.detect.decode import Request, decode, suppression_of
from darknet_py.detect.fitting import Planes, fit
from darknet_py.detect.geometry import Placement
from darknet_py.detect.image import stacked
from darknet_py.detect.reading import Pixels, bgr_pixels, open_image, to_bgr
from darknet_py.detect.result import Boxes, Result
from darknet_py.detect.sources import attempt, expand, read_ahead, readers
from darknet_py.detect.survivors import survivors
from darknet_py.engines.base import open_engine
from darknet_py.enginetable import EngineConfig
from darknet_py.errors import ImageError
from darknet_py.forks import Fork
from darknet_py.names import Names
from darknet_py.network import Network, load_planned
from darknet_py.opening import Opened, head_classes, open_network

AHEAD = 4
BATCHES_AHEAD = 2
"""Pictures and batches for each worker that are read before they are wanted."""

OnError = Callable[[str, ImageError], None]


@dataclass(frozen=True)
class _Picture:
    """A picture (H, W, C), BGR or grey, and as the network's input (C, H, W)."""

    path: str
    bgr: Pixels
    planes: Planes
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
        setup = EngineConfig(engine, precision, compiled, str(device))
        self.engine = open_engine(network, setup)
        self.device = self.engine.device
        self._gate = Gate(self.engine)
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
        items = _items(source)
        prepare = self._preparing(letter_box, honour_exif)
        net = self.graph.net
        request = Request(thresh, hier, net.width, net.height, self.fork)

        def results(_: int, pictures: list[_Picture]) -> list[Result]:
            return self._results(pictures, request, nms)

        if len(items) == 1:
            # Threads would cost more than they could give.
            for picture in _readable([(items[0], attempt(prepare, items[0]))], on_error):
                yield from results(0, [picture])
            return
        crew = Crew.of(self.engine, batch, len(items))
        ahead = max(AHEAD, BATCHES_AHEAD * crew.workers * batch)
        reading = read_ahead(items, prepare, ahead, readers())
        for found in crew.run(results, _readable(reading, on_error)):
            yield from found

    def _preparing(self, letter_box: bool | None, honour_exif: bool) -> Callable[[Any], _Picture]:
        """What reads and fits a picture. Reading threads run it, so it must not call torch: a
        second team of torch's threads would fight the network for the cores."""
        net = self.graph.net
        if letter_box is None:
            letter_box = self.graph.letter_box

        def prepared(item: Any) -> _Picture:
            path, bgr = _bgr(item, net.channels, honour_exif)
            height, width = bgr.shape[:2]
            placement = Placement(width, height, net.width, net.height, letter_box)
            planes = fit(bgr, net.channels, net.width, net.height, letter_box, "bgr")
            return _Picture(path, bgr, planes, placement)

        return prepared

    def _results(
        self, pictures: list[_Picture], request: Request, nms_thresh: float
    ) -> list[Result]:
        x = stacked([picture.planes for picture in pictures], self.engine.layout).to(self.device)
        heads, seconds = self._gate(x)
        with torch.inference_mode():
            found = decode(self.graph, heads, request)
            placements = [picture.placement for picture in pictures]
            found = survivors(found, placements, self.suppression, nms_thresh).cpu()
        share = 1000 * seconds / len(pictures)
        return [self._result(p, found.of_image(i), share) for i, p in enumerate(pictures)]

    def _result(self, picture: _Picture, found: Candidates, milliseconds: float) -> Result:
        box, class_id = torch.nonzero(found.scores > 0, as_tuple=True)
        height, width, channels = picture.bgr.shape
        boxes = Boxes(
            found.boxes[box].numpy(),
            found.scores[box, class_id].numpy(),
            class_id.numpy(),
            box.numpy(),
            width,
            height,
        )
        bgr = picture.bgr if channels == 3 else to_bgr(picture.bgr)
        return Result(picture.path, bgr, boxes, self.names, milliseconds)


def _bgr(item: Any, channels: int, honour_exif: bool) -> tuple[str, Pixels]:
    """A picture's path and its pixels (H, W, channels), which are nobody else's."""
    if isinstance(item, np.ndarray):
        return "", bgr_pixels(item, channels).copy()
    return os.fspath(item), open_image(item).decode_bgr(channels, honour_exif)


def _items(source: Any) -> list[Any]:
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
    read: Iterable[tuple[Any, _Picture | ImageError]], on_error: OnError | None
) -> Iterator[_Picture]:
    for item, picture in read:
        if not isinstance(picture, ImageError):
            yield picture
        elif on_error is None:
            raise picture
        else:
            on_error("" if isinstance(item, np.ndarray) else os.fspath(item), picture)


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
    return from_opened(opened, EngineConfig(engine, precision, compiled, str(device)))


def from_opened(opened: Opened, setup: EngineConfig) -> Detector:
    """A detector from files that have been read and checked already."""
    network, report = load_planned(opened.graph, opened.plan)
    for note in report.notes:
        warnings.warn(f"{report.path}: {note}", stacklevel=3)
    return Detector(
        network, opened.names, setup.device, setup.precision, setup.engine, setup.compiled
    )
