"""Where the time of an image goes: decoding, fitting, the network, boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from darknet_py.benchmark.timing import latency, plan_blocks, take_turns, warmed_up
from darknet_py.detect.pipeline import Pipeline, PipelineOptions
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.engine import Engine
from darknet_py.images.fitted_images import InputSpec, fit_frame
from darknet_py.images.frames import encoded_frame
from darknet_py.images.io import Encoded
from darknet_py.progress import Progress


@dataclass(frozen=True)
class Part:
    name: str
    ms: float


@dataclass(frozen=True)
class Parts:
    """Medians for one image. boxes: above the threshold and left after NMS; None without head."""

    label: str
    image: str
    width: int
    height: int
    parts: tuple[Part, ...]
    boxes: int | None

    @property
    def total_ms(self) -> float:
        return sum(part.ms for part in self.parts)


def time_parts(
    engine: Engine,
    label: str,
    image: Encoded,
    runs: int | None,
    seconds: float | None,
    progress: Progress,
) -> Parts:
    """Each of the pipeline's steps alone, over and over, with what the step before gave.

    Raises ImageError.
    """
    graph = engine.graph
    pipeline = Pipeline(TimedEngine(engine), PipelineOptions())
    spec = InputSpec.of(graph)
    reading = partial(encoded_frame(image).read, spec.channels, spec.upright)
    frame = reading()

    def preprocess() -> Tensor:
        return pipeline.network_input([fit_frame(frame, spec)])

    x = preprocess()
    works: dict[str, Callable[[], Any]] = {
        "decode": reading,
        "preprocess": preprocess,
        "forward": partial(engine, x),
    }
    boxes = None
    if any(node.layer.HEAD for node in graph.nodes):
        works["boxes"] = partial(pipeline.boxes, engine(x), [fit_frame(frame, spec).placement])
        boxes = int((works["boxes"]().scores > 0).sum())
    medians = _medians(works, runs, seconds, progress)
    return Parts(label, frame.path, *frame.size, medians, boxes)


def _medians(
    works: dict[str, Callable[[], Any]],
    runs: int | None,
    seconds: float | None,
    progress: Progress,
) -> tuple[Part, ...]:
    calls = list(works.values())
    blocks = plan_blocks([warmed_up(call) for call in calls], runs, seconds)
    times = take_turns(calls, blocks, progress, "parts")
    return tuple(Part(name, latency(own).median_ms) for name, own in zip(works, times, strict=True))
