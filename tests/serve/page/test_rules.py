"""The page's threshold and NMS against the pipeline's own, where numbers meet the thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from support.page_visit import IMAGE, Visit

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import suppressed_in_order
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.serve.rows import rows_text

pytestmark = pytest.mark.slow
KINDS = {"default": 0.6, "cornersnms": 0.6, "greedynms": 0.1, "diounms": 0.25}
"""Kinds of NMS -> beta, which greedynms does not look at."""
CHOICES = [(0.06, 0.25), (0.25, 0.5), (0.5, 0.25), (0.5, 0.0), (0.2, 0.75), (0.6, 0.1)]
COUNT, CLASSES = 64, 3


def candidates() -> Candidates:
    """Boxes on a coarse grid, many of whose overlaps are a threshold, and scores that are, too.

    No two of a class have the same score: which of them wins depends on what the page cannot know.
    """
    random = np.random.default_rng(5)
    boxes = random.integers(2, 14, (COUNT, 4)) / 16
    boxes[:, 2:] = random.integers(1, 6, (COUNT, 2)) / 16
    scores = [random.permutation(np.arange(1, COUNT + 1)) / 64 for _ in range(CLASSES)]
    rows = [np.zeros(COUNT, np.int64), boxes, np.ones(COUNT), np.stack(scores, axis=1)]
    image, *floats = (torch.from_numpy(row) for row in rows)
    return Candidates(image, *(part.float() for part in floats))


def above(every: Candidates, thresh: float) -> Candidates:
    """As the decoder would have found them."""
    scores = torch.where(every.scores > thresh, every.scores, 0.0)
    return every.with_scores(scores).select((scores > 0).any(dim=1))


def result(found: Candidates) -> Result:
    box, class_id = torch.nonzero(found.scores > 0, as_tuple=True)
    parts = (found.boxes[box], found.scores[box, class_id], class_id, box)
    boxes = Boxes(*(part.numpy() for part in parts), 416, 416)
    return Result("", np.zeros((416, 416, 3), np.uint8), boxes, [*"abc"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_has_the_rules_of_the_pipeline(visit: Visit, kind: str) -> None:
    every, rule = candidates(), Suppression(kind, KINDS[kind])

    def models(route: Any) -> None:
        answer = route.fetch()
        changed = {"nms_kind": kind, "beta_nms": KINDS[kind], "classes": [*"abc"]}
        first = {**answer.json()["models"][0], **changed}
        route.fulfill(response=answer, json={**answer.json(), "models": [first]})

    body = rows_text(result(suppressed_in_order(above(every, 0.02), rule, 0)))
    visit.page.route("**/models", models)
    visit.page.route("**/detect*", lambda route: route.fulfill(body=body))
    page, counts = visit.look(IMAGE), set()
    for thresh, nms in CHOICES:
        page.fill("#thresh", str(thresh))
        page.fill("#nms", str(nms))
        expected = result(suppressed_in_order(above(every, thresh), rule, nms))
        assert visit.json() == expected.to_json(named=False), (thresh, nms)
        counts.add(len(expected))
    assert len(counts) > 4
