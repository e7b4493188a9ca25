"""The boxes in a program's outputs, and those our detector finds: rows (D, 7) of both.

A row is image, class, score, centre x, y, width, height as shares of the network's input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from darknet_py.conversion.export_boxes import suppressed
from darknet_py.conversion.export_target import ExportTarget, taken_layers
from darknet_py.conversion.formats import FORMS
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import DecodeOptions, decode
from darknet_py.detect.nms import suppress
from darknet_py.detect.pipeline import PipelineOptions, candidates_of
from darknet_py.images.letterbox import Placement
from darknet_py.layers.base import Run
from darknet_py.network.execute import full_precision
from darknet_py.network.graph import Graph


def box_rows(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    """Of outputs of the target's form, as a program that knows the form reads them."""
    return READERS[target.form](graph, target, outputs)


def detector_rows(graph: Graph, target: ExportTarget, heads: list[Tensor]) -> Tensor:
    """Of the heads' outputs, found as `detect` finds them.

    Boxes of the forms that leave only arithmetic to their readers are suppressed as the cfg asks
    for, those of the others by IoU within each class.
    """
    if FORMS[target.form].needs != "boxes":
        return _of_heads(graph, target, heads)
    net = graph.net
    hier = PipelineOptions().hier
    options = DecodeOptions(target.thresh, hier, net.width, net.height, graph.fork)
    found = decode(graph, heads, options)
    if target.form == "deepstream":
        best = found.scores.amax(dim=1, keepdim=True) if len(found) else found.scores
        found = replace(found, scores=torch.where(found.scores == best, found.scores, 0.0))
    return _entries(suppress(found, "default", target.nms))


def _entries(candidates: Candidates) -> Tensor:
    row, number = torch.nonzero(candidates.scores > 0, as_tuple=True)
    columns = [candidates.image[row], number, candidates.scores[row, number]]
    return torch.cat(
        [torch.stack([column.float() for column in columns], 1), candidates.boxes[row]], 1
    )


def _of_heads(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    size = graph.net.width, graph.net.height
    # Images of the input's own size: their boxes stay where the network has them, as in a file.
    placements = [Placement(*size, *size)] * len(outputs[0])
    options = PipelineOptions(thresh=target.thresh, nms=target.nms)
    return _entries(candidates_of(graph, outputs, placements, options))


def _of_raw(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    """The heads do the rest here."""
    given = dict(zip(taken_layers(graph, target.form), full_precision(outputs), strict=True))
    heads = [
        step.layer.forward(step.context, {}, [given[step.inputs[0]]], Run())
        for step in (graph.steps[index] for index in graph.heads)
    ]
    return _of_heads(graph, target, heads)


def _of_boxes(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    return suppressed(outputs[0], outputs[1], target.thresh, target.nms)


def _of_ultralytics(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    rows = outputs[0].transpose(1, 2)
    boxes = rows[:, :, :4] / _sides(graph, rows)
    return suppressed(boxes, rows[:, :, 4:], target.thresh, target.nms)


def _of_deepstream(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    corners = outputs[0][:, :, :4] / _sides(graph, outputs[0])
    near, far = corners[:, :, :2], corners[:, :, 2:]
    boxes = torch.cat([(near + far) / 2, far - near], dim=2)
    score, number = outputs[0][:, :, 4:5], outputs[0][:, :, 5:6]
    classes = torch.arange(graph.head_classes or 0).to(number)
    scores = torch.where(number == classes, score, 0.0)
    return suppressed(boxes, scores, target.thresh, target.nms)


def _sides(graph: Graph, like: Tensor) -> Tensor:
    net = graph.net
    return like.new_tensor([net.width, net.height, net.width, net.height])


Reader = Callable[[Graph, ExportTarget, list[Tensor]], Tensor]
READERS: dict[str, Reader] = {
    "heads": _of_heads,
    "boxes": _of_boxes,
    "nms": lambda graph, target, outputs: outputs[0],
    "ultralytics": _of_ultralytics,
    "deepstream": _of_deepstream,
    "raw": _of_raw,
}
