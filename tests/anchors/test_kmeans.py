"""k-means of box sizes by IoU."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.anchors import kmeans as module
from darknet_py.anchors.kmeans import average_iou, find_anchors, nearest
from darknet_py.errors import DataError

CENTRES = np.array([[10.0, 20.0], [50, 30], [100, 120], [300, 200]])


def boxes(seed: int = 0, each: int = 50) -> np.ndarray:
    """Boxes around CENTRES, shuffled."""
    random = np.random.default_rng(seed)
    shaken = np.repeat(CENTRES, each, axis=0) * random.uniform(0.85, 1.15, (4 * each, 2))
    return random.permutation(shaken)


def test_finds_the_middles_of_clusters_by_rising_area() -> None:
    anchors = find_anchors(boxes(), 4)
    np.testing.assert_allclose(anchors.sizes, CENTRES, rtol=0.05)
    assert anchors.average_iou == pytest.approx(average_iou(boxes(), anchors.sizes))
    assert 0.8 < anchors.average_iou < 1 and anchors.iterations >= 1
    means = [boxes()[nearest(boxes(), anchors.sizes)[0] == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(anchors.sizes, means)


def test_the_same_seed_gives_the_same_anchors_and_more_runs_no_worse_ones() -> None:
    data = np.random.default_rng(1).uniform(1, 400, (500, 2))
    first, again = find_anchors(data, 9, seed=3), find_anchors(data, 9, seed=3)
    assert first.sizes.tolist() == again.sizes.tolist()
    one = [find_anchors(data, 9, runs=1, seed=seed).average_iou for seed in range(5)]
    assert len(set(one)) > 1
    assert find_anchors(data, 9, runs=20).average_iou >= np.median(one)


def literal_iou(box: np.ndarray, anchor: np.ndarray) -> float:
    inside = min(box[0], anchor[0]) * min(box[1], anchor[1])
    return float(inside / (box[0] * box[1] + anchor[0] * anchor[1] - inside))


def test_nearest_is_the_largest_iou_and_the_first_of_equals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHUNK", 7)
    data = boxes(2, 5)
    anchors = np.concatenate([CENTRES, CENTRES])
    chosen, overlaps = nearest(data, anchors)
    for box, number, overlap in zip(data, chosen, overlaps, strict=True):
        all_of_them = [literal_iou(box, anchor) for anchor in anchors]
        assert number == all_of_them.index(max(all_of_them)) < 4
        assert overlap == pytest.approx(max(all_of_them))


def test_large_sets_start_from_a_sample_and_end_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE", 40)
    anchors = find_anchors(boxes(), 4)
    means = [boxes()[nearest(boxes(), anchors.sizes)[0] == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(anchors.sizes, means)


def test_fewer_different_boxes_than_anchors_are_refused() -> None:
    few = np.repeat(CENTRES, 3, axis=0)
    assert find_anchors(few, 4).average_iou == pytest.approx(1)
    with pytest.raises(DataError, match="4 different box sizes cannot make 5 anchors"):
        find_anchors(few, 5)
