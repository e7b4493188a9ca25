"""Results of one image: rows, words, JSON, arrays' other names."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.small_result import result, tracked

from darknet_py.detect.result_boxes import DetectedBox
from darknet_py.images import display


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


def test_results_as_json_and_dict() -> None:
    assert json.loads(result().to_json()) == result().to_dict()
    assert [o["class_id"] for o in result().to_dict()["objects"]] == [0, 1, 0]
    assert result().to_dict()["frame_id"] == 1
    assert [o["track_id"] for o in tracked().to_dict()["objects"]] == [7, 7, 0]


def test_iteration_goes_over_rows() -> None:
    rows = list(result())
    assert [(row.name, row.class_id) for row in rows] == [
        ("cat", 0),
        ('dog "big"', 1),
        ("cat", 0),
        ("dont_show", 2),
    ]
    assert rows[1] == DetectedBox(
        'dog "big"', 1, float(np.float32(0.906)), (125, 25, 175, 75), (0.75, 0.5, 0.25, 0.5)
    )
    assert [row.track_id for row in tracked()] == [7, 7, 0, 2]
    assert type(rows[1].xyxy[0]) is float and type(tracked()[0].track_id) is int


def test_rows_by_their_number() -> None:
    one = result()
    assert one[1] == list(one)[1] and one[-1] == list(one)[3] and one[np.int64(2)] == list(one)[2]
    with pytest.raises(IndexError):
        one[4]
    with pytest.raises(TypeError):
        one[0:2]  # type: ignore[index]


def test_some_rows_are_a_result_of_the_same_image() -> None:
    one = result()
    cats = one.select(one.boxes.class_id == 0)
    assert [row.confidence for row in cats] == pytest.approx([0.4, 0.5])
    assert cats.image is one.image and (cats.path, cats.milliseconds) == ("a/dog.jpg", 12.3)
    assert len(one.select(slice(3))) == 3 and one.select(2)[0] == one[2]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 'a/dog.jpg: 200x100, 1 x cat, 1 x dog "big", 12.3 ms'),
        ({"path": "", "milliseconds": 0.04}, 'image: 200x100, 1 x cat, 1 x dog "big", 0.0 ms'),
        (
            {"path": "a.mp4", "frame": 17, "time": 0.5667},
            'a.mp4 frame 17 at 0.57 s: 200x100, 1 x cat, 1 x dog "big", 12.3 ms',
        ),
        (
            {"path": "", "frame": 2, "time": 0.0},
            'frame 2 at 0.00 s: 200x100, 1 x cat, 1 x dog "big", 12.3 ms',
        ),
    ],
)
def test_the_first_line_is_about_the_image(changes: dict[str, object], expected: str) -> None:
    assert str(replace(result(), **changes)).split("\n")[0] == expected  # type: ignore[arg-type]


def test_then_comes_a_line_for_each_box() -> None:
    assert str(result()).split("\n")[1:] == [
        '  dog "big": 0.91 (or cat: 0.40) from (125, 25) to (175, 75)',
        "  cat: 0.50 from (-10, 15) to (50, 25)",
    ]
    assert str(tracked()).split("\n")[1:] == [
        '  dog "big" #7: 0.91 (or cat #7: 0.40) from (125, 25) to (175, 75)',
        "  cat: 0.50 from (-10, 15) to (50, 25)",
    ]


def test_lines_about_few_and_many() -> None:
    one = result()
    assert str(one.select([])) == "a/dog.jpg: 200x100, no objects, 12.3 ms"
    assert str(one.select([3])) == "a/dog.jpg: 200x100, no objects, 12.3 ms"
    alike = str(replace(one, boxes=replace(one.boxes, box=np.arange(4)))).split("\n")
    assert '2 x cat, 1 x dog "big", 12.3' in alike[0]
    assert [line.split(":")[1][:5] for line in alike[1:]] == [" 0.91", " 0.50", " 0.40"]


def test_a_result_can_be_sent_and_copied() -> None:
    for other in (pickle.loads(pickle.dumps(tracked())), copy.deepcopy(tracked())):
        assert str(other) == str(tracked()) and other.summary() == tracked().summary()
        assert (other.image == tracked().image).all() and list(other) == list(tracked())


def test_a_short_repr_without_arrays() -> None:
    assert repr(result()) == "Result('a/dog.jpg', frame=0, 200x100, 4 rows)"
    assert repr(result().boxes) == "Boxes(4 rows, 200x100)"


def test_names_known_from_ultralytics() -> None:
    one = result()
    assert one.orig_img is one.image and one.orig_shape == one.image.shape[:2] == (100, 200)
    assert one.names[1] == 'dog "big"'
    assert one.boxes.conf is one.boxes.confidence and one.boxes.cls is one.boxes.class_id
    assert one.boxes.id is None and tracked().boxes.id is not None


def test_summary_has_ultralytics_keys() -> None:
    rows = tracked().summary()
    assert rows[1] == {
        "name": 'dog "big"',
        "class": 1,
        "confidence": 0.906,
        "box": {"x1": 125.0, "y1": 25.0, "x2": 175.0, "y2": 75.0},
        "track_id": 7,
    }
    assert json.loads(json.dumps(rows)) == rows
    (small, *_) = result().summary(normalize=True, decimals=1)
    assert small["box"] == {"x1": 0.6, "y1": 0.2, "x2": 0.9, "y2": 0.8}
    assert "track_id" not in small


def test_plot_draws_in_class_colours_and_leaves_the_image_alone() -> None:
    one = result()
    drawn = one.plot()
    assert drawn.shape == one.image.shape and (drawn != one.image).any()
    assert (one.image == 128).all()


def test_save_writes_the_image(tmp_path: Path) -> None:
    result().save(tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 100


def test_a_result_is_shown_with_its_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[np.ndarray, str]] = []
    monkeypatch.setattr(display, "show_until_closed", lambda *given: shown.append(given))
    result("a/dog.jpg").show()
    ((image, title),) = shown
    assert title == "a/dog.jpg" and (image == result().plot()).all()
