"""How a detector is called: other names of its arguments, and words of other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.detect.call_options import FOREIGN_WORDS, NMS, THRESH, CallOptions, call_words
from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.errors import ArgumentError, DataError


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path), names=["a", "b", "c"])


def test_what_is_left_out_is_as_in_the_pipeline() -> None:
    assert CallOptions().pipeline == PipelineOptions()
    assert (str(THRESH), str(NMS)) == ("0.25", "0.45")


@pytest.mark.parametrize(
    "given",
    [
        {"thresh": 0.3, "nms": 0.2},
        {"conf": 0.3, "iou": 0.2},
        {"thresh": 0.3, "conf": 0.3, "iou": 0.2, "nms": 0.2},
    ],
)
def test_conf_and_iou_are_thresh_and_nms(given: dict[str, float]) -> None:
    options = CallOptions(**given).pipeline  # type: ignore[arg-type]
    assert (options.thresh, options.nms) == (0.3, 0.2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"thresh": 0.25, "conf": 0.5}, "thresh 0.25 and conf 0.5: both are one number; give one"),
        ({"nms": 0.45, "iou": 0.7}, "nms 0.45 and iou 0.7: both are one number; give one"),
    ],
)
def test_both_names_may_not_differ(given: dict[str, float], message: str) -> None:
    """Not even where one of them is what is usual."""
    with pytest.raises(DataError, match=message):
        CallOptions(**given).pipeline  # type: ignore[arg-type]  # noqa: B018


def test_calls_by_either_name_give_the_same(detector: Detector) -> None:
    image = noise_image()
    ours, theirs = detector(image, 0.3, 0.2), detector(image, conf=0.3, iou=0.2)
    assert np.array_equal(ours.boxes.data, theirs.boxes.data) and len(ours) > 0  # type: ignore
    assert len(ours) < len(detector(image, iou=0.2))
    (streamed,) = detector.stream([image], conf=0.3, iou=0.2)
    assert np.array_equal(streamed.boxes.data, theirs.boxes.data)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tresh": 0.5}, "has no argument 'tresh'; did you mean 'thresh'"),
        ({"confidence": 0.5}, "has no argument 'confidence'; here it is thresh= or conf="),
        ({"imgsz": 640}, r"'imgsz'; here it is an argument of load\(\): load\(..., width=416"),
        ({"others": 1}, "has no argument 'others'"),
        ({"thresh": "high"}, "thresh 'high': expected a number from 0 to 1"),
        ({"iou": None, "hier": "x"}, "hier 'x': expected a number from 0 to 1"),
        ({"batch": 1.5}, "batch 1.5: expected a whole number of 1 or more"),
        ({"letter_box": 3}, "letter_box 3: expected True, False or None"),
        ({"honour_exif": "x"}, "honour_exif 'x': expected True, False or None"),
        ({"tile": (2, 2)}, r"tile \(2, 2\): expected columns x rows as text, such as '2x2'"),
        ({"overlap": "x"}, "overlap 'x': expected a number from 0 to 1"),
        ({"classes": 1.5}, "classes 1.5: expected numbers or names of classes"),
    ],
)
def test_what_is_not_taken_is_said_at_once(
    detector: Detector, given: dict[str, Any], message: str
) -> None:
    """A stream does not wait until its first result is asked for."""
    for call in (detector, detector.stream):
        with pytest.raises(ArgumentError, match=message) as caught:
            call(noise_image(), **given)
        assert "\n" not in str(caught.value)


def test_what_a_stream_alone_is_told(detector: Detector) -> None:
    with pytest.raises(ArgumentError, match="every_frame 'x': expected True or False, not str"):
        detector.stream(0, every_frame="x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="track 3: expected True, False or a Tracker, not int"):
        detector.stream(0, track=3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"detector\(\) has no argument 'track'"):
        detector(noise_image(), track=True)  # type: ignore[arg-type]


def test_no_word_of_ours_stands_among_the_foreign_ones() -> None:
    ours = {*call_words(Detector.__call__), *call_words(Detector.stream)}
    assert ours >= {"thresh", "conf", "classes", "track"} and "others" not in ours
    assert ours & set(FOREIGN_WORDS) == set()
