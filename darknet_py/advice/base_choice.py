"""Which of the shipped cfgs to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from darknet_py.advice.advice_report import BaseFacts
from darknet_py.advice.base_cfg import base_path
from darknet_py.advice.device_memory import memory_fit
from darknet_py.advice.input_size import MOST_SMALL, sized_graph, small_share
from darknet_py.advice.measured_set import MeasuredSet
from darknet_py.advice.schedule import BATCH
from darknet_py.anchors.cfg_anchors import heads_of
from darknet_py.network.summary import summarize
from darknet_py.options.advising import AdviseOptions

FAST, FINE, EXACT = "yolov4-tiny", "yolov4-tiny-3l", "yolov4"
"""AlexeyAB's for speed, for speed with small objects, for accuracy."""
BASES = (FAST, FINE, "yolov7-tiny", EXACT, "yolov7")
LEAST_IMAGES = 4
"""At once, with which a large network is still worth training (batch=64, subdivisions=16)."""


def base_facts(measured: MeasuredSet, options: AdviseOptions) -> list[BaseFacts]:
    """The candidates, each with the input that suits the data set; one of them is chosen.

    The accurate one where a GPU holds enough images of it at once. Else a fast one: with a head of
    stride 8 where many objects are smaller than a cell of the other one's finest head.
    """
    device = options.chosen_device
    facts = [_facts(name, measured, options, device) for name in BASES]
    chosen = _choice({one.name: one for one in facts}, device)
    return [replace(one, chosen=one.name == chosen) for one in facts]


def _choice(facts: dict[str, BaseFacts], device: str) -> str:
    memory = facts[EXACT].memory
    if device != "cpu" and memory.fits and memory.images >= LEAST_IMAGES:
        return EXACT
    return FINE if facts[FAST].under_cell > MOST_SMALL else FAST


def _facts(name: str, measured: MeasuredSet, options: AdviseOptions, device: str) -> BaseFacts:
    _, graph = sized_graph(base_path(name), measured, options)
    finest = min(head.stride for head in heads_of(graph))
    boxes = measured.at(graph.net.width, graph.net.height, graph.letter_box)
    return BaseFacts(
        name=name,
        width=graph.net.width,
        height=graph.net.height,
        bflops=summarize(graph).totals.bflops,
        finest_stride=finest,
        under_cell=small_share(boxes, finest),
        memory=memory_fit(graph, BATCH, device),
    )


def chosen_base(facts: Sequence[BaseFacts]) -> str:
    """The name of the one that is recommended."""
    return next(one.name for one in facts if one.chosen)
