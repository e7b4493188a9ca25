"""In how many parts an update must be done so that it fits into a device's memory."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.engines.devices import checked_device
from darknet_py.network.graph import Graph
from darknet_py.train.step_memory import StepMemory, free_on, step_memory

USUAL_PARTS = 16
"""AlexeyAB's advice, where a system does not tell how much memory is free."""
GIB = 2**30


@dataclass(frozen=True)
class MemoryFit:
    """What a training step needs of a device, in bytes.

    free: what is free there, None where the system does not tell. batch: images of an update, in
    `subdivisions` parts. fits: False where not even one image at a time does.
    """

    device: str
    free: int | None
    step: StepMemory
    batch: int
    subdivisions: int
    fits: bool

    @property
    def images(self) -> int:
        """Images at once."""
        return self.batch // self.subdivisions

    @property
    def needed(self) -> int:
        """Bytes of a step with as many images at once."""
        return self.step.of(self.images)

    def fits_with(self, subdivisions: int) -> bool:
        """Whether another number of parts would do as well."""
        return self.fits and subdivisions >= self.subdivisions

    def text(self) -> str:
        """In words, without a full stop."""
        free = "an unknown amount" if self.free is None else f"{self.free / GIB:.1f} GiB"
        size = f"at {self.step.width} x {self.step.height}"
        images = "1 image" if self.images == 1 else f"{self.images} images"
        needed = f"about {self.needed / GIB:.1f} GiB"
        return f"{needed} for {images} at once {size}, {free} free on {self.device}"


def memory_fit(graph: Graph, batch: int, device: str) -> MemoryFit:
    """The fewest parts of a batch of the graph's network that fit into what is free on the device.

    Raises DarknetError for a device that is not there, and for a network without a loss.
    """
    step, free = step_memory(graph), free_on(checked_device(device))
    if free is None:
        parts = max(n for n in range(1, USUAL_PARTS + 1) if batch % n == 0)
        return MemoryFit(device, None, step, batch, parts, True)
    fewest = step.subdivisions(batch, free)
    return MemoryFit(device, free, step, batch, fewest or batch, fewest is not None)
