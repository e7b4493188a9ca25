"""Where the time of a picture goes: decoding, fitting, the network, boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from darknet_py.benchmark.timing import latency, plan_blocks, take_turns, warmed_up
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Request, decode, suppression_of
from darknet_py.detect.fitting import fit
from darknet_py.detect.geometry import Placement
from darknet_py.detect.reading import Encoded, Pixels
from darknet_py.detect.survivors import survivors
from darknet_py.engines.base import Engine
from darknet_py.graph import Graph
from darknet_py.progress import Progress

THRESH, HIER, NMS = 0.25, 0.5, 0.45
"""Those of `detect`."""


@dataclass(frozen=True)
class Part:
    name: str
    ms: float


@dataclass(frozen=True)
class Parts:
    """Medians for one picture. boxes: over the threshold and left after NMS; None without head."""

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
    picture: Encoded,
    runs: int | None,
    seconds: float | None,
    progress: Progress,
) -> Parts:
    """Each part alone, over and over, with what the part before gave. Raises ImageError."""
    graph = engine.graph
    net = graph.net
    decoding = partial(picture.decode, net.channels)
    pixels = decoding()
    height, width = pixels.shape[:2]
    letter_box = graph.letter_box
    fitting = partial(_fitted, pixels, graph, letter_box)
    x = fitting().to(engine.device)
    works: dict[str, Callable[[], Any]] = {
        "decode": decoding,
        "preprocess": fitting,
        "forward": partial(engine, x),
    }
    boxes = None
    if any(node.layer.HEAD for node in graph.nodes):
        place = Placement(width, height, net.width, net.height, letter_box)
        works["boxes"] = partial(_boxes, graph, engine(x), place)
        boxes = int((works["boxes"]().scores > 0).sum())
    medians = _medians(works, runs, seconds, progress)
    return Parts(label, str(picture.path), width, height, medians, boxes)


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


def _fitted(pixels: Pixels, graph: Graph, letter_box: bool) -> torch.Tensor:
    """(1, C, H, W) float32 of the picture."""
    net = graph.net
    return torch.from_numpy(fit(pixels, net.channels, net.width, net.height, letter_box))[None]


def _boxes(graph: Graph, heads: list[torch.Tensor], place: Placement) -> Candidates:
    request = Request(THRESH, HIER, graph.net.width, graph.net.height, graph.fork)
    found = decode(graph, heads, request)
    return survivors(found, [place], suppression_of(graph), NMS).cpu()
