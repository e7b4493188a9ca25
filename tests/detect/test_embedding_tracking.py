"""Numbers by embeddings: the rules of the C program's matching, one at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.small_result import result

from darknet_py.detect.embedding_tracking import (
    EmbeddingTracker,
    cosines,
    overlaps,
    tracked_by_embeddings,
)
from darknet_py.errors import DarknetError
from darknet_py.layers.box_embeddings import TrackRule

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
RULE = TrackRule(similarity=0.8, overlap=0.0, history=3, least_numbered=0, least_shown=0)
Found = tuple[list[int], list[bool]]


def frame(tracker: EmbeddingTracker, *rows: tuple[float, tuple[float, ...], int]) -> Found:
    """rows: where a box lies, its embedding, its class."""
    boxes = np.array([(x, 0.5, 0.1, 0.1) for x, _, _ in rows], np.float32).reshape(-1, 4)
    embeddings = np.array([e for _, e, _ in rows], np.float32).reshape(-1, 3)
    classes = np.array([number for *_, number in rows], np.int64)
    tracks, shown = tracker.update(boxes, classes, embeddings)
    return tracks.tolist(), shown.tolist()


def test_objects_are_told_again_wherever_they_are() -> None:
    tracker = EmbeddingTracker(RULE)
    assert frame(tracker, (0.1, RED, 0), (0.9, GREEN, 0))[0] == [0, 0]
    assert frame(tracker, (0.1, RED, 0), (0.9, GREEN, 0))[0] == [1, 2]
    assert frame(tracker, (0.1, GREEN, 0), (0.9, RED, 0), (0.5, BLUE, 0))[0] == [2, 1, 0]


def test_another_class_is_another_object() -> None:
    tracker = EmbeddingTracker(RULE)
    frame(tracker, (0.1, RED, 0))
    assert frame(tracker, (0.1, RED, 1))[0] == [0]
    assert frame(tracker, (0.1, RED, 1), (0.1, RED, 0))[0] == [1, 2]


@pytest.mark.parametrize(("history", "numbers"), [(1, [0]), (2, [0]), (3, [1])])
def test_how_far_is_looked_back(history: int, numbers: list[int]) -> None:
    tracker = EmbeddingTracker(RULE._replace(history=history))
    frame(tracker, (0.1, RED, 0))
    frame(tracker, (0.1, RED, 0))
    frame(tracker)
    frame(tracker)
    assert frame(tracker, (0.1, RED, 0))[0] == numbers


def test_without_history_nothing_is_told_again() -> None:
    tracker = EmbeddingTracker(RULE._replace(history=0))
    assert [frame(tracker, (0.1, RED, 0)) for _ in range(3)] == [([0], [True])] * 3


def test_numbers_and_boxes_wait_until_they_have_been_seen_often_enough() -> None:
    tracker = EmbeddingTracker(RULE._replace(least_numbered=2, least_shown=1))
    found = [frame(tracker, (0.1, RED, 0)) for _ in range(5)]
    assert [tracks for tracks, _ in found] == [[0], [0], [0], [1], [1]]
    assert [shown for _, shown in found] == [[False], [True], [True], [True], [True]]


@pytest.mark.parametrize(("similarity", "numbers"), [(0.69, [1]), (0.71, [0])])
def test_the_similarity_must_be_above_the_threshold(similarity: float, numbers: list[int]) -> None:
    tracker = EmbeddingTracker(RULE._replace(similarity=similarity))
    frame(tracker, (0.1, RED, 0))
    assert frame(tracker, (0.1, (1.0, 1.02, 0.0), 0))[0] == numbers  # a cosine of .70


def test_a_share_of_it_is_the_overlap() -> None:
    tracker = EmbeddingTracker(RULE._replace(similarity=0.9, overlap=0.2))
    frame(tracker, (0.1, RED, 0), (0.7, GREEN, 0))
    assert frame(tracker, (0.1, RED, 0), (0.2, GREEN, 0))[0] == [1, 0]


def test_the_most_similar_comes_first_and_a_number_is_given_once() -> None:
    tracker = EmbeddingTracker(RULE._replace(similarity=0.5))
    frame(tracker, (0.1, RED, 0))
    frame(tracker, (0.1, RED, 0))
    near, nearer = (1.0, 0.4, 0.0), (1.0, 0.2, 0.0)
    # The other one is taken for the box of the first frame, which had no number yet.
    assert frame(tracker, (0.1, near, 0), (0.9, nearer, 0))[0] == [2, 1]


def test_a_box_of_a_frame_before_is_taken_once_also_without_a_number() -> None:
    tracker = EmbeddingTracker(RULE._replace(least_numbered=9, least_shown=1))
    frame(tracker, (0.1, RED, 0))
    assert frame(tracker, (0.1, (1.0, 0.1, 0.0), 0), (0.2, RED, 0)) == ([0, 0], [False, True])


def test_a_later_pair_with_more_overlap_takes_a_box_over() -> None:
    """As in C, where the first number is then nobody's in this frame."""
    tracker = EmbeddingTracker(RULE._replace(similarity=0.4, overlap=0.5))
    for _ in range(2):
        frame(tracker, (0.1, RED, 0), (0.9, (1.0, 0.3, 0.0), 0))
    assert frame(tracker, (0.9, RED, 0))[0] == [2]


def test_cosines() -> None:
    a, b = np.array([[1, 0], [0, 0], [3, 4]], np.float32), np.array([[2, 0], [-3, -4]], np.float32)
    np.testing.assert_allclose(cosines(a, b), [[1, -0.6], [0, 0], [0.6, -1]], atol=1e-12)


def test_overlaps() -> None:
    a = np.array([[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0, 0]], np.float32)
    b = np.array([[0.6, 0.5, 0.2, 0.2], [0.9, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.4]], np.float32)
    np.testing.assert_allclose(overlaps(a, b), [[1 / 3, 0, 0.5], [0, 0, 0]], atol=1e-6)


def test_results_without_embeddings() -> None:
    with pytest.raises(DarknetError, match="the boxes to track have no embeddings"):
        list(tracked_by_embeddings([result()], EmbeddingTracker(RULE)))


@pytest.mark.parametrize("run", range(3))
def test_the_c_programs_numbers(golden: Path, run: int) -> None:
    """What its set_track_id gave for boxes that move, come and go; see tests/golden."""
    recorded = np.load(golden / "embedding_tracks" / "tracks-alexeyab.npz")
    similarity, overlap, *counts = recorded[f"rule{run}"].tolist()
    tracker = EmbeddingTracker(TrackRule(similarity, overlap, *map(int, counts)))
    ends = recorded[f"counts{run}"].cumsum()[:-1]
    rows = np.split(recorded[f"rows{run}"], ends)
    for found, expected in zip(rows, np.split(recorded[f"answers{run}"], ends), strict=True):
        tracks, shown = tracker.update(found[:, 1:5], found[:, 0].astype(np.int64), found[:, 5:])
        assert np.array_equal(np.stack([tracks, shown], axis=1), expected)
