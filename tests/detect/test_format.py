"""Lines, JSON and label files in the words and digits of the C programs."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from darknet_py.detect import format
from darknet_py.detect.result import Boxes, Result
from darknet_py.errors import DarknetError
from darknet_py.forks import ALEXEYAB, PJREDDIE

NAMES = ["cat", 'dog "big"', "dont_show"]


def result(path: str = "a/dog.jpg") -> Result:
    """Two boxes: the right one is a dog and a cat, the left one a cat and something hidden."""
    boxes = Boxes(
        np.array(
            [
                [0.75, 0.5, 0.25, 0.5],
                [0.75, 0.5, 0.25, 0.5],
                [0.1, 0.2, 0.3, 0.1],
                [0.1, 0.2, 0.3, 0.1],
            ],
            np.float32,
        ),
        np.array([0.4, 0.906, 0.5, 0.99], np.float32),
        np.array([0, 1, 0, 2]),
        np.array([0, 0, 1, 1]),
        width=200,
        height=100,
    )
    return Result(path, np.full((100, 200, 3), 128, np.uint8), boxes, NAMES, 12.3)


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


def test_json_has_alexeyabs_layout_and_escaped_strings() -> None:
    assert result('a\\"b.jpg').to_json(7) == (
        '{\n "frame_id":7, \n "filename":"a\\\\\\"b.jpg", \n "objects": [ \n'
        '  {"class_id":0, "name":"cat", "relative_coordinates":{"center_x":0.750000, '
        '"center_y":0.500000, "width":0.250000, "height":0.500000}, "confidence":0.400000}, \n'
        '  {"class_id":1, "name":"dog \\"big\\"", "relative_coordinates":{"center_x":0.750000, '
        '"center_y":0.500000, "width":0.250000, "height":0.500000}, "confidence":0.906000}, \n'
        '  {"class_id":0, "name":"cat", "relative_coordinates":{"center_x":0.100000, '
        '"center_y":0.200000, "width":0.300000, "height":0.100000}, "confidence":0.500000}\n'
        " ] \n}"
    )


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_json_file_parses(tmp_path: Path, count: int) -> None:
    format.write_json(tmp_path / "o.json", [result().to_json(i) for i in range(count)])
    parsed = json.loads((tmp_path / "o.json").read_text())
    assert [entry["frame_id"] for entry in parsed] == list(range(count))


def test_label_files_hold_the_best_class_of_each_box(tmp_path: Path) -> None:
    format.write_labels(tmp_path / "dog.txt", result())
    assert (tmp_path / "dog.txt").read_text() == (
        "1 0.7500 0.5000 0.2500 0.5000\n0 0.1000 0.2000 0.3000 0.1000\n"
    )


def test_boxes_in_every_form() -> None:
    boxes = result().boxes
    np.testing.assert_allclose(boxes.xyxy[0], [125, 25, 175, 75])
    np.testing.assert_allclose(boxes.xywh[2], [20, 20, 60, 10], rtol=1e-6)
    np.testing.assert_allclose(boxes.xyxyn[2], [-0.05, 0.15, 0.25, 0.25], atol=1e-7)
    assert len(boxes) == 4 and len(boxes.select([2, 0])) == 2
    assert boxes.select([2, 0]).class_id.tolist() == [0, 0]


def test_results_as_json_and_dict() -> None:
    assert json.loads(result().to_json()) == result().to_dict()
    assert [o["class_id"] for o in result().to_dict()["objects"]] == [0, 1, 0]


def test_plot_draws_in_class_colours_and_leaves_the_image_alone() -> None:
    one = result()
    drawn = one.plot()
    assert drawn.shape == one.image.shape and (drawn != one.image).any()
    assert (one.image == 128).all()


def test_save_writes_the_image(tmp_path: Path) -> None:
    result().save(tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 100


def test_supervision_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(DarknetError, match="pip install supervision"):
        result().to_supervision()


def test_supervision_gets_the_same_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = types.ModuleType("supervision")
    stand_in.Detections = lambda **columns: columns  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "supervision", stand_in)
    columns = result().to_supervision()
    np.testing.assert_array_equal(columns["xyxy"], result().boxes.xyxy)
    np.testing.assert_array_equal(columns["confidence"], result().boxes.confidence)
    assert columns["class_id"].tolist() == [0, 1, 0, 2]
    assert columns["data"]["class_name"].tolist() == ["cat", 'dog "big"', "cat", "dont_show"]
