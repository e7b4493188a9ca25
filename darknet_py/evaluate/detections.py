"""What an evaluation asks of the detection pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from darknet_py.detect.pipeline import Detections, Pipeline, PipelineOptions
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.evaluate.mirror import averaged, require_mirrorable
from darknet_py.network.network import Network

TORCH = EngineConfig()
"""Networks run on torch and the CPU if nothing else is said."""
BATCH = 4
"""Images run at once by each worker."""
MAP_OPTIONS = PipelineOptions(thresh=0.005, hier=0.0, nms=0.45, batch=BATCH)
"""AlexeyAB's numbers for `map`."""


def open_pipeline(
    network: Network, options: PipelineOptions, config: EngineConfig, mirrored: bool = False
) -> Pipeline:
    """mirrored: the outputs are averaged with those of the mirrored images, as in `valid2`.

    Raises DarknetError for an engine or device that is not there, or for a head without mirror
    image.
    """
    if mirrored:
        require_mirrorable(network.graph)
    kind = MirroredEngine if mirrored else TimedEngine
    return Pipeline(kind(open_engine(network, config)), options)


class MirroredEngine(TimedEngine):
    """Gives the mean of the heads of images and of their mirror images."""

    def __call__(self, x: Tensor) -> tuple[list[Tensor], float]:
        """The seconds are those of both passes."""
        heads, seconds = super().__call__(x)
        with torch.inference_mode():
            mirrored, more = super().__call__(x.flip(3))
            return averaged(self.engine.graph, heads, mirrored), seconds + more


@dataclass(frozen=True, eq=False)
class Entries:
    """K boxes with one class each: image, class, score, box relative to the image."""

    image: npt.NDArray[np.int64]
    class_id: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.float32]


def entries_of(batch: Detections) -> Entries:
    """What is left of a batch's boxes, box by box and class by class."""
    found = batch.candidates
    row, class_id = torch.nonzero(found.scores, as_tuple=True)
    return Entries(
        found.image[row].numpy() + batch.first,
        class_id.numpy(),
        found.scores[row, class_id].numpy(),
        found.boxes[row].numpy(),
    )
