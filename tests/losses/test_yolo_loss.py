"""yolo_loss against the loops of both C programs, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from support.anchor_loop import (
    HEIGHT,
    MASKS,
    WIDTH,
    AnchorLoop,
    At,
    anchor_head,
    anchor_output,
    clipped,
)
from support.loss_check import NET_SIZE, Array, Box, cells_of, compare, dx_iou, labels

from darknet_py.forks import fork_named
from darknet_py.losses.head_loss import HeadLoss, read_targets
from darknet_py.losses.yolo_loss import yolo_loss

CLASSES = 4


class Alexey(AnchorLoop):
    score = 4

    def box(self, at: At) -> Box:
        _, n, j, i = at
        x, y, w, h = self.out[at][:4]
        aw, ah = self.anchor(self.layer.masks[n])
        grow = [(2 * v) ** 2 if self.layer.new_coords else math.exp(v) for v in (w, h)]
        return (i + x) / WIDTH, (j + y) / HEIGHT, grow[0] * aw, grow[1] * ah

    def near(self, at: At, best: float, number: int) -> None:
        delta, score = self.delta[at], self.out[at][4]
        if self.layer.objectness_smooth:
            delta[4] = max(delta[4], self.layer.obj_normalizer * (best - score))
        else:
            delta[4] = 0

    def taught(self, at: At, number: int) -> bool:
        return bool(self.delta[at][5 + number])

    def teach_score(self, at: At, number: int) -> None:
        if not self.layer.objectness_smooth or self.delta[at][4] == 0:
            super().teach_score(at, number)

    def coordinates(self, at: At, truth: Box, anchor: int) -> list[float]:
        _, _, j, i = at
        ratios = [size / own for size, own in zip(truth[2:], self.anchor(anchor), strict=True)]
        grow = [math.sqrt(r / 4) if self.layer.new_coords else math.log(r) for r in ratios]
        return [truth[0] * WIDTH - i, truth[1] * HEIGHT - j, *grow]

    def teach_box(self, at: At, truth: Box, number: int, anchor: int) -> None:
        layer, out, delta = self.layer, self.out[at], self.delta[at]
        normal = layer.iou_normalizer * self.factor(number)
        if layer.iou_loss == "mse":
            scale = 2 - truth[2] * truth[3]
            for k, goal in enumerate(self.coordinates(at, truth, anchor)):
                delta[k] += scale * (goal - out[k]) * normal
            return
        gradient = dx_iou(self.box(at), truth, layer.iou_loss)
        for k, value in enumerate(gradient):
            if k > 1 and not layer.new_coords:
                value *= math.exp(out[k])
            delta[k] += clipped(value * normal, layer.max_delta)

    def finish(self) -> None:
        if self.layer.iou_thresh < 1:
            for at in np.ndindex(*self.out.shape[:4]):
                if self.delta[at][4] != 0:
                    self.average(at, 4)

    def shown(self) -> float:
        layer, rest = self.layer, float((self.delta[..., 4:] ** 2).sum())
        if layer.iou_loss == "mse" or not layer.show_details:
            return self.cost
        count = max(1, self.sums["count"])
        kind = "giou" if layer.iou_loss == "giou" else "iou"
        like = (self.sums["count"] - self.sums[kind]) / count
        return layer.iou_normalizer * like + layer.obj_normalizer * rest


class Joseph(Alexey):
    """pjreddie's program: squared errors, the last label of a box wins, class 0 is asked."""

    plain = True

    def taught(self, at: At, number: int) -> bool:
        return bool(self.delta[at][5])

    def teach_box(self, at: At, truth: Box, number: int, anchor: int) -> None:
        scale = 2 - truth[2] * truth[3]
        for k, goal in enumerate(self.coordinates(at, truth, anchor)):
            self.delta[at][k] = scale * (goal - self.out[at][k])

    def shown(self) -> float:
        return self.cost


def run(options: str, truth: Array, fork: str = "alexeyab") -> tuple[HeadLoss, AnchorLoop]:
    layer = anchor_head("yolo", options, 5)
    raw = () if layer.new_coords else (2, 3)
    output = anchor_output(raw, 5 + CLASSES)
    read = read_targets(torch.tensor(truth), truth.shape[2])
    loss = yolo_loss(layer, output, read, NET_SIZE, fork_named(fork)).read()
    plain = anchor_head("yolo", "iou_normalizer=1\n" + only_thresholds(options), 5)
    loop: Alexey = Alexey(layer, cells_of(output, MASKS), truth)
    if fork == "pjreddie":
        loop = Joseph(plain, cells_of(output, MASKS), truth)
    compare(loss, loop.delta, loop.shown(), loop.metrics())
    return loss, loop


def only_thresholds(options: str) -> str:
    return "\n".join(line for line in options.split("\n") if line.startswith("truth_thresh"))


COUNTERS = "counters_per_class=100,20,50,10"
OPTIONS = [
    "",
    "truth_thresh=.4",
    "truth_thresh=.4\nobjectness_smooth=1\nlabel_smooth_eps=.1",
    "iou_thresh=.2",
    "iou_thresh=.2\niou_thresh_kind=giou\nobjectness_smooth=1",
    "iou_thresh=.3\niou_thresh_kind=diou\niou_loss=diou",
    "iou_thresh=.2\niou_thresh_kind=ciou\niou_loss=ciou\nnew_coords=1",
    "iou_loss=iou\niou_normalizer=.07\nobj_normalizer=.4",
    "iou_loss=giou\nmax_delta=.5\nfocal_loss=1",
    "iou_loss=ciou\nshow_details=0\nlabel_smooth_eps=.2",
    f"{COUNTERS}\ncls_normalizer=2\nmax_delta=4",
    f"{COUNTERS}\niou_loss=giou\ntruth_thresh=.4\nobjectness_smooth=1",
    "new_coords=1",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_yolo_loss(options: str) -> None:
    loss, loop = run(options, labels(3, CLASSES))
    assert loss.metrics["count"] > 5 and loop.sums["near"] > 1
    assert ("truth_thresh" in options) == (loop.sums["surpassing"] > 0)


@pytest.mark.parametrize(
    "options", ["", "truth_thresh=.4", "iou_loss=ciou\nfocal_loss=1", COUNTERS]
)
def test_yolo_loss_of_pjreddie(options: str) -> None:
    _, loop = run(options, labels(3, CLASSES, size=5), "pjreddie")
    assert loop.sums["near"] > 3


@pytest.mark.parametrize("fork, size", [("alexeyab", 6), ("pjreddie", 5)])
def test_yolo_without_labels(fork: str, size: int) -> None:
    loss, _ = run("iou_thresh=.2\niou_loss=ciou", np.zeros((4, 5, size), np.float32), fork)
    assert loss.metrics["count"] == loss.metrics["iou"] == 0 and loss.cost > 0


def test_many_labels_are_compared_in_parts() -> None:
    rng = np.random.default_rng(2)
    truth = np.zeros((4, 40, 6), np.float32)
    truth[:, :, :4] = rng.uniform(0.1, 0.7, (4, 40, 4))
    truth[:, :, 4] = rng.integers(CLASSES, size=(4, 40))
    run("truth_thresh=.5\niou_loss=giou", truth)
