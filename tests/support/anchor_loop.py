"""The loop that [yolo] and [Gaussian_yolo] of the C programs share, box by box and label by label.

What differs between them is left to subclasses.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import torch

from support.loss_check import MEASURES, NET_SIZE, Array, Box, box_giou, box_iou, counted, head

At = tuple[int, ...]
"""image, anchor of the head, row, column."""
CLASSES, HEIGHT, WIDTH = 4, 3, 4
ANCHORS = "10,8, 20,14, 16,30, 40,26, 30,40"
MASKS = 3


def anchor_head(kind: str, options: str, extra: int) -> Any:
    """A head over three of five anchors; extra: values per box beside the classes."""
    section = f"[{kind}]\nmask=1,2,4\nnum=5\nclasses={CLASSES}\nanchors={ANCHORS}\n"
    section += f"ignore_thresh=.3\n{options}"
    return head(section, (MASKS * (extra + CLASSES), HEIGHT, WIDTH))


def anchor_output(raw: tuple[int, ...], entries: int, seed: int = 7) -> torch.Tensor:
    """Random outputs, of which the entries `raw` may be negative and the rest are in (0, 1)."""
    generator = torch.Generator().manual_seed(seed)
    out = torch.rand(4, MASKS, entries, HEIGHT, WIDTH, generator=generator)
    out[:, :, raw] = 1.2 * out[:, :, raw] - 0.6
    out[:, :, -CLASSES:] **= 4  # some boxes have no class above the floor
    return out.flatten(1, 2)


class AnchorLoop:
    """delta and the sums of the log line for arrays (N, A, H, W, E)."""

    score: int
    """index of objectness among a box's entries."""

    def __init__(self, layer: Any, out: Array, truth: Array, numbers: tuple[int, ...] = ()) -> None:
        """numbers: what map= says."""
        self.layer, self.out, self.numbers = layer, out, numbers
        self.delta = np.zeros_like(out)
        self.sums: Counter[str] = Counter()
        self.sizes = [float(word) for word in ANCHORS.split(",")]
        for b in range(len(out)):
            targets = counted(truth[b], layer.classes)
            for j, i, n in np.ndindex(HEIGHT, WIDTH, MASKS):
                self.cell((b, n, j, i), targets)
            for box, number in targets:
                self.label(b, box, number)
        self.finish()
        self.cost = float((self.delta**2).sum())

    def box(self, at: At) -> Box:
        raise NotImplementedError

    def near(self, at: At, best: float, number: int) -> None:
        """A box near a label: what of its objectness and classes."""
        raise NotImplementedError

    def teach_box(self, at: At, truth: Box, number: int, anchor: int) -> None:
        raise NotImplementedError

    def taught(self, at: At, number: int) -> bool:
        """Whether the box has class deltas already, as the program sees it."""
        raise NotImplementedError

    def finish(self) -> None:
        raise NotImplementedError

    def anchor(self, number: int) -> tuple[float, float]:
        return self.sizes[2 * number] / NET_SIZE[0], self.sizes[2 * number + 1] / NET_SIZE[1]

    def mapped(self, number: int) -> int:
        return self.numbers[number] if self.numbers else number

    def factor(self, number: int) -> float:
        counts = self.layer.counters_per_class
        return min(max(counts) / counts[number], self.layer.max_delta) if counts else 1.0

    def cell(self, at: At, targets: list[tuple[Box, int]]) -> None:
        layer, out, delta = self.layer, self.out[at], self.delta[at]
        best, label = 0.0, targets[0] if targets else None
        for truth, number in targets:
            overlap = box_iou(self.box(at), truth)
            if overlap > best:
                best, label = overlap, (truth, number)
        self.sums["no_obj"] += out[self.score]
        delta[self.score] = layer.obj_normalizer * (0 - out[self.score])
        if label is None:
            return
        truth, number = label[0], self.mapped(label[1])
        match = best if any(p > 0.25 for p in out[self.score + 1 :]) or self.plain else 0.0
        if match > layer.ignore_thresh:
            self.sums["near"] += 1
            self.near(at, match, number)
        if best > layer.truth_thresh:
            self.surpassing(at, best, truth, number)

    plain = False

    def surpassing(self, at: At, best: float, truth: Box, number: int) -> None:
        layer, out, delta = self.layer, self.out[at], self.delta[at]
        self.sums["surpassing"] += 1
        target = best**2 if layer.objectness_smooth else 1.0
        delta[self.score] = layer.obj_normalizer * (target - out[self.score])
        self.teach_class(at, number)
        if layer.objectness_smooth:
            entry = self.score + 1 + number
            delta[entry] = self.factor(number) * (target - out[entry])
        self.teach_box(at, truth, number, layer.masks[at[1]])

    def cell_of(self, truth: Box) -> tuple[int, int]:
        return min(int(truth[0] * WIDTH), WIDTH - 1), min(int(truth[1] * HEIGHT), HEIGHT - 1)

    def label(self, b: int, truth: Box, number: int) -> None:
        layer, flat = self.layer, (0.0, 0.0, truth[2], truth[3])
        best, best_n = 0.0, 0
        for n in range(layer.num):
            overlap = box_iou((0, 0, *self.anchor(n)), flat)
            if overlap > best:
                best, best_n = overlap, n
        self.assign(b, truth, number, best_n)
        for n in range(layer.num):
            if n == best_n or layer.iou_thresh >= 1:
                continue
            like = MEASURES[layer.iou_thresh_kind]((0, 0, *self.anchor(n)), flat)
            if like > layer.iou_thresh:
                self.assign(b, truth, number, n)

    def assign(self, b: int, truth: Box, number: int, anchor: int) -> None:
        if anchor not in self.layer.masks:
            return
        i, j = self.cell_of(truth)
        at, number = (b, self.layer.masks.index(anchor), j, i), self.mapped(number)
        pred = self.box(at)
        self.teach_box(at, truth, number, anchor)
        self.teach_score(at, number)
        self.teach_class(at, number)
        overlap, alike = box_iou(pred, truth), box_giou(pred, truth)
        out = self.out[at]
        self.sums.update(count=1, iou=overlap, giou=alike, obj=out[self.score])
        self.sums["class"] += out[self.score + 1 + number]
        self.sums["recall50"] += overlap > 0.5
        self.sums["giou50"] += alike > 0.5

    def teach_score(self, at: At, number: int) -> None:
        asked = self.layer.obj_normalizer * (1 - self.out[at][self.score])
        self.delta[at][self.score] = self.factor(number) * asked

    def teach_class(self, at: At, number: int) -> None:
        layer = self.layer
        p, d = self.out[at][self.score + 1 :], self.delta[at][self.score + 1 :]
        epsilon = layer.label_smooth_eps
        if self.taught(at, number):
            d[number] = (1 - epsilon / 2 - p[number]) * self.factor(number)
            return
        if getattr(layer, "focal_loss", 0):
            pt = p[number] + 1e-15
            gradient = -(1 - pt) * (2 * pt * math.log(pt) + pt - 1)
            for n in range(layer.classes):
                d[n] = ((n == number) - p[n]) * 0.5 * gradient
            return
        for n in range(layer.classes):
            d[n] = (n == number) * (1 - epsilon) + epsilon / 2 - p[n]
        if layer.counters_per_class:
            d[number] *= self.factor(number) * layer.cls_normalizer

    def average(self, at: At, entries: int) -> None:
        many = int((self.delta[at][self.score + 1 :] > 0).sum())
        if many:
            self.delta[at][:entries] /= many

    def metrics(self) -> dict[str, float]:
        count = max(1, self.sums["count"])
        shared = {name: self.sums[name] / count for name in ("class", "obj", "iou", "recall50")}
        no_obj = self.sums["no_obj"] / self.out[..., 0].size
        return {"count": self.sums["count"], "no_obj": no_obj, **shared}


def clipped(value: float, limit: float) -> float:
    return max(-limit, min(limit, value)) if math.isfinite(value) else 0.0
