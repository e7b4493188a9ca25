"""Embeddings beside the heads, and that each box has those of its own cell and anchor."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from support.coloured_squares import GREEN, RED, detector_of, network, picture

from darknet_py.detect.detector import Detector
from darknet_py.detect.embedding_engine import EmbeddingEngine, embeddings_of, track_rule
from darknet_py.detect.mean_engine import MeanEngine
from darknet_py.errors import DarknetError


def test_a_box_has_the_embedding_of_its_cell() -> None:
    detector = detector_of()
    detector = detector.on(EmbeddingEngine(detector.engine))
    result = detector(picture({(1, 2): RED, (6, 3): GREEN}))
    found = {
        tuple((box.xywhn[0, :2] * 8 - 0.5).round().astype(int)): box.embedding[0].round(3).tolist()
        for box in result.boxes
    }
    assert found == {(1, 2): [1, 0, 0], (6, 3): [0, 1, 0]}


def test_the_heads_are_those_of_the_engine() -> None:
    engine = detector_of().engine
    x = torch.rand(2, 3, 64, 64)
    (head,), (same, embeddings) = engine(x), EmbeddingEngine(engine)(x)
    torch.testing.assert_close(same, head, rtol=1e-4, atol=1e-5)
    blocks = x.unflatten(2, (8, 8)).unflatten(4, (8, 8)).mean(dim=(3, 5))
    torch.testing.assert_close(embeddings, blocks, rtol=1e-4, atol=1e-5)


def test_two_anchors_have_two_embeddings() -> None:
    detector = detector_of(anchors=2)
    detector = detector.on(EmbeddingEngine(detector.engine))
    boxes = detector(picture({(1, 2): RED})).boxes
    wide = boxes.xywhn[:, 2] > 0.2
    assert wide.tolist().count(True) == 1 and len(boxes) == 2
    assert boxes.embedding[~wide].round(3).tolist() == [[1, 0, 0]]
    assert boxes.embedding[wide].round(3).tolist() == [[0, 0, 1]]  # turned around


def test_boxes_of_a_head_without_embeddings_have_zeros() -> None:
    detector = detector_of(second_head=True)
    assert embeddings_of(detector.graph) == [0, None]
    detector = detector.on(EmbeddingEngine(detector.engine))
    boxes = detector(picture({(1, 2): RED}), nms=0).boxes
    assert sorted(boxes.embedding.round(3).tolist()) == [[0, 0, 0], [1, 0, 0]]


def test_nobody_else_has_embeddings() -> None:
    boxes = detector_of()(picture({(1, 2): RED})).boxes
    assert len(boxes) == 1 and boxes.embedding is None


def test_the_last_head_says_how_to_track() -> None:
    rule = track_rule(detector_of("sim_thresh=.5").engine)
    assert rule and rule.similarity == 0.5
    assert track_rule(detector_of(second_head=True).engine) is None
    assert track_rule(detector_of(fork="pjreddie").engine) is None
    assert track_rule(MeanEngine(detector_of().engine, 3)) is None


def test_other_engines_give_none() -> None:
    with pytest.raises(DarknetError, match="engine torch gives no embeddings of boxes"):
        EmbeddingEngine(MeanEngine(detector_of().engine, 3))


def test_a_copy_gives_the_same() -> None:
    engine = EmbeddingEngine(detector_of().engine)
    again = pickle.loads(pickle.dumps(engine))
    x = torch.rand(1, 3, 64, 64)
    for one, other in zip(engine(x), again(x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_half_precision_gives_whole_embeddings() -> None:
    detector = Detector(network(), ["square"], precision="bf16")
    made = EmbeddingEngine(detector.engine)(torch.rand(1, 3, 64, 64))
    assert [one.dtype for one in made] == [torch.float32] * 2
