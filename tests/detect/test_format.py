"""Lines, JSON and label files in the words and digits of the C programs."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest
from support.small_result import result

from darknet_py.detect import format
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.forks import ALEXEYAB, PJREDDIE


def test_alexeyab_prints_boxes_from_left_to_right_the_best_class_first() -> None:
    assert list(format.lines(result(), ALEXEYAB)) == [
        "a/dog.jpg: Predicted in 12.300000 milli-seconds.",
        "cat: 50%",
        'dog "big": 91%',
        "cat: 40%",
    ]


def test_ext_output_adds_whole_pixels_not_clipped() -> None:
    lines = list(format.lines(result(), ALEXEYAB, extended=True))
    assert lines[1] == "cat: 50%\t(left_x:  -10   top_y:   15   width:   60   height:   10)"
    assert lines[2] == 'dog "big": 91%\t(left_x:  125   top_y:   25   width:   50   height:   50)'


def test_pjreddie_prints_seconds_and_keeps_the_order_of_its_suppression() -> None:
    assert list(format.lines(result(), PJREDDIE)) == [
        "a/dog.jpg: Predicted in 0.012300 seconds.",
        "cat: 40%",
        'dog "big": 91%',
        "cat: 50%",
        "dont_show: 99%",
    ]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_json_file_parses(tmp_path: Path, count: int) -> None:
    format.write_json(tmp_path / "o.json", [result().to_json(i) for i in range(count)])
    parsed = json.loads((tmp_path / "o.json").read_text())
    assert [entry["frame_id"] for entry in parsed] == list(range(count))


def test_label_files_hold_the_best_class_of_each_box_shown_or_not(tmp_path: Path) -> None:
    format.write_labels(tmp_path / "dog.txt", result())
    assert (tmp_path / "dog.txt").read_text() == (
        "1 0.7500 0.5000 0.2500 0.5000\n2 0.1000 0.2000 0.3000 0.1000\n"
    )


def test_many_boxes_take_linear_time() -> None:
    count = 20_000
    rng = np.random.default_rng(0)
    boxes = Boxes(
        rng.random((count, 4), np.float32),
        rng.random(count, np.float32),
        rng.integers(0, 3, count),
        np.arange(count) // 2,
        640,
        480,
    )
    crowd = Result("a.jpg", np.zeros((4, 4, 3), np.uint8), boxes, ["a", "b", "c"])
    started = time.perf_counter()
    printed = list(format.lines(crowd, ALEXEYAB, extended=True))
    assert time.perf_counter() - started < 10
    assert len(printed) == count + 1


def test_an_object_that_keeps_a_number_is_printed_with_it() -> None:
    tracked = dataclasses.replace(result().boxes, track_id=np.array([7, 7, 0, 0]))
    found = list(format.lines(dataclasses.replace(result(), boxes=tracked), ALEXEYAB))[1:]
    assert found == ["cat: 50%", 'dog "big" #7: 91%', "cat #7: 40%"]
