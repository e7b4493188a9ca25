"""gaussian_yolo_loss against the loop of AlexeyAB's program, written out."""

from __future__ import annotations

import math
from pathlib import Path

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
from darknet_py.losses.gaussian_yolo_loss import gaussian_yolo_loss
from darknet_py.losses.head_loss import HeadLoss, read_targets

CLASSES = 4
SHIFTS = {"center": 0.0, "left_top": 0.5, "right_bottom": -0.5}


class Gaussian(AnchorLoop):
    score = 8

    @property
    def shift(self) -> float:
        return SHIFTS[self.layer.yolo_point]

    def box(self, at: At) -> Box:
        _, n, j, i = at
        out, (aw, ah) = self.out[at], self.anchor(self.layer.masks[n])
        w, h = math.exp(out[4]) * aw, math.exp(out[6]) * ah
        x, y = (i + out[0]) / WIDTH + self.shift * w, (j + out[2]) / HEIGHT + self.shift * h
        return x, y, w, h

    def near(self, at: At, best: float, number: int) -> None:
        self.delta[at][8] = 0
        if self.layer.objectness_smooth:
            self.delta[at][8] = self.layer.obj_normalizer * (best**2 - self.out[at][8])
            self.teach_class(at, number)

    def taught(self, at: At, number: int) -> bool:
        return bool(self.delta[at][9])

    def point(self, truth: Box) -> tuple[float, float]:
        return truth[0] - self.shift * truth[2], truth[1] - self.shift * truth[3]

    def cell_of(self, truth: Box) -> tuple[int, int]:
        x, y = self.point(truth)
        i, j = int(max(0.0, x * WIDTH)), int(max(0.0, y * HEIGHT))
        return min(i, WIDTH - 1), min(j, HEIGHT - 1)

    def teach_box(self, at: At, truth: Box, number: int, anchor: int) -> None:
        layer, out, delta = self.layer, self.out[at], self.delta[at]
        (x, y), (aw, ah), (_, _, j, i) = self.point(truth), self.anchor(anchor), at
        goals = [x * WIDTH - i, y * HEIGHT - j, math.log(truth[2] / aw), math.log(truth[3] / ah)]
        means, sigmas = [], []
        for k, goal in enumerate(goals):
            sigma = out[2 * k + 1]
            q = (goal - out[2 * k]) / sigma
            density = math.exp(-q * q / 2) / (math.sqrt(2 * math.pi) * (sigma + 0.3))
            weight = 0.5 / (density + 1e-9) * density * (2 - truth[2] * truth[3])
            means.append(weight * q / sigma)
            sigmas.append(weight * (q * q / sigma - 1 / (sigma + 0.3)))
        if layer.iou_loss != "mse":
            dx, dy, dw, dh = dx_iou(self.box(at), truth, layer.iou_loss)
            dx, dy = dx - self.shift * dw, dy - self.shift * dh
            means = [dx, dy, dw * math.exp(out[4]), dh * math.exp(out[6])]
        normal = layer.iou_normalizer * self.factor(number)
        for k in range(4):
            delta[2 * k] += clipped(means[k] * normal, layer.max_delta)
            delta[2 * k + 1] += clipped(sigmas[k] * layer.uc_normalizer, layer.max_delta)

    def finish(self) -> None:
        for at in np.ndindex(*self.out.shape[:4]):
            self.average(at, 8)

    def metrics(self) -> dict[str, float]:
        metrics, squares = super().metrics(), self.delta**2
        if self.layer.iou_loss != "mse":
            count = max(1, self.sums["count"])
            metrics["iou"], metrics["recall50"] = (
                self.sums["giou"] / count,
                self.sums["giou50"] / count,
            )
        metrics["class_loss"], metrics["total_loss"] = squares[..., 8:].sum(), squares.sum()
        metrics["uc_loss"] = (
            squares.sum() - squares[..., [0, 1, 2, 3, *range(8, 9 + CLASSES)]].sum()
        )
        metrics["iou_loss"] = metrics["total_loss"] - metrics["uc_loss"] - metrics["class_loss"]
        return metrics


def run(options: str, truth: Array, numbers: tuple[int, ...] = ()) -> tuple[HeadLoss, AnchorLoop]:
    layer = anchor_head("Gaussian_yolo", options, 9)
    output = anchor_output((4, 6), 9 + CLASSES)
    read = read_targets(torch.tensor(truth), 6)
    loss = gaussian_yolo_loss(layer, output, read, NET_SIZE, fork_named("alexeyab")).read()
    loop = Gaussian(layer, cells_of(output, MASKS), truth, numbers)
    compare(loss, loop.delta, loop.cost, loop.metrics())
    return loss, loop


COUNTERS = "counters_per_class=100,20,50,10"
OPTIONS = [
    "",
    "iou_loss=mse\niou_normalizer=.5\nuc_normalizer=3\nmax_delta=5",
    "truth_thresh=.4\niou_loss=iou",
    "truth_thresh=.4\nobjectness_smooth=1\nlabel_smooth_eps=.1",
    "iou_thresh=.2\nobj_normalizer=.4",
    "iou_thresh=.3\niou_thresh_kind=diou\niou_loss=diou\nmax_delta=.5",
    "iou_thresh=.2\niou_thresh_kind=ciou\niou_loss=ciou",
    "iou_loss=giou\nuc_normalizer=.1",
    f"{COUNTERS}\ncls_normalizer=2\nobjectness_smooth=1\nmax_delta=4",
    f"{COUNTERS}\niou_loss=giou\ntruth_thresh=.4\nobjectness_smooth=1\ncls_normalizer=2",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_gaussian_yolo_loss(options: str) -> None:
    loss, loop = run(options, labels(3, CLASSES))
    assert loss.metrics["count"] > 5 and loop.sums["near"] > 3
    assert ("truth_thresh" in options) == (loop.sums["surpassing"] > 0)


@pytest.mark.parametrize("point", ["left_top", "right_bottom"])
@pytest.mark.parametrize("kind", ["mse", "ciou"])
def test_points_other_than_the_centre(point: str, kind: str) -> None:
    run(f"yolo_point={point}\niou_loss={kind}\niou_thresh=.2", labels(4, CLASSES))


def test_gaussian_yolo_map(tmp_path: Path) -> None:
    (tmp_path / "a.map").write_text("2\n0\n3\n1\n")
    run(f"map={tmp_path}/a.map\nobjectness_smooth=1", labels(5, CLASSES), (2, 0, 3, 1))


def test_gaussian_yolo_leaves_out_what_a_map_does_not_name(tmp_path: Path) -> None:
    """The C program reads and writes beside its arrays."""
    (tmp_path / "a.map").write_text("0\n1\n2\n9\n")
    truth = labels(5, CLASSES)
    fewer = truth.copy()
    fewer[..., 4] = np.where(truth[..., 4] == 3, CLASSES, truth[..., 4])
    layer = anchor_head("Gaussian_yolo", f"map={tmp_path}/a.map", 9)
    output = anchor_output((4, 6), 9 + CLASSES)
    deltas = [
        gaussian_yolo_loss(
            layer, output, read_targets(torch.tensor(rows), 6), NET_SIZE, fork_named("alexeyab")
        ).delta
        for rows in (truth, fewer)
    ]
    assert torch.equal(*deltas)


def test_gaussian_yolo_without_labels() -> None:
    loss, _ = run("iou_thresh=.2\niou_loss=ciou", np.zeros((4, 5, 6), np.float32))
    assert loss.metrics["count"] == loss.metrics["iou"] == 0 and loss.cost > 0
