"""A head's output as OpenCV's Region layer gives it: a row for every box.

A row is centre x, centre y, width, height as shares of the input, the objectness, and for each
class objectness x class where that is above the layer's own threshold, else 0. Rows go cell by
cell, anchors within a cell. OpenCV reads two options of the cfg that Darknet does not have:
`thresh` of [yolo] and `nms_threshold`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.cfg.options import atof
from darknet_py.conversion.export_boxes import Input, every_box
from darknet_py.layers.base import Layer
from darknet_py.layers.head import Head
from darknet_py.layers.region import Region
from darknet_py.layers.shape import Shape
from darknet_py.network.graph import Graph

Rows = NDArray[np.float32]
"""(R, 5 + classes) for one image, (N, R, 5 + classes) for several."""


@dataclass(frozen=True)
class RowThresholds:
    """Of one head. score: class scores must be above it. nms: IoU above which the weaker box of a
    class loses its score, within this head; 0 for none."""

    score: float
    nms: float


USUAL = RowThresholds(score=0.2, nms=0.0)
OTHERS: dict[type[Layer], RowThresholds] = {Region: RowThresholds(score=0.001, nms=0.4)}
"""What OpenCV takes where the cfg says nothing."""


def thresholds_of(head: Head) -> RowThresholds:
    """Those of a head: its options `thresh` and, but for [region], `nms_threshold`."""
    usual = OTHERS.get(type(head), USUAL)
    nms = usual.nms if type(head) in OTHERS else _written(head, "nms_threshold", usual.nms)
    return RowThresholds(_written(head, "thresh", usual.score), nms)


def _written(head: Head, key: str, usual: float) -> float:
    option = head.section.find(key)
    return atof(option.value) if option and option.value else usual


class HeadRows:
    """Makes the rows of one head for inputs of one size."""

    def __init__(self, graph: Graph, index: int) -> None:
        """graph: of the size the input has; index: of the head's section."""
        layer = graph.nodes[index].layer
        assert isinstance(layer, Head)
        self.head, self.fork = layer, graph.fork
        self.thresholds = thresholds_of(layer)
        self.grid = layer.grid(Shape(*graph.nodes[index].out))
        self.input = Input(graph.net.width, graph.net.height)

    def __call__(self, output: Tensor, nms: float) -> Rows:
        """The rows of an output (N, C, H, W). nms: 0 leaves out the suppression within the head."""
        rows = self._rows(output.float()).numpy()
        if nms > 0:
            for image in rows:
                suppress(image, self.thresholds.score, nms)
        return rows[0] if len(rows) == 1 else rows

    def _rows(self, output: Tensor) -> Tensor:
        """(N, R, 5 + C) in the main memory, of their own."""
        head = self.head
        raw = every_box(head, output, self.grid, self.input)
        scores = self._scores(raw.values)
        rows = torch.empty(*raw.values.shape[:2], 5 + head.classes)
        rows[..., :4] = head.boxes(raw, self.fork)
        rows[..., 4] = raw.values[..., head.coordinates]
        rows[..., 5:] = torch.where(scores > self.thresholds.score, scores, 0.0)
        return rows

    def _scores(self, values: Tensor) -> Tensor:
        """Objectness x class; of a class tree the products down the tree."""
        tree = self.head.hierarchy
        if tree is None:
            return self.head.scores(values, self.fork)
        products = tree.products(self.head.class_values(values))
        return self.head.objectness(values, self.fork)[..., None] * products


@np.errstate(over="ignore", invalid="ignore")
def suppress(rows: Rows, score: float, nms: float) -> None:
    """Non-maximum suppression class by class in place: the boxes that lose keep a score of 0."""
    boxes = rows[:, :4].astype(np.float64)
    boxes[:, :2] -= boxes[:, 2:] / 2
    scores = rows[:, 5:]
    for number in np.flatnonzero(scores.any(axis=0)):
        entries = np.flatnonzero(scores[:, number])
        confidence = scores[entries, number].tolist()
        kept = cv2.dnn.NMSBoxes(boxes[entries].tolist(), confidence, score, nms)
        gone = np.ones(len(entries), np.bool_)
        gone[np.asarray(kept, np.int64)] = False
        scores[entries[gone], number] = 0
