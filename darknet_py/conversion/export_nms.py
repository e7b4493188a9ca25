"""Non-maximum suppression inside a program: ONNX's operator, and the same rule in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import iou


def suppressed(boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
    """(D, 7): image, class, score, centre x, y, width, height of the boxes that are left.

    boxes: (N, K, 4), centre x, y, width, height; scores: (N, K, C). Within each image and class,
    boxes with a score over `thresh` go by falling score, and one goes when an earlier one that
    stays overlaps it by an IoU over `nms`. This is do_nms_sort of both Darknet programs.
    """
    chosen: Tensor = _Suppression.apply(  # type: ignore[no-untyped-call]
        boxes, scores.transpose(1, 2), thresh, nms
    )
    image, number, row = chosen[:, 0], chosen[:, 1], chosen[:, 2]
    score = scores[image, row, number]
    head = torch.stack([image.to(scores), number.to(scores), score], dim=1)
    return torch.cat([head, boxes[image, row]], dim=1)


class _Suppression(torch.autograd.Function):
    """(D, 3) int64: image, class and row, as ONNX's NonMaxSuppression gives them."""

    @staticmethod
    def forward(ctx: Any, boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            # Only the operator is recorded; an untrained example would keep thousands of boxes.
            return torch.zeros(1, 3, dtype=torch.int64)
        found = [
            torch.stack([torch.full_like(rows, image), torch.full_like(rows, number), rows], dim=1)
            for image in range(len(boxes))
            for number in range(scores.shape[1])
            for rows in [_greedy(boxes[image], scores[image, number], thresh, nms)]
        ]
        return torch.cat(found)

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, thresh: float, nms: float) -> Any:
        every = torch.tensor([torch.iinfo(torch.int64).max])
        constants = (every, torch.tensor([nms]), torch.tensor([thresh]))
        limits = [g.op("Constant", value_t=value) for value in constants]
        return g.op("NonMaxSuppression", boxes, scores, *limits, center_point_box_i=1)


def _greedy(boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
    """Rows of one image and class that stay, by falling score."""
    rows = (scores > thresh).nonzero()[:, 0]
    rows = rows[scores[rows].argsort(descending=True, stable=True)]
    kept = list[int]()
    for row in rows.tolist():
        if not kept or bool((iou(boxes[kept], boxes[row]) <= nms).all()):
            kept.append(row)
    return torch.tensor(kept, dtype=torch.int64)
