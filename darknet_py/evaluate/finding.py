"""What a network finds in a list of pictures, batch after batch, several side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.crew import Crew, Gate
from darknet_py.detect.decode import Request, Suppression, decode, suppression_of
from darknet_py.detect.geometry import Placement
from darknet_py.detect.image import stacked
from darknet_py.detect.survivors import survivors
from darknet_py.engines.base import open_engine
from darknet_py.enginetable import EngineConfig
from darknet_py.evaluate.mirror import averaged, require_mirrorable
from darknet_py.evaluate.pictures import Picture, pads
from darknet_py.network import Network

TORCH = EngineConfig()
"""Networks run on torch and the CPU if nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How boxes are found. Scores must be over `floor`; boxes that overlap more than `nms` go.

    hier: least product down a class tree. class_map: see decode.Request. suppression: None asks
    the network's cfg. batch: pictures run at once by each worker. mirrored: average the outputs
    with those of the mirrored pictures.
    """

    floor: float = 0.005
    hier: float = 0.0
    nms: float = 0.45
    class_map: tuple[int, ...] | None = None
    suppression: Suppression | None = None
    batch: int = 4
    mirrored: bool = False


@dataclass(frozen=True)
class Timing:
    """Seconds spent by threads: reading pictures, in the network, and on the rest."""

    reading: float = 0.0
    network: float = 0.0
    rest: float = 0.0

    def __add__(self, other: Timing) -> Timing:
        return Timing(
            self.reading + other.reading, self.network + other.network, self.rest + other.rest
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """The pictures `first` to `first` + N - 1 of the list, and the boxes found in them, on the CPU.

    sizes: (width, height) in pixels of each picture.
    """

    first: int
    sizes: tuple[tuple[int, int], ...]
    found: Candidates
    timing: Timing

    def entries(self) -> Entries:
        """What is left of the boxes, box by box and class by class."""
        row, class_id = torch.nonzero(self.found.scores, as_tuple=True)
        return Entries(
            self.found.image[row].numpy() + self.first,
            class_id.numpy(),
            self.found.scores[row, class_id].numpy(),
            self.found.boxes[row].numpy(),
        )


@dataclass(frozen=True, eq=False)
class Entries:
    """K boxes with one class each: picture, class, score, box relative to the picture."""

    image: npt.NDArray[np.int64]
    class_id: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.float32]


class Finder:
    """A network on an engine, with the settings it finds boxes by."""

    def __init__(self, network: Network, settings: Settings, setup: EngineConfig) -> None:
        """Raises DarknetError for an engine or device that is not there, or for a head without
        mirror image."""
        graph = network.graph
        if settings.mirrored:
            require_mirrorable(graph)
        self.graph = graph
        self.engine = open_engine(network, setup)
        self.device = self.engine.device
        self._gate = Gate(self.engine)
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

    def run(self, pictures: Iterator[Picture], total: int) -> Iterator[Batch]:
        """The batches in order; total: how many pictures there are."""
        crew = Crew.of(self.engine, self.settings.batch, total)
        return crew.run(self._batch, pictures)

    def _batch(self, first: int, group: Sequence[Picture]) -> Batch:
        net, start = self.graph.net, time.perf_counter()
        sizes = tuple(picture.size for picture in group)
        places = [Placement(*size, net.width, net.height, pads(self.graph)) for size in sizes]
        x = stacked([picture.planes for picture in group], self.engine.layout).to(self.device)
        heads, seconds = self._gate(x)
        with torch.inference_mode():
            if self.settings.mirrored:
                mirrored, more = self._gate(x.flip(3))
                heads, seconds = averaged(self.graph, heads, mirrored), seconds + more
            found = decode(self.graph, heads, self.request)
            found = survivors(found, places, self.suppression, self.settings.nms).cpu()
        end = time.perf_counter()
        reading = sum(picture.seconds for picture in group)
        return Batch(first, sizes, found, Timing(reading, seconds, end - start - seconds))
