"""Objects told apart by the embeddings of their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.segment.instances import MOST_PARTS, instances


def maps(classes: int, *parts: tuple[int, np.s_, float]) -> np.ndarray:
    scores = np.zeros((classes, 8, 12), np.float32)
    for number, window, score in parts:
        scores[number][window] = score
    return scores


LEFT, RIGHT = np.s_[2:6, 1:5], np.s_[2:6, 5:10]


def test_touching_objects_of_a_class_by_their_embeddings() -> None:
    scores = maps(2, (1, LEFT, 0.9), (1, RIGHT, 0.75), (0, np.s_[:1], 0.4))
    embedding = np.random.default_rng(0).normal(0, 0.2, (3, 8, 12)).astype(np.float32)
    embedding[:, 2:6, 1:5] += 1
    embedding[:, 2:6, 5:10] -= 1
    found = instances(scores, embedding)
    assert [(one.class_id, round(one.score, 4)) for one in found] == [(1, 0.75), (1, 0.9)]
    for one, window, score in zip(found, (RIGHT, LEFT), (0.75, 0.9), strict=True):
        expected = np.zeros((8, 12), np.float32)
        expected[window] = score
        np.testing.assert_array_equal(one.mask, expected)


def test_embeddings_alike_are_one_object() -> None:
    scores = maps(1, (0, np.s_[1:3, 1:3], 0.9), (0, np.s_[5:7, 7:9], 0.8))
    (one,) = instances(scores, np.zeros((2, 8, 12), np.float32))
    assert (one.mask > 0).sum() == 8 and one.score == pytest.approx(0.85)


def test_objects_of_two_classes_are_two() -> None:
    scores = maps(2, (0, LEFT, 0.9), (1, RIGHT, 0.75))
    found = instances(scores, np.zeros((2, 8, 12), np.float32))
    assert [one.class_id for one in found] == [1, 0]


def test_without_embeddings_by_region() -> None:
    scores = maps(1, (0, np.s_[1:3, 1:3], 0.9), (0, np.s_[5:7, 7:10], 0.8))
    found = instances(scores, np.zeros((0, 8, 12), np.float32))
    assert [int((one.mask > 0).sum()) for one in found] == [6, 4]


def test_nothing_is_sure_enough() -> None:
    scores = maps(2, (0, LEFT, 0.49))
    assert instances(scores, np.zeros((2, 8, 12), np.float32)) == []
    (one,) = instances(maps(2, (0, LEFT, 0.5)), np.zeros((2, 8, 12), np.float32))
    assert one.score == 0.5


def test_an_untrained_network_ends() -> None:
    """Every pixel is an object of its own: 90 of them count, and not all are looked at."""
    embedding = 100 * np.random.default_rng(0).random((2, 60, 60)).astype(np.float32)
    assert len(instances(np.ones((1, 60, 60), np.float32), embedding)) == 90
    assert MOST_PARTS < 60 * 60
