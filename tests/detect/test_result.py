"""Results of one image: boxes in every form, JSON, drawing, supervision."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from support.small_result import result

from darknet_py.errors import DarknetError


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
    assert result().to_dict()["frame_id"] == 1


def test_plot_draws_in_class_colours_and_leaves_the_image_alone() -> None:
    one = result()
    drawn = one.plot()
    assert drawn.shape == one.image.shape and (drawn != one.image).any()
    assert (one.image == 128).all()


def test_hidden_classes_are_in_no_label(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr("darknet_py.images.draw.draw", lambda *a: drawn.extend(a[2]))
    result().plot()
    assert drawn == ["cat: 0.50", 'dog "big": 0.91, cat']
    assert len(result().best()) == 2 and result().best(hidden=True) == [3, 1]


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
