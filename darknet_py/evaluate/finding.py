"""What a network finds in a list of pictures, batch after batch.

On a CPU several batches run side by side, each on a core of its own: threads that share one batch
wait for each other after every layer, and on a machine with other work they wait long.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Request, Suppression, decode, suppression_of
from darknet_py.detect.geometry import Placement
from darknet_py.detect.survivors import survivors
from darknet_py.devices import checked_device
from darknet_py.evaluate.mirror import averaged, require_mirrorable
from darknet_py.evaluate.pictures import Picture, pads
from darknet_py.network import Network
from darknet_py.opening import pictures_in_memory

DEVICE_WORKERS = 2
"""On another device one worker prepares a batch while another waits for its own."""


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
    """A network made for inference on a device, with the settings it finds boxes by."""

    def __init__(self, network: Network, settings: Settings, device: str | torch.device) -> None:
        """Raises DarknetError for a device that is not there, or a head without mirror image."""
        graph = network.graph
        if settings.mirrored:
            require_mirrorable(graph)
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

    def run(self, pictures: Iterator[Picture], total: int) -> Iterator[Batch]:
        """The batches in order; total: how many pictures there are."""
        threads = torch.get_num_threads()
        workers, batch = self._shares(total, threads)
        each = max(1, threads // workers) if self.device.type == "cpu" else threads
        starting = partial(torch.set_num_threads, each)
        pool = ThreadPoolExecutor(workers, "evaluate", initializer=starting)
        try:
            yield from self._side_by_side(pictures, pool, workers, batch)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            # What a worker sets holds for itself, and for threads that are started later.
            torch.set_num_threads(threads)

    def _shares(self, total: int, threads: int) -> tuple[int, int]:
        """How many workers there are, and how many pictures each of them takes at once."""
        batch = self.settings.batch
        if self.device.type != "cpu":
            return DEVICE_WORKERS, batch
        workers = max(1, min(threads, total, pictures_in_memory(self.graph) // batch))
        return workers, min(batch, -(-total // workers))

    def _side_by_side(
        self, pictures: Iterator[Picture], pool: ThreadPoolExecutor, workers: int, batch: int
    ) -> Iterator[Batch]:
        running: deque[Future[Batch]] = deque()
        first = 0
        while group := list(islice(pictures, batch)):
            running.append(pool.submit(self._batch, first, group))
            first += len(group)
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def _batch(self, first: int, group: Sequence[Picture]) -> Batch:
        net, start = self.graph.net, time.perf_counter()
        sizes = tuple(picture.size for picture in group)
        places = [Placement(*size, net.width, net.height, pads(self.graph)) for size in sizes]
        x = _stacked(group).to(self.device)
        with torch.inference_mode():
            before = time.perf_counter()
            heads = self.network(x)
            if self.settings.mirrored:
                heads = averaged(self.graph, heads, self.network(x.flip(3)))
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            after = time.perf_counter()
            found = decode(self.graph, heads, self.request)
            found = survivors(found, places, self.suppression, self.settings.nms).cpu()
        end = time.perf_counter()
        reading = sum(picture.seconds for picture in group)
        return Batch(
            first, sizes, found, Timing(reading, after - before, end - after + before - start)
        )


def _stacked(group: Sequence[Picture]) -> torch.Tensor:
    """Float32 (N, C, H, W), channels last: as the network's convolutions want it."""
    shape = (len(group), *group[0].planes.shape)
    x = torch.empty(shape, memory_format=torch.channels_last)
    for target, picture in zip(x, group, strict=True):
        target.copy_(torch.from_numpy(picture.planes))
    return x
