"""Entries and their labels, and boxes of two sets one to one."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.evaluate.matching import (
    Objects,
    first_occurrences,
    hits,
    iou,
    match,
    match_one_to_one,
    pairs,
)


def test_of_two_labels_alike_the_first_is_taken() -> None:
    box = np.array([[0.5, 0.5, 0.2, 0.2]], np.float32)
    zero = np.zeros(1, np.int64)
    both = Objects(np.zeros(2, np.int64), np.zeros(2, np.int64), np.repeat(box, 2, axis=0))
    assert match(Objects(zero, zero, box), both, 0.5).label.tolist() == [0]
    assert match(Objects(zero, zero + 1, box), both, 0.5).label.tolist() == [-1]
    assert match(Objects(zero + 1, zero, box), both, 0.5).label.tolist() == [-1]


def test_iou_of_empty_and_touching_boxes_is_0() -> None:
    boxes = np.array([[0.5, 0.5, 0.2, 0.2], [0.7, 0.5, 0.2, 0.2], [0.5, 0.5, 0, 0]], np.float32)
    first = np.repeat(boxes[:1], 3, axis=0)
    assert iou(first, boxes).tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    assert iou(boxes[2:], boxes[2:]).tolist() == [0]


def test_an_infinite_box_without_height_overlaps_nothing_and_warns_of_nothing() -> None:
    a = np.array([[0.5, 0.5, np.inf, 0.0], [0.5, 0.5, 1e30, 1e30]], np.float32)
    b = np.array([[0.5, 0.5, 0.4, 0.4]] * 2, np.float32)
    assert not (iou(a, b) > 0).any()


def test_a_label_goes_to_every_entry_that_overlaps_it_most() -> None:
    """In the order of the entries, whatever the order of images and classes."""
    boxes = np.array([[0.3, 0.3, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]], np.float32)
    labels = Objects(np.array([0, 0]), np.array([1, 1]), boxes)
    near = boxes[[1, 0, 0]] + np.array([[0, 0, 0, 0], [0.05, 0, 0, 0], [0, 0, 0, 0]], np.float32)
    matches = match(Objects(np.zeros(3, np.int64), np.ones(3, np.int64), near), labels, 0.5)
    assert matches.label.tolist() == [1, 0, 0]
    assert matches.iou.tolist() == pytest.approx([1, 0.6, 1], abs=1e-5)
    assert match(Objects(np.zeros(3, int), np.ones(3, int), near), labels, 0.7).label[1] == -1


def test_one_to_one_the_closest_go_first() -> None:
    """A box that overlaps two others takes the nearer one, and leaves the other to the next."""
    zero = np.zeros(2, np.int64)
    first = Objects(zero, zero, np.array([[0.5, 0.5, 0.4, 0.4], [0.52, 0.5, 0.4, 0.4]], np.float32))
    second = Objects(
        zero, zero, np.array([[0.53, 0.5, 0.4, 0.4], [0.6, 0.5, 0.4, 0.4]], np.float32)
    )
    a, b, overlaps = match_one_to_one(first, second, 0.3)
    assert (a.tolist(), b.tolist()) == ([1, 0], [0, 1])
    assert overlaps.tolist() == pytest.approx([39 / 41, 30 / 50], abs=1e-5)
    a, b, _ = match_one_to_one(first, second, 0.7)
    assert (a.tolist(), b.tolist()) == ([1], [0])
    other = Objects(zero, zero + 1, second.boxes)
    assert len(match_one_to_one(first, other, 0.3)[0]) == 0
    assert len(match_one_to_one(first.classless(), other.classless(), 0.3)[0]) == 2


def test_pairs_share_image_and_class() -> None:
    boxes = np.zeros((3, 4), np.float32)
    first = Objects(np.array([1, 0, 1]), np.array([2, 0, 0]), boxes)
    second = Objects(np.array([0, 1, 1]), np.array([0, 2, 2]), boxes)
    rows, others = pairs(first, second)
    assert (rows.tolist(), others.tolist()) == ([0, 0, 1], [1, 2, 0])


def test_only_the_first_entry_of_a_label_hits() -> None:
    assert hits(np.array([-1, 3, -1, 3, 0])).tolist() == [False, True, False, False, True]
    assert first_occurrences(np.array([5, 5, 1])).tolist() == [True, False, True]
