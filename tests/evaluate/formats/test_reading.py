"""Result files of every form read back, those of earlier versions, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.formats.reading import BoxTable, read_results


def test_files_of_valid_are_read(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(
        '[{"image_id": 7, "category_id": 18, "bbox": [10, 20, 30, 40], "score": 0.5}]'
    )
    (tmp_path / "b.json").write_text(
        '[{"name": "x", "category": "dog", "bbox": [10, 20, 40, 60], "score": 0.5}]'
    )
    coco, bdd = read_results(tmp_path / "c.json"), read_results(tmp_path / "b.json")
    assert isinstance(coco, BoxTable) and isinstance(bdd, BoxTable)
    assert coco.boxes.tolist() == bdd.boxes.tolist() == [[25, 40, 30, 40]]
    assert (coco.image, coco.name, bdd.image, bdd.name) == (
        *(("7",), ("category 18",)),
        *(("x",), ("dog",)),
    )


def test_files_of_detect_are_read(tmp_path: Path) -> None:
    coordinates = {"center_x": 0.5, "center_y": 0.25, "width": 0.1, "height": 0.2}
    dog = {"name": "dog", "confidence": 0.9, "relative_coordinates": coordinates}
    entries = [
        {"frame_id": 1, "filename": "a.jpg", "objects": [dog]},
        {"frame_id": 2, "objects": []},
    ]
    (tmp_path / "d.json").write_text(json.dumps(entries))
    table = read_results(tmp_path / "d.json")
    assert isinstance(table, BoxTable)
    assert (table.unit, table.images, table.image) == (
        "shares of the image",
        ("a.jpg", "2"),
        ("a.jpg",),
    )
    assert (table.name, table.score.tolist()) == (("dog",), [0.9])
    assert table.boxes.tolist() == [[0.5, 0.25, 0.1, 0.2]]


def test_metrics_of_earlier_versions_have_the_keys_of_today(tmp_path: Path) -> None:
    written = {"mAP": 0.5, "classes": [], "computed_with": {"pictures": 128, "nms": 0.45}}
    (tmp_path / "m.json").write_text(json.dumps(written))
    metrics = read_results(tmp_path / "m.json")
    assert metrics == written | {"computed_with": {"images": 128, "nms": 0.45}}
    assert list(metrics["computed_with"]) == ["images", "nms"], "in their order"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone.json: cannot be read"):
        read_results(tmp_path / "gone.json")


BAD = {
    "{": "is no JSON",
    '{"a": 1}': "is no result file, expected what detect -out",
    '[{"a": 1}]': "is no result file",
    '[{"frame_id": 1, "objects": [{"name": "dog"}]}]': "object 1, confidence: read nothing",
    '[{"image_id": 1, "category_id": 1, "bbox": [1, 2], "score": 1}]': "entry 1, bbox: read [1, 2]",
    '[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, NaN], "score": 1}]': "bbox: read [1, 2, ",
    '[{"name": 1, "bbox": [1, 2, 3, 4], "category": "x", "score": "y"}]': 'score: read "y"',
    '[{"frame_id": 1, "objects": []}, {"frame_id": 2, "objects": [[]]}]': "2, objects, object 1:",
    '[{"frame_id": 1, "objects": null}]': "entry 1, objects: read null, expected a list, each obj",
    '[{"frame_id": 1, "objects": [], "filename": 5}]': "filename: read 5, expected a text",
    '{"mAP": 0, "classes": [], "computed_with": 1e308}': "computed_with: read 1e+308, expected an",
    '{"mAP": 0, "classes": [], "computed_with": {}, "FN": []}': "FN: read [], expected a finite",
    '{"mAP": 0, "classes": [{"name": "a"}], "computed_with": {}}': "class 1, ap: read nothing, exp",
    "[" * 100_000: "is no JSON",
}


@pytest.mark.parametrize("text", BAD)
def test_files_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError) as caught:
        read_results(tmp_path / "a.json")
    assert "a.json" in str(caught.value) and BAD[text] in str(caught.value)
