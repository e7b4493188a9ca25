"""One pass for images that are asked about in different ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py import Detector, Result
from darknet_py.images.fitted_images import FittedImage, InputSpec, read_fitted
from darknet_py.images.frames import array_frame
from darknet_py.serve import batch_inference
from darknet_py.serve.batch_inference import batch_answer, rows_by_options
from darknet_py.serve.query import Query

LOW, HIGH = Query(0.05, 0.45, 0.5, None), Query(0.3, 0.45, 0.5, None)


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path))


def fitted(detector: Detector, number: int) -> FittedImage:
    return read_fitted(array_frame(noise_image(number)), InputSpec.of(detector.graph))


def test_rows_are_put_together_by_what_finds_boxes() -> None:
    padded = Query(0.05, 0.45, 0.5, True)
    rows = rows_by_options([LOW, HIGH, padded, HIGH])
    assert [(options.thresh, options.nms, options.hier) for options in rows] == [
        (0.05, 0.45, 0.5),
        (0.3, 0.45, 0.5),
    ]
    assert list(rows.values()) == [[0, 2], [1, 3]]


def test_one_pass_answers_all(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, sizes = type(detector.engine), []
    call = kind.__call__

    def counted(self: Any, x: torch.Tensor) -> list[torch.Tensor]:
        sizes.append(len(x))
        return call(self, x)

    monkeypatch.setattr(kind, "__call__", counted)
    queries = [LOW, HIGH, LOW, HIGH, HIGH]
    answer = batch_answer(detector, [fitted(detector, i) for i in range(5)], queries)
    assert sizes == [5]
    for number, (outcome, query) in enumerate(zip(answer.outcomes, queries, strict=True)):
        expected = detector(noise_image(number), query.thresh)
        assert isinstance(outcome, Result) and isinstance(expected, Result)
        assert outcome.to_json() == expected.to_json()
        assert outcome.milliseconds == pytest.approx(1000 * answer.seconds / 5)
    assert answer.not_finite == 0


def test_what_goes_wrong_for_one_query_is_told_for_its_images_only(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates_of = batch_inference.candidates_of

    def failing(graph: Any, heads: Any, placements: Any, options: Any) -> Any:
        if options.thresh == HIGH.thresh:
            raise MemoryError("too many")
        return candidates_of(graph, heads, placements, options)

    monkeypatch.setattr(batch_inference, "candidates_of", failing)
    answer = batch_answer(detector, [fitted(detector, i) for i in range(3)], [HIGH, LOW, HIGH])
    assert [type(outcome) for outcome in answer.outcomes] == [MemoryError, Result, MemoryError]
