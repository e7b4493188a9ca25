"""What heads with anchors are asked in self-adversarial training, against loops over boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from support.anchor_loop import CLASSES, HEIGHT, MASKS, WIDTH, anchor_head, anchor_output
from support.loss_check import NET_SIZE, Array, cells_of

from darknet_py.forks import ALEXEYAB
from darknet_py.losses.gaussian_yolo_loss import gaussian_yolo_loss
from darknet_py.losses.head_loss import read_targets
from darknet_py.losses.yolo_loss import yolo_loss

YOLO_W, GAUSSIAN_W = 2, 4
"""Where a box has its width."""
NO_LABELS = read_targets(torch.zeros(4, 200 * 6), 6)


def sizes(layer: Any, n: int, w: float, h: float) -> tuple[float, float]:
    number = layer.masks[n]
    aw, ah = (float(side) for side in layer.anchors[2 * number : 2 * number + 2])
    grow = [(2 * v) ** 2 if getattr(layer, "new_coords", 0) else math.exp(v) for v in (w, h)]
    return grow[0] * aw / NET_SIZE[0], grow[1] * ah / NET_SIZE[1]


def box_delta(layer: Any, out: Array, scale: float, score: int) -> tuple[Array, int]:
    """Of one box; and how many classes were found in it."""
    delta, found = np.zeros_like(out), 0
    delta[score] = scale * layer.obj_normalizer * (0 - out[score])
    for c in range(score + 1, len(out)):
        if out[c] * out[score] > 0.25:
            delta[c] = scale * (0 - out[c])
            found += 1
    if found and score == 4:
        for c in range(5, len(out)):
            if out[c] * out[4] < 0.25:
                delta[c] = scale * (1 - out[c])
        for k in range(4):
            delta[k] += scale * (0 - out[k])
    return delta, found


def expected(layer: Any, cells: Array, score: int) -> tuple[Array, int]:
    """(N, A, H, W, E), and how many boxes have an object."""
    width = YOLO_W if score == 4 else GAUSSIAN_W
    delta, boxes = np.zeros_like(cells), 0
    for at in np.ndindex(len(cells), MASKS, HEIGHT, WIDTH):
        out = cells[at]
        w, h = sizes(layer, at[1], out[width], out[width + (1 if score == 4 else 2)])
        delta[at], found = box_delta(layer, out, math.sqrt(w * h), score)
        boxes += bool(found)
        rising = int((delta[at][score + 1 :] > 0).sum())
        if rising and (layer.iou_thresh < 1 or score == 8):
            delta[at][:score] /= rising
    return delta, boxes


@pytest.mark.parametrize(
    "options", ["", "new_coords=1\n", "iou_thresh=.2\nobj_normalizer=.4\n", "truth_thresh=.5\n"]
)
def test_yolo(options: str) -> None:
    layer, output = anchor_head("yolo", options, 5), anchor_output((2, 3), 5 + CLASSES)
    loss = yolo_loss(layer, output, NO_LABELS, NET_SIZE, ALEXEYAB, adversarial=True)
    delta, boxes = expected(layer, cells_of(output, MASKS), 4)
    assert 3 < boxes < delta[..., 0].size - 3
    np.testing.assert_allclose(cells_of(loss.delta, MASKS), delta, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("options", ["", "obj_normalizer=.4\nyolo_point=left_top\n"])
def test_gaussian_yolo(options: str) -> None:
    layer, output = anchor_head("Gaussian_yolo", options, 9), anchor_output((4, 6), 9 + CLASSES)
    loss = gaussian_yolo_loss(layer, output, NO_LABELS, NET_SIZE, ALEXEYAB, adversarial=True)
    delta, boxes = expected(layer, cells_of(output, MASKS), 8)
    assert 3 < boxes < delta[..., 0].size - 3
    assert not delta[..., :8].any()
    np.testing.assert_allclose(cells_of(loss.delta, MASKS), delta, rtol=1e-4, atol=1e-6)


def test_a_pass_that_learns_is_asked_something_else() -> None:
    layer, output = anchor_head("yolo", "", 5), anchor_output((2, 3), 5 + CLASSES)
    loss = yolo_loss(layer, output, NO_LABELS, NET_SIZE, ALEXEYAB)
    cells, delta = cells_of(output, MASKS), cells_of(loss.delta, MASKS)
    np.testing.assert_allclose(delta[..., 4], -cells[..., 4], rtol=1e-6)
    assert not delta[..., :4].any() and not delta[..., 5:].any()
