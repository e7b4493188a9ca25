"""Overlap of boxes against plain loops over floats."""

from __future__ import annotations

import math

import pytest
import torch

from darknet_py.boxes import centres, corners, diou, iou


def shared(c1: float, s1: float, c2: float, s2: float) -> float:
    return min(c1 + s1 / 2, c2 + s2 / 2) - max(c1 - s1 / 2, c2 - s2 / 2)


def plain_iou(a: list[float], b: list[float]) -> float:
    width, height = shared(a[0], a[2], b[0], b[2]), shared(a[1], a[3], b[1], b[3])
    if width < 0 or height < 0:
        return 0.0
    intersection = width * height
    union = a[2] * a[3] + b[2] * b[3] - intersection
    return intersection / union if intersection and union else 0.0


def plain_diou(a: list[float], b: list[float], beta: float) -> float:
    spans = [
        max(a[k] + a[k + 2] / 2, b[k] + b[k + 2] / 2)
        - min(a[k] - a[k + 2] / 2, b[k] - b[k + 2] / 2)
        for k in (0, 1)
    ]
    diagonal = spans[0] ** 2 + spans[1] ** 2
    if diagonal == 0:
        return plain_iou(a, b)
    distance = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
    return plain_iou(a, b) - (distance / diagonal) ** beta


def random_boxes(count: int, seed: int) -> torch.Tensor:
    return torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))


def test_corners_and_back() -> None:
    box = torch.tensor([[0.5, 0.25, 0.5, 0.25]])
    assert corners(box).tolist() == [[0.25, 0.125, 0.75, 0.375]]
    boxes = random_boxes(50, 0)
    torch.testing.assert_close(centres(corners(boxes)), boxes)


@pytest.mark.parametrize("beta", [None, 0.6, 1.0, 2.0])
def test_every_pair_of_random_boxes(beta: float | None) -> None:
    a, b = random_boxes(20, 1), random_boxes(30, 2)
    if beta is None:
        actual = iou(a[:, None], b)
        expected = [[plain_iou(p, q) for q in b.tolist()] for p in a.tolist()]
    else:
        actual = diou(a[:, None], b, beta)
        expected = [[plain_diou(p, q, beta) for q in b.tolist()] for p in a.tolist()]
    torch.testing.assert_close(actual, torch.tensor(expected), atol=1e-6, rtol=1e-5)


def test_known_overlaps() -> None:
    box = torch.tensor([0.5, 0.5, 0.2, 0.2])
    half = torch.tensor([0.6, 0.5, 0.2, 0.2])
    assert iou(box, box).item() == pytest.approx(1)
    assert iou(box, half).item() == pytest.approx(1 / 3)
    assert diou(box, half, 1.0).item() == pytest.approx(1 / 3 - 0.01 / (0.09 + 0.04))
    assert iou(box, torch.tensor([0.9, 0.5, 0.1, 0.1])).item() == 0
    assert diou(box, half).item() == pytest.approx(1 / 3 - (0.01 / 0.13) ** 0.6)


def test_boxes_without_area_overlap_nothing() -> None:
    point = torch.tensor([0.5, 0.5, 0.0, 0.0])
    line = torch.tensor([0.5, 0.5, 0.4, 0.0])
    assert iou(point, point).item() == 0
    assert diou(point, point).item() == 0
    assert iou(line, torch.tensor([0.5, 0.5, 0.2, 0.2])).item() == 0


def test_touching_and_negative_boxes_overlap_nothing() -> None:
    left, right = torch.tensor([0.25, 0.5, 0.5, 1.0]), torch.tensor([0.75, 0.5, 0.5, 1.0])
    assert iou(left, right).item() == 0
    assert iou(left, torch.tensor([0.25, 0.5, -0.5, -1.0])).item() == 0


def test_not_a_number_passes_no_threshold() -> None:
    broken = torch.tensor([math.nan, 0.5, 0.1, 0.1])
    good = torch.tensor([0.5, 0.5, 0.1, 0.1])
    assert not (iou(broken, good) > 0).item()
    assert not (diou(good, broken) > 0).item()
