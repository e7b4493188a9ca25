"""The detection pipeline of an evaluation, `valid2` with its mirror images, and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.detect.pipeline import Detections, Pipeline, PipelineOptions
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.evaluate.matching import Floats, Integers, Objects
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.network.sequence_parts import lists_are_films

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

    The network is not to change while the pipeline runs.
    Raises DarknetError for an engine or device that is not there, or for a head without mirror
    image.
    """
    if mirrored:
        require_mirrorable(network.graph)
    kind = MirroredEngine if mirrored else TimedEngine
    return Pipeline(kind(evaluated_engine(open_engine(network, config, shared=True))), options)


def evaluated_engine(engine: Engine) -> Engine:
    """One that sees a list as a film where the network's [net] says that lists are films."""
    if not lists_are_films(engine.graph):
        return engine
    from darknet_py.engines.film_engine import film_engine

    return film_engine(engine)


class MirroredEngine(TimedEngine):
    """Gives the mean of the heads of images and of their mirror images."""

    def __call__(self, x: Tensor) -> tuple[list[Tensor], float]:
        """The seconds are those of both passes."""
        heads, seconds = super().__call__(x)
        with torch.inference_mode():
            mirrored, more = super().__call__(x.flip(3))
            return averaged(self.engine.graph, heads, mirrored), seconds + more


def require_mirrorable(graph: Graph) -> None:
    """Raises DarknetError for a head whose outputs cannot be mirrored back."""
    for index in graph.heads:
        layer = graph.nodes[index].layer
        if not isinstance(layer, Head) or not layer.MIRRORS:
            message = f"valid2 averages the outputs of [yolo] and [region], not of [{layer.kind}]"
            raise DarknetError(f"{message}; use valid", layer.location())
        if layer.mirror_fault:
            needed, key = layer.mirror_fault
            raise DarknetError(f"valid2 needs {needed}; use valid", layer.location(key))


def averaged(graph: Graph, heads: Sequence[Tensor], mirrored: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each head's output and that of the mirrored images, mirrored back."""
    return [
        (plain + head.mirrored(other, graph.fork)) / 2
        for head, plain, other in zip(graph.detection_heads, heads, mirrored, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class Entries:
    """K boxes with one class each: number of the image, class, score, box relative to it."""

    image: Integers
    class_id: Integers
    score: Floats
    boxes: Floats

    @property
    def objects(self) -> Objects:
        return Objects(self.image, self.class_id, self.boxes)


def entries_of(batch: Detections) -> Entries:
    """What is left of a batch's boxes, box by box and class by class."""
    found = batch.candidates
    row, class_id = torch.nonzero(found.scores, as_tuple=True)
    return Entries(
        batch.numbers[found.image[row].numpy()],
        class_id.numpy(),
        found.scores[row, class_id].numpy(),
        found.boxes[row].numpy(),
    )
