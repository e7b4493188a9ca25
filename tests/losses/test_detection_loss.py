"""detection_loss against the loop of the C programs, written out."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from support.loss_check import Array, box_iou, head

from darknet_py.errors import ShapeError
from darknet_py.forks import fork_named
from darknet_py.layers.detection import Detection
from darknet_py.losses.detection_loss import detection_loss

SIDE, CLASSES, NUM = 3, 4, 3
CELLS = SIDE * SIDE


class Loop:
    """forward_detection_layer over a flat vector for each image; `drawn` are the random boxes."""

    def __init__(self, layer: Detection, out: Array, truth: Array, drawn: list[int]) -> None:
        self.layer, self.out, self.drawn = layer, out, drawn
        self.delta = np.zeros_like(out)
        self.sums: Counter[str] = Counter()
        self.chosen: list[int] = []
        for b, i in np.ndindex(len(out), CELLS):
            self.cell(b, i, truth[b].reshape(CELLS, -1)[i])

    def box(self, b: int, i: int, j: int) -> Any:
        layer = self.layer
        start = CELLS * (layer.classes + layer.num) + (i * layer.num + j) * 4
        x, y, w, h = self.out[b, start : start + 4]
        if layer.sqrt:
            w, h = w * w, h * h
        return start, (x / SIDE, y / SIDE, w, h)

    def cell(self, b: int, i: int, truth: Array) -> None:
        layer, out, delta = self.layer, self.out[b], self.delta[b]
        scores = CELLS * layer.classes + i * layer.num
        for j in range(layer.num):
            delta[scores + j] = layer.noobject_scale * (0 - out[scores + j])
            self.sums["any_obj"] += out[scores + j]
        if not int(truth[0]):
            return
        for j in range(layer.classes):
            at = i * layer.classes + j
            delta[at] = layer.class_scale * (truth[1 + j] - out[at])
            self.sums["class"] += out[at] if truth[1 + j] else 0
            self.sums["all_class"] += out[at]
        x, y, w, h = truth[1 + layer.classes :]
        label = (x / SIDE, y / SIDE, w, h)
        best = self.responsible(b, i, label)
        self.chosen.append(best)
        start, box = self.box(b, i, best)
        overlap = box_iou(box, label)
        target = overlap if layer.rescore else 1
        delta[scores + best] = layer.object_scale * (target - out[scores + best])
        goals = (x, y, math.sqrt(w), math.sqrt(h)) if layer.sqrt else (x, y, w, h)
        for k, goal in enumerate(goals):
            delta[start + k] = layer.coord_scale * (goal - out[start + k])
        self.sums.update(count=1, iou=overlap, obj=out[scores + best])

    def responsible(self, b: int, i: int, label: Any) -> int:
        best, best_iou, best_rmse = -1, 0.0, 20.0
        for j in range(self.layer.num):
            _, box = self.box(b, i, j)
            overlap = box_iou(box, label)
            rmse = math.sqrt(sum((p - t) ** 2 for p, t in zip(box, label, strict=True)))
            if best_iou > 0 or overlap > 0:
                if overlap > best_iou:
                    best_iou, best = overlap, j
            elif rmse < best_rmse:
                best_rmse, best = rmse, j
        self.sums["apart"] += best_iou == 0
        if self.layer.forced:
            best = 1 if label[2] * label[3] < 0.1 else 0
        return self.drawn.pop(0) if self.drawn else best


def layer_of(options: str, num: int = NUM) -> Detection:
    size = CELLS * (CLASSES + num * 5)
    section = f"[detection]\nside={SIDE}\nclasses={CLASSES}\nnum={num}\ncoords=4\n{options}"
    return head(section, (size, 1, 1))


def data(layer: Detection, seed: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs (4, C, 1, 1) and truths: an empty image, and cells of which some hold an object."""
    rng = np.random.default_rng(seed)
    out = rng.normal(0.3, 0.4, (4, CELLS * (CLASSES + layer.num * 5))).astype(np.float32)
    boxes = out[:, CELLS * (CLASSES + layer.num) :].reshape(4, -1, 4)
    boxes[:2, :, :2] *= 6  # some labels meet no box at all
    truth = np.zeros((4, CELLS, 1 + CLASSES + 4), np.float32)
    for b, i in np.ndindex(3, CELLS):
        if rng.random() < 0.6:
            truth[b, i, 0] = 1
            truth[b, i, 1 + rng.integers(CLASSES)] = 1
            truth[b, i, -4:] = rng.uniform(0.05, 0.6, 4)
    return torch.tensor(out)[:, :, None, None], torch.tensor(truth.reshape(4, -1))


def check(layer: Detection, seen: int = 64000, drawn: tuple[int, ...] = ()) -> Loop:
    out, truth = data(layer)
    generator = torch.Generator().manual_seed(5)
    loss = detection_loss(layer, out, truth, fork_named("alexeyab"), seen, generator).read()
    loop = Loop(layer, out.flatten(1).double().numpy(), truth.double().numpy(), list(drawn))
    assert loss.delta.shape == out.shape
    np.testing.assert_allclose(loss.delta.flatten(1), loop.delta, rtol=1e-4, atol=1e-5)
    assert loss.cost == pytest.approx(float((loop.delta**2).sum()), rel=1e-5)
    count, sums = loop.sums["count"], loop.sums
    expected = {
        "count": count,
        "iou": sums["iou"] / count,
        "class": sums["class"] / count,
        "all_class": sums["all_class"] / count / CLASSES,
        "obj": sums["obj"] / count,
        "any_obj": sums["any_obj"] / (4 * CELLS * layer.num),
    }
    assert loss.metrics == pytest.approx(expected, rel=1e-4, abs=1e-6)
    return loop


SCALES = "object_scale=2\nnoobject_scale=.5\nclass_scale=3\ncoord_scale=5"


@pytest.mark.parametrize("options", ["", SCALES, "rescore=1", "sqrt=1", "rescore=1\nsqrt=1"])
def test_detection_loss(options: str) -> None:
    loop = check(layer_of(options))
    assert 0 < loop.sums["apart"] < loop.sums["count"], "both rules must be met"
    assert set(loop.chosen) == {0, 1, 2}


def test_forced_goes_by_area() -> None:
    assert set(check(layer_of("forced=1\nrescore=1")).chosen) == {0, 1}


def test_forced_with_one_box() -> None:
    """The C programs then teach the next cell's box; here the only one answers."""
    layer = layer_of("forced=1", num=1)
    out, truth = data(layer)
    delta = detection_loss(layer, out, truth, fork_named("pjreddie"), 0, None).delta
    free = detection_loss(layer_of("", num=1), out, truth, fork_named("pjreddie"), 0, None)
    assert torch.equal(delta, free.delta)


def test_random_draws_a_box_until_64000_images() -> None:
    layer = layer_of("random=1\nforced=1")
    count = check(layer, 64000).sums["count"]
    drawn = torch.randint(NUM, (count,), generator=torch.Generator().manual_seed(5))
    loop = check(layer, 63999, tuple(drawn.tolist()))
    assert set(loop.chosen) == {0, 1, 2}


def test_detection_without_objects() -> None:
    layer = layer_of("sqrt=1\nrandom=1\nnoobject_scale=.5")
    out, truth = data(layer)
    loss = detection_loss(
        layer, out, torch.zeros_like(truth), fork_named("alexeyab"), 0, None
    ).read()
    scores = loss.delta.flatten(1)[:, CELLS * CLASSES : CELLS * (CLASSES + NUM)]
    assert float((scores**2).sum()) == pytest.approx(loss.cost)
    assert loss.metrics["count"] == loss.metrics["iou"] == 0


def test_detection_trains_boxes_of_four_numbers_only() -> None:
    layer = head("[detection]\nside=1", (3, 1, 1))
    with pytest.raises(ShapeError, match="coords: read 1, training needs 4"):
        detection_loss(
            layer, torch.zeros(1, 3, 1, 1), torch.zeros(1, 6), fork_named("alexeyab"), 0, None
        )
