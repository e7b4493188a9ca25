"""region_loss against the loops of both C programs, written out."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.loss_check import (
    NET_SIZE,
    Array,
    Box,
    box_iou,
    cells_of,
    compare,
    counted,
    head,
    labels,
)

from darknet_py.forks import fork_named
from darknet_py.layers.region import Region
from darknet_py.losses.head_loss import HeadLoss, read_targets
from darknet_py.losses.region_loss import region_loss

FORKS = ["alexeyab", "pjreddie"]
CLASSES, NUM, HEIGHT, WIDTH = 7, 3, 3, 4
PARENTS = (-1, -1, 0, 0, 0, 2, 2)
GROUPS = ((0, 1), (2, 3, 4), (5, 6))
MAP = (6, 3, 4, 0, 1, 5, 2)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


class Loop:
    """One pass of forward_region_layer (and pjreddie's backward) over arrays of all boxes."""

    def __init__(self, layer: Region, fork: str, out: Array, truth: Array, seen: int) -> None:
        self.layer, self.ax, self.out, self.seen = layer, fork == "alexeyab", out, seen
        self.delta = np.zeros_like(out)
        self.sums: Counter[str] = Counter()
        for b in range(len(out)):
            self.image(b, counted(truth[b], layer.classes))
        self.cost = float((self.delta**2).sum())
        if not self.ax:
            for at in np.ndindex(*out.shape[:4]):
                for entry in (0, 1, *(() if layer.background else (layer.coords,))):
                    self.delta[at][entry] *= out[at][entry] * (1 - out[at][entry])

    def location(self, at: tuple[int, ...]) -> tuple[float, float]:
        x, y = self.out[at][:2]
        return (logistic(x), logistic(y)) if self.ax else (x, y)

    def box(self, at: tuple[int, ...]) -> Box:
        _, n, j, i = at
        (x, y), (aw, ah) = self.location(at), self.layer.sizes[n]
        w, h = math.exp(self.out[at][2]) * aw, math.exp(self.out[at][3]) * ah
        return (i + x) / WIDTH, (j + y) / HEIGHT, w / WIDTH, h / HEIGHT

    def slope(self, y: float) -> float:
        return y * (1 - y) if self.ax else 1.0

    def teach_score(self, at: tuple[int, ...], scale: float, target: float) -> None:
        score = self.out[at][self.layer.coords]
        self.delta[at][self.layer.coords] = scale * (target - score) * self.slope(score)

    def teach_box(self, at: tuple[int, ...], truth: Box, scale: float) -> float:
        _, n, j, i = at
        (x, y), (aw, ah) = self.location(at), self.layer.sizes[n]
        d, out = self.delta[at], self.out[at]
        d[0] = scale * (truth[0] * WIDTH - i - x) * self.slope(x)
        d[1] = scale * (truth[1] * HEIGHT - j - y) * self.slope(y)
        d[2] = scale * (math.log(truth[2] * WIDTH / aw) - out[2])
        d[3] = scale * (math.log(truth[3] * HEIGHT / ah) - out[3])
        return box_iou(self.box(at), truth)

    def teach_class(self, at: tuple[int, ...], number: int, scale: float) -> None:
        layer = self.layer
        d, p = self.delta[at][layer.coords + 1 :], self.out[at][layer.coords + 1 :]
        self.sums["classes"] += 1
        if layer.tree:
            class_prob = 1.0
            while number >= 0:
                class_prob *= p[number]
                for node in next(group for group in GROUPS if number in group):
                    d[node] = scale * ((node == number) - p[node])
                number = PARENTS[number]
            self.sums["class_prob"] += class_prob
            return
        if not self.ax and d[0] and not layer.softmax:
            d[number] = scale * (1 - p[number])
            return
        factor = 1.0
        if self.ax and layer.focal_loss:
            pt = p[number] + 1e-15
            factor = 0.5 * -(1 - pt) * (2 * pt * math.log(pt) + pt - 1)
        for n in range(layer.classes):
            d[n] = scale * ((n == number) - p[n]) * factor
        self.sums["class_prob"] += p[number]

    def class_only(self, b: int, number: int) -> None:
        layer, most, best = self.layer, 0.0, (b, 0, 0, 0)
        for at in ((b, *rest) for rest in np.ndindex(NUM, HEIGHT, WIDTH)):
            p, node = self.out[at][layer.coords], number
            if not self.ax:
                self.teach_score(at, layer.noobject_scale, 0)
            while node >= 0:
                p *= self.out[at][layer.coords + 1 + node]
                node = PARENTS[node]
            if p > most:
                most, best = p, at
        self.teach_class(best, number, layer.class_scale)
        self.delta[best][layer.coords] = 0

    def image(self, b: int, targets: list[tuple[Box, int]]) -> None:
        class_only = [number for box, number in targets if box[0] > 100000 and box[1] > 100000]
        if self.layer.tree and class_only:
            self.class_only(b, class_only[0])
            return
        for j, i, n in np.ndindex(HEIGHT, WIDTH, NUM):
            self.cell((b, n, j, i), targets)
        for truth, number in targets:
            self.label(b, truth, number)

    def cell(self, at: tuple[int, ...], targets: list[tuple[Box, int]]) -> None:
        layer, best, best_class = self.layer, 0.0, -1
        for truth, number in targets:
            overlap = box_iou(self.box(at), truth)
            if overlap > best:
                best, best_class = overlap, number
        self.sums["no_obj"] += self.out[at][layer.coords]
        self.teach_score(at, layer.noobject_scale, 1 if layer.background else 0)
        if self.ax and layer.classfix == -1:
            self.teach_score(at, layer.noobject_scale, best)
        elif best > layer.thresh:
            self.delta[at][layer.coords] = 0
            self.sums["near"] += 1
            if self.ax and layer.classfix > 0:
                factor = self.out[at][layer.coords] if layer.classfix == 2 else 1
                self.teach_class(at, best_class, layer.class_scale * factor)
        if self.seen < 12800:
            _, n, j, i = at
            aw, ah = layer.sizes[n]
            prior = ((i + 0.5) / WIDTH, (j + 0.5) / HEIGHT, aw / WIDTH, ah / HEIGHT)
            self.teach_box(at, prior, 0.01)

    def label(self, b: int, truth: Box, number: int) -> None:
        layer = self.layer
        i, j = min(int(truth[0] * WIDTH), WIDTH - 1), min(int(truth[1] * HEIGHT), HEIGHT - 1)
        best, best_n = 0.0, 0
        for n, (aw, ah) in enumerate(layer.sizes):
            _, _, w, h = self.box((b, n, j, i))
            if layer.bias_match:
                w, h = aw / WIDTH, ah / HEIGHT
            overlap = box_iou((0, 0, w, h), (0, 0, truth[2], truth[3]))
            if overlap > best:
                best, best_n = overlap, n
        at = (b, best_n, j, i)
        scale = layer.coord_scale * (1 if self.ax else 2 - truth[2] * truth[3])
        overlap = self.teach_box(at, truth, scale)
        target = overlap if layer.rescore else 1.0
        self.teach_score(at, layer.object_scale, 0 if layer.background else target)
        self.teach_class(at, MAP[number] if layer.map else number, layer.class_scale)
        self.sums.update(count=1, iou=overlap, obj=self.out[at][layer.coords], recall=overlap > 0.5)

    def metrics(self) -> dict[str, float]:
        count = max(1, self.sums["count"])
        return {
            "count": self.sums["count"],
            "iou": self.sums["iou"] / count,
            "class": self.sums["class_prob"] / max(1, self.sums["classes"]),
            "obj": self.sums["obj"] / count,
            "no_obj": self.sums["no_obj"] / self.out[..., 0].size,
            "recall50": self.sums["recall"] / count,
        }


def layer_of(options: str, coords: int = 4) -> Region:
    section = f"[region]\nnum={NUM}\nclasses={CLASSES}\ncoords={coords}\nthresh=.3\n"
    section += f"anchors=.6,.7,1.2,1.1,2,.9\nnoobject_scale=.5\nobject_scale=5\n{options}"
    return head(section, (NUM * (coords + 1 + CLASSES), HEIGHT, WIDTH))


def output_of(layer: Region, images: int = 4) -> torch.Tensor:
    """Anything an activation may leave: all but w, h and raw locations are in (0, 1)."""
    generator = torch.Generator().manual_seed(7)
    out = torch.rand(images, NUM, layer.entries, HEIGHT, WIDTH, generator=generator)
    out[:, :, 2:4] = 1.6 * out[:, :, 2:4] - 0.8
    return out.flatten(1, 2)


def run(layer: Region, fork: str, truth: Array, seen: int) -> tuple[HeadLoss, Loop]:
    output = output_of(layer)
    record = fork_named(fork)
    loss = region_loss(
        layer, output, read_targets(torch.tensor(truth), 6), NET_SIZE, record, seen
    ).read()
    loop = Loop(layer, fork, cells_of(output, NUM), truth, seen)
    compare(loss, loop.delta, loop.cost, loop.metrics())
    return loss, loop


OPTIONS = [
    "",
    "softmax=1",
    "rescore=1",
    "bias_match=1\nsoftmax=1",
    "coord_scale=2\nclass_scale=3",
    "focal_loss=1",
    "classfix=-1",
    "classfix=1\nfocal_loss=1",
    "classfix=2",
]


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("seen", [12799, 12800])
def test_region_loss(fork: str, options: str, seen: int) -> None:
    loss, loop = run(layer_of(options), fork, labels(3, CLASSES), seen)
    assert loss.metrics["count"] == 15
    assert loop.sums["near"] > 5 or "classfix=-1" in options


@pytest.mark.parametrize("options", ["background=1", "background=1\nsoftmax=1"])
def test_region_background(options: str) -> None:
    run(layer_of(options), "pjreddie", labels(3, CLASSES), 12800)  # the other fork has no such key


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("options", ["softmax=1", "classfix=1", "classfix=2\nmap={}/a.map"])
@pytest.mark.parametrize("class_only", [False, True])
def test_region_loss_with_a_tree(fork: str, options: str, class_only: bool, tmp_path: Path) -> None:
    (tmp_path / "a.tree").write_text("".join(f"n {parent}\n" for parent in PARENTS))
    (tmp_path / "a.map").write_text("".join(f"{number}\n" for number in MAP))
    truth = labels(4, CLASSES)
    if class_only:
        truth[0, 3, :2] = truth[3, 1, :2] = 999999
        truth[0, 5, :2] = 999999  # only the first one counts
    layer = layer_of(f"tree={tmp_path}/a.tree\n{options.format(tmp_path)}")
    loss, _ = run(layer, fork, truth, 0)
    assert loss.metrics["count"] == (2 if class_only else 15)


@pytest.mark.parametrize("fork", FORKS)
def test_region_map_without_tree(fork: str, tmp_path: Path) -> None:
    (tmp_path / "a.map").write_text("".join(f"{number}\n" for number in MAP))
    run(layer_of(f"map={tmp_path}/a.map\nclassfix=1"), fork, labels(5, CLASSES), 12800)


@pytest.mark.parametrize("fork", FORKS)
def test_region_without_labels(fork: str) -> None:
    loss, _ = run(layer_of("rescore=1"), fork, np.zeros((4, 5, 6), np.float32), 12800)
    assert loss.metrics["count"] == 0 and loss.cost > 0


@pytest.mark.parametrize("fork", FORKS)
def test_region_further_coordinates_are_not_taught(fork: str) -> None:
    layer = layer_of("", coords=6)
    loss, _ = run(layer, fork, labels(6, CLASSES), 12800)
    assert not loss.delta.unflatten(1, (NUM, -1))[:, :, 4:6].any()


def test_labels_without_a_box_do_not_count_without_a_tree() -> None:
    layer, truth = layer_of("softmax=1"), labels(4, CLASSES)

    def loss_of(rows: Array) -> Any:
        read = read_targets(torch.tensor(rows), 6)
        return region_loss(layer, output_of(layer), read, NET_SIZE, fork_named("alexeyab"), 0)

    fewer, far = truth.copy(), truth.copy()
    fewer[0, 5], far[0, 5, :2] = 0, 999999
    assert torch.equal(loss_of(fewer).delta, loss_of(far).delta)
