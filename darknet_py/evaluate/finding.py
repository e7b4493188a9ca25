"""What a network finds in a list of pictures: batch after batch, the next ones decoded ahead."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Request, Suppression, decode, suppression_of
from darknet_py.detect.detector import checked_device
from darknet_py.detect.geometry import Placement
from darknet_py.detect.image import prepare
from darknet_py.detect.reading import Pixels, read_image
from darknet_py.detect.sources import read_ahead
from darknet_py.detect.survivors import survivors
from darknet_py.errors import ImageError
from darknet_py.network import Network

DECODING_THREADS = 2
BATCHES_AHEAD = 2


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How boxes are found. Scores must be over `floor`; boxes that overlap more than `nms` go.

    hier: least product down a class tree. class_map: see decode.Request. suppression: None asks
    the network's cfg. letter_box: pad instead of stretch; None does as the fork and the cfg do.
    """

    floor: float = 0.005
    hier: float = 0.0
    nms: float = 0.45
    class_map: tuple[int, ...] | None = None
    suppression: Suppression | None = None
    letter_box: bool | None = None


@dataclass
class Clock:
    """Seconds spent so far waiting for pictures, in the network, and on all the rest."""

    waiting: float = 0.0
    network: float = 0.0
    rest: float = 0.0
    _since: float = field(default_factory=time.perf_counter)

    def lap(self) -> float:
        before, self._since = self._since, time.perf_counter()
        return self._since - before

    @property
    def total(self) -> float:
        return self.waiting + self.network + self.rest


@dataclass(frozen=True, eq=False)
class Batch:
    """The pictures `first` to `first` + N - 1 of the list, and the boxes found in them, on the CPU.

    sizes: (width, height) in pixels of each picture.
    """

    first: int
    sizes: tuple[tuple[int, int], ...]
    found: Candidates


class Finder:
    """A network made for inference on a device, with the settings it finds boxes by."""

    def __init__(self, network: Network, settings: Settings, device: str | torch.device) -> None:
        """Raises DarknetError for a device that is not there."""
        graph = network.graph
        self.graph = graph
        self.device = checked_device(device)
        self.network = network.for_inference().to(self.device)
        self.settings = settings
        self.suppression = settings.suppression or suppression_of(graph)
        self.request = Request(
            settings.floor,
            settings.hier,
            graph.net.width,
            graph.net.height,
            graph.fork,
            settings.class_map,
        )
        self.letter_box = letter_box_of(network, settings.letter_box)

    def run(self, images: Sequence[str], batch: int, clock: Clock) -> Iterator[Batch]:
        """The batches in order; raises ImageError for a picture that cannot be read."""
        channels = self.graph.net.channels

        def read(path: str) -> Pixels:
            return read_image(path, channels)

        reading = read_ahead(images, read, BATCHES_AHEAD * batch, DECODING_THREADS)
        pictures = _raising(reading)
        first = 0
        clock.rest += clock.lap()
        while pixels := list(islice(pictures, batch)):
            clock.waiting += clock.lap()
            yield self._batch(first, pixels, clock)
            clock.rest += clock.lap()
            first += len(pixels)

    def _batch(self, first: int, pixels: Sequence[Pixels], clock: Clock) -> Batch:
        net = self.graph.net
        sizes = tuple((p.shape[1], p.shape[0]) for p in pixels)
        places = [Placement(*size, net.width, net.height, self.letter_box) for size in sizes]
        x = torch.stack(
            [prepare(p, net.channels, net.width, net.height, self.letter_box) for p in pixels]
        )
        clock.rest += clock.lap()
        with torch.inference_mode():
            heads = self.network(x.to(self.device, memory_format=torch.channels_last))
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            clock.network += clock.lap()
            found = decode(self.graph, heads, self.request)
            found = survivors(found, places, self.suppression, self.settings.nms)
        return Batch(first, sizes, found.cpu())


def letter_box_of(network: Network, wanted: bool | None = None) -> bool:
    """Whether pictures are padded to keep their aspect."""
    graph = network.graph
    return graph.fork.letter_box or bool(graph.net.letter_box) if wanted is None else wanted


def entries(found: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, class and score of every box and class left, in order: box by box."""
    row, class_id = torch.nonzero(found.scores, as_tuple=True)
    return row.numpy(), class_id.numpy(), found.scores[row, class_id].numpy()


def _raising(reading: Iterable[tuple[str, Pixels | ImageError]]) -> Iterator[Pixels]:
    for _, pixels in reading:
        if isinstance(pixels, ImageError):
            raise pixels
        yield pixels
