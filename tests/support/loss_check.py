"""Slow, literal boxes and labels that the losses are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from darknet_py.losses.head_loss import HeadLoss
from support.layer_check import net_section, read

Array = np.ndarray
Box = tuple[float, float, float, float]
NET_SIZE = (64, 48)


def head(section: str, shape: tuple[int, int, int], net: str = "", fork: str = "alexeyab") -> Any:
    """The last layer of a net of this section alone."""
    return read(f"{net_section(*shape, net)}{section}\n", fork).nodes[-1].layer


def sides(box: Box) -> Box:
    """top, bottom, left, right."""
    x, y, w, h = box
    return y - h / 2, y + h / 2, x - w / 2, x + w / 2


def box_iou(a: Box, b: Box) -> float:
    (top, bottom, left, right), (top2, bottom2, left2, right2) = sides(a), sides(b)
    height, width = min(bottom, bottom2) - max(top, top2), min(right, right2) - max(left, left2)
    shared = 0.0 if height < 0 or width < 0 else height * width
    union = a[2] * a[3] + b[2] * b[3] - shared
    return 0.0 if shared == 0 or union == 0 else shared / union


def around(a: Box, b: Box) -> tuple[float, float]:
    """Width and height of the box that holds both."""
    (top, bottom, left, right), (top2, bottom2, left2, right2) = sides(a), sides(b)
    return max(right, right2) - min(left, left2), max(bottom, bottom2) - min(top, top2)


def distance(a: Box, b: Box) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def box_giou(a: Box, b: Box) -> float:
    width, height = around(a, b)
    area, overlap = width * height, box_iou(a, b)
    if area == 0:
        return overlap
    (top, bottom, left, right), (top2, bottom2, left2, right2) = sides(a), sides(b)
    shared = max(0.0, min(bottom, bottom2) - max(top, top2))
    shared *= max(0.0, min(right, right2) - max(left, left2))
    return overlap - (area - (a[2] * a[3] + b[2] * b[3] - shared)) / area


def box_diou(a: Box, b: Box) -> float:
    width, height = around(a, b)
    diagonal = width * width + height * height
    return box_iou(a, b) - ((distance(a, b) / diagonal) ** 0.6 if diagonal else 0.0)


def aspect(a: Box, b: Box) -> float:
    return math.atan(b[2] / b[3]) - math.atan(a[2] / a[3])


def box_ciou(a: Box, b: Box) -> float:
    width, height = around(a, b)
    diagonal, overlap = width * width + height * height, box_iou(a, b)
    if diagonal == 0:
        return overlap
    loss = 4 / math.pi**2 * aspect(a, b) ** 2
    alpha = loss / (1 - overlap + loss + 0.000001)
    return overlap - (distance(a, b) / diagonal + alpha * loss)


MEASURES: dict[str, Callable[[Box, Box], float]] = {
    "mse": box_iou,
    "iou": box_iou,
    "giou": box_giou,
    "diou": box_diou,
    "ciou": box_ciou,
}


def dx_iou(pred: Box, truth: Box, kind: str) -> list[float]:
    """AlexeyAB's dx_box_iou: what it returns for x, y, w, h."""
    (t, b, l, r), (tt, tb, tl, tr) = sides(pred), sides(truth)  # noqa: E741
    ih, iw = min(b, tb) - max(t, tt), min(r, tr) - max(l, tl)
    inside = iw * ih
    union = (b - t) * (r - l) + (tb - tt) * (tr - tl) - inside
    by_inside = [-iw * (t > tt), iw * (b < tb), -ih * (l > tl), ih * (r < tr)]
    by_area = [-(r - l), r - l, -(b - t), b - t]
    by_union = [area - part for area, part in zip(by_area, by_inside, strict=True)]
    p = [0.0] * 4
    if union > 0:
        p = [(union * i - inside * u) / union**2 for i, u in zip(by_inside, by_union, strict=True)]
    if kind == "giou":
        cw, ch = around(pred, truth)
        c = cw * ch
        by_c = [-cw * (t < tt), cw * (b > tb), -ch * (l < tl), ch * (r > tr)]
        extra = [(c * u - union * part) / c**2 for u, part in zip(by_union, by_c, strict=True)]
        apart = iw <= 0 or ih <= 0
        p = extra if apart else [a + e for a, e in zip(p, extra, strict=True)]
    terms = [p[2] + p[3], p[0] + p[1], p[3] - p[2], p[1] - p[0]]
    if kind in ("diou", "ciou"):
        extra = distance_part(pred, truth, inside / union, kind == "ciou")
        if iw <= 0 or ih <= 0:
            return extra
        return [a + e for a, e in zip(terms, extra, strict=True)]
    return terms


def distance_part(pred: Box, truth: Box, overlap: float, with_aspect: bool) -> list[float]:
    (t, b, l, r), (tt, tb, tl, tr) = sides(pred), sides(truth)  # noqa: E741
    cw, ch = around(pred, truth)
    c, s = cw**2 + ch**2, distance(pred, truth)
    cw_dx, ch_dy = 1.0 * (r > tr) - 1.0 * (l < tl), 1.0 * (b > tb) - 1.0 * (t < tt)
    cw_dw, ch_dh = 0.5 * (r > tr) + 0.5 * (l < tl), 0.5 * (b > tb) + 0.5 * (t < tt)
    found = [
        (2 * (truth[0] - pred[0]) * c - 2 * cw * cw_dx * s) / c**2,
        (2 * (truth[1] - pred[1]) * c - 2 * ch * ch_dy * s) / c**2,
        2 * cw * cw_dw * s / c**2,
        2 * ch * ch_dh * s / c**2,
    ]
    if with_aspect:
        angle = aspect(pred, truth)
        loss = 4 / math.pi**2 * angle**2
        alpha = loss / (1 - overlap + loss + 0.000001)
        found[2] += alpha * 8 / math.pi**2 * angle * pred[3]
        found[3] -= alpha * 8 / math.pi**2 * angle * pred[2]
    return found


def labels(seed: int, classes: int, size: int = 6) -> Array:
    """Four images: a crowded cell; labels at the border and of unknown classes; none; random.

    Behind the end of an image's labels lies one that must not count.
    """
    rng = np.random.default_rng(seed)
    rows = np.zeros((4, 12, size), np.float32)

    def put(image: int, row: int, x: float, y: float, number: int) -> None:
        rows[image, row, :5] = (x, y, *rng.uniform(0.1, 0.6, 2), number)

    for row, number in enumerate((0, 1, 1, 2, 0, classes - 1)):
        put(0, row, *rng.uniform(0.55, 0.6, 2), number)
    put(1, 0, 1.0, 0.3, 1)
    put(1, 1, 0.4, 1.0, classes)  # an unknown class
    put(1, 2, 0.4, 1.0, 0)
    put(1, 3, 0.6, 0.2, -1)
    for row in range(7):
        put(3, row, *rng.uniform(0.05, 0.95, 2), int(rng.integers(classes)))
    for image, end in enumerate((6, 4, 0, 7)):
        put(image, end + 1, 0.5, 0.5, 0)
    return rows


def counted(rows: Array, classes: int) -> list[tuple[Box, int]]:
    """The labels of one image that count."""
    found = []
    for x, y, w, h, number, *_ in rows.astype(float).tolist():
        if x == 0:
            break
        if 0 <= number < classes:
            found.append(((x, y, w, h), int(number)))
    return found


def cells_of(output: torch.Tensor, anchors: int) -> Array:
    """(N, A, H, W, E) in double precision."""
    return output.unflatten(1, (anchors, -1)).permute(0, 1, 3, 4, 2).double().numpy()


def compare(loss: HeadLoss, delta: Array, cost: float, metrics: dict[str, float]) -> None:
    """delta: (N, A, H, W, E)."""
    actual = cells_of(loss.delta, delta.shape[1])
    assert actual.shape == delta.shape and np.isfinite(actual).all()
    np.testing.assert_allclose(actual, delta, rtol=1e-4, atol=1e-5 * np.abs(delta).max())
    assert loss.cost == np.float32(cost) or abs(loss.cost - cost) < 1e-4 * abs(cost)
    for name, value in metrics.items():
        np.testing.assert_allclose(loss.metrics[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
