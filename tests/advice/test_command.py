"""`advise` on a data set whose numbers are known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from support.sized_set import sized_set, two_heads

from darknet_py.advice import base_choice, device_memory
from darknet_py.advice.advice_report import Advice
from darknet_py.advice.advice_text import advice_text
from darknet_py.advice.command import advice
from darknet_py.errors import DarknetError, OutputError
from darknet_py.options.advising import AdviseOptions

IMAGES = {
    (640, 640): [(0, 0.125, 0.125), (0, 0.25, 0.25), (0, 0.5, 0.5), (1, 0.5, 0.125)],
    (320, 320): [(0, 0.5, 0.5), (0, 0.5, 0.5)] + 4 * [(0, 0.25, 0.25)],
    (100, 100): [],
}
"""At 64 x 64 one of ten objects is 8 x 8, five 16 x 16, three 32 x 32, one 32 x 8."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_memory, "free_on", lambda device: 2**36)
    monkeypatch.setattr(base_choice, "BASES", ("yolov4-tiny", "yolov4"))
    sized_set(tmp_path, IMAGES)
    two_heads(tmp_path, batch="batch=64")
    return tmp_path


def given(**choices: object) -> Advice:
    options = {"data": "n.data", "cfg": "n.cfg", "device": "cpu", **choices}
    return advice(AdviseOptions(**options))  # type: ignore[arg-type]


def test_what_the_data_set_holds() -> None:
    data = given().data
    assert (data.images, data.labels, data.classes, data.empty) == (3, 10, 2, 1)
    assert [dataclasses.astuple(row) for row in data.per_class] == [("ant", 9, 2), ("bee", 1, 1)]
    assert (data.typical, data.smallest, data.largest) == ((320, 320), (100, 100), (640, 640))


def test_the_objects_over_the_heads() -> None:
    objects = given().objects
    assert (objects.width, objects.height, objects.under_16) == (64, 64, 0.1)
    assert objects.sides == pytest.approx((11.6, 16, 32)), "8, 6 x 16, 3 x 32 by percentiles"
    heads = [(head.layer, head.line, head.stride, head.under_cell) for head in objects.heads]
    assert heads == [(1, 19, 8, 0), (4, 30, 16, 0.1)]


def test_how_the_anchors_fit() -> None:
    """32 x 8 overlaps 16 x 16 by a third, all others an anchor wholly; three are nearest to 32."""
    result = given()
    assert result.own_anchors.average_iou == pytest.approx((9 + 1 / 3) / 10)
    assert result.own_anchors.over_half == 0.9
    assert result.own_anchors.by_head == (0.7, 0.3)
    assert result.new_anchors is not None
    assert result.new_anchors.average_iou == pytest.approx((9 + 1 / 3) / 10, abs=0.05)


def test_only_what_should_change_is_named() -> None:
    result = given()
    assert [(change.line, change.key, change.old, change.new) for change in result.changes] == [
        (9, "max_batches", "500200", "6000"),
        (11, "steps", "400000,450000", "4800,5400"),
    ]
    assert result.changes[0].reason.startswith(
        "2000 for each of 2 classes, at least 6000 and the 3"
    )
    two_heads(Path(), batch="batch=64", max_batches="max_batches=12000")
    left = given()
    assert left.changes == (), "twice as long is left alone"
    assert left.command == ("darknet-py", "train", "n.data", "n.cfg"), "there is nothing to change"
    two_heads(Path(), batch="batch=64", max_batches="max_batches=5999")
    assert [change.key for change in given().changes] == ["max_batches", "steps"], "too short"


def test_a_cfg_for_other_data() -> None:
    """A wrong number of classes, anchors that fit nothing, a batch of one; mirrored classes."""
    sized_set(Path(), IMAGES, ("left", "right", "cow"))
    cfg = two_heads(Path())
    cfg.write_text(cfg.read_text().replace("8,8, 16,16, 32,32", "1,60, 2,60, 60,2"))
    result = given()
    new = {change.key: change.new for change in result.changes}
    assert new["classes"] == "3" and new["batch"] == "64" and new["flip"] == "0"
    assert new["anchors"].replace(" ", "").endswith(",16,16,32,32")
    reasons = {change.key: change.reason for change in result.changes}
    assert reasons["flip"] == "mirrored they would be others: left, right"
    assert reasons["anchors"].startswith("average IoU 9.4% -> ")
    first, second = (change.line for change in result.changes if change.key == "anchors")
    assert f"  line {second}: [yolo] anchors: as in line {first}\n" in advice_text(result)
    (added,) = [change for change in result.changes if change.old is None]
    assert (added.key, added.line) == ("flip", 2)


def test_a_larger_input_for_small_objects() -> None:
    sized_set(Path(), {(640, 640): [(0, 0.1, 0.1), (0, 0.2, 0.2), (1, 0.3, 0.3)]})
    result = given()
    assert (result.objects.under_16, result.advised_objects.under_16) == pytest.approx((2 / 3, 0))
    assert (result.advised_objects.width, result.advised_objects.height) == (160, 160)
    reason = "66.7% of the objects are under 16 x 16 pixels at 64 x 64, 0.0% at 160 x 160"
    assert {c.key: c.reason for c in result.changes}["width"] == reason


def test_objects_that_stay_small() -> None:
    """At most the images' own 64 pixels: a cfg with a finer head, then cut-outs and stride 4."""
    sized_set(Path(), {(64, 64): [(0, 0.1, 0.1), (0, 0.2, 0.2), (1, 0.3, 0.3)]})
    notes = given().notes
    assert any(note.startswith("66.7% of the objects are under 16 x 16 pixels") for note in notes)
    notes = given(cfg="yolov3", width=64, height=64).notes
    assert notes[-1].endswith("line 712: stride=2 -> 4; line 715: layers=-1,36 -> -1,11")
    notes = given(cfg="yolov4-tiny", width=64, height=64).notes
    assert "(stride 16): yolov4-tiny-3l and yolov4 have one of stride 8" in notes[-1]


def test_memory_decides_on_subdivisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_memory, "free_on", lambda device: 3_000_000)
    changes = {change.key: change for change in given().changes}
    assert changes["subdivisions"].new == "8"
    assert "for 8 images at once at 64 x 64" in changes["subdivisions"].reason
    monkeypatch.setattr(device_memory, "free_on", lambda device: 1000)
    assert any("too much even one by one" in note for note in given().notes)


def test_the_next_command_has_what_was_asked() -> None:
    words = "darknet-py new-cfg --base n.cfg --data n.data --device cpu --advise -o my.cfg"
    assert list(given().command) == words.split()
    asked = given(width=96, seed=3, nogpu=True, device=None).command
    words = "--width 96 --seed 3 --nogpu --advise"
    assert " ".join(asked[6:-2]) == words


def test_one_of_the_shipped_cfgs_without_one() -> None:
    result = given(cfg=None)
    text = advice_text(result)
    assert [base.name for base in result.bases if base.chosen] == ["yolov4-tiny"]
    assert result.base == "yolov4-tiny" and result.cfg.endswith("cfg/yolov4-tiny.cfg")
    tiny = result.bases[0]
    assert (tiny.width, tiny.height, tiny.finest_stride, tiny.under_cell) == (416, 416, 16, 0)
    assert tiny.bflops == pytest.approx(6.91, abs=0.01)
    line = "-> yolov4-tiny     416 x 416,    6.9 BFLOPs an image, finest stride 16 (0.0% of the"
    assert line in text


def test_words_and_json() -> None:
    result = given()
    text = advice_text(result)
    for part in (
        "n.data: 3 images, 10 labels, 2 classes (`darknet-py check n.data` lists what is wrong",
        "    ant: 9 in 2\n    bee: 1 in 1\n",
        "image sizes: typically 320 x 320, from 100 x 100 to 640 x 640",
        "5 % under 12, 5 % over 32; 10.0% under 16 x 16\n",
        "    layer 4 [yolo], stride 16: 10.0% are smaller than a cell",
        "  line 9: [net] max_batches=500200 -> 6000: 2000 for each of 2 classes",
        "note: 1 images have no labels",
        "next: darknet-py new-cfg --base n.cfg",
    ):
        assert part in text, part
    values = json.loads(result.to_json())
    assert values["data"]["per_class"][1] == {"name": "bee", "labels": 1, "images": 1}
    assert values["changes"][0]["key"] == "max_batches"
    assert values["memory"]["step"]["per_image"] == result.memory.step.per_image


def test_a_picture(here: Path) -> None:
    pytest.importorskip("matplotlib")
    given(show="s.png")
    assert (here / "s.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError, match=r"s.bmp: figures are drawn as \.png"):
        given(show="s.bmp", data="gone.data")


def test_what_has_no_anchors() -> None:
    with pytest.raises(DarknetError, match=r"has no head with anchors, it ends in \[softmax\]"):
        given(cfg="darknet19")
