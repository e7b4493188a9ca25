"""The functions of darknet.py as scripts of each dialect call them."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import size_free_classifier
from support.shapes_network import (
    CFG,
    DATA,
    NAMES,
    PICTURE,
    WEIGHTS,
    detected,
    network_image,
    require_same,
)

from darknet_py.compat import darknet
from darknet_py.compat.structures import METADATA
from darknet_py.errors import DarknetError, ImageError

FILES = {"configPath": CFG, "weightPath": WEIGHTS, "metaPath": DATA}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(DATA).parent.parent)


def test_todays_detect_image() -> None:
    network, names, _ = darknet.load_network(CFG, DATA, WEIGHTS)
    image = darknet.load_image(PICTURE, 0, 0)
    found = darknet.detect_image(network, names, image, thresh=0.25)
    assert type(found) is list and len(found) == 8
    texts = [percent for _, percent, _ in found]
    assert texts == sorted(texts) and texts[0] == "89.75"
    rows = sorted(((name, float(p) / 100, box) for name, p, box in found), key=lambda row: -row[1])
    for row, other in zip(rows, detected("alexeyab", thresh=0.25), strict=True):
        assert row[0] == other[0] and row[1] == pytest.approx(other[1], abs=6e-5)
        assert row[2] == pytest.approx(other[2], abs=1e-2)
    name, percent, box = found[0]
    assert (type(name), type(percent), type(box), type(box[0])) == (str, str, tuple, float)


def test_percents_are_in_the_order_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", score, (0.0, 0.0, 1.0, 1.0)) for score in (0.2, 1.0, 0.091, 0.105)]
    monkeypatch.setattr(darknet, "boxes_found", lambda *_: rows)
    network = darknet.load_net_custom(CFG, WEIGHTS, 0, 1)
    found = darknet.detect_image(network, ["a"], darknet.make_image(1, 1, 3))
    assert [percent for _, percent, _ in found] == ["10.5", "100.0", "20.0", "9.1"]


@pytest.mark.parametrize("nms", [None, 0])
def test_without_suppression_all_boxes_stay(nms: float | None) -> None:
    network, names, _ = darknet.load_network(CFG, DATA, WEIGHTS)
    found = darknet.detect_image(network, names, network_image(network), nms=nms)
    assert len(found) > 2 * len(darknet.detect_image(network, names, network_image(network)))


def test_only_classes_with_a_name_are_given() -> None:
    network, names, _ = darknet.load_network(CFG, DATA, WEIGHTS)
    found = darknet.detect_image(network, names[:2], network_image(network))
    assert found and {row[0] for row in found} <= set(NAMES[:2])


def test_pjreddies_detect() -> None:
    net = darknet.load_net(os.fsencode(CFG), os.fsencode(WEIGHTS), 0)
    meta = darknet.load_meta(os.fsencode(DATA))
    wide = os.fsencode(DATA.replace("shapes.data", "scene.jpg"))
    for path in (os.fsencode(PICTURE), wide):
        found = darknet.detect(net, meta, path, thresh=0.3)
        limits = {"thresh": 0.3, "nms": 0.45}
        expected = detected("pjreddie", os.fsdecode(path), "objectness", True, **limits)
        assert [type(part) for part in found[0]] == [bytes, float, tuple] and len(found) > 3
        require_same([(n.decode(), p, box) for n, p, box in found], expected, 1e-2)


def test_detect_before_2020_04(capfd: pytest.CaptureFixture[str]) -> None:
    meta = darknet.load_meta(os.fsencode(DATA))
    expected = detected("alexeyab", thresh=0.3)
    for net, extra in (
        (darknet.load_net_custom(CFG, WEIGHTS, 0, 1), {}),
        (darknet.load_net(CFG, WEIGHTS, 0), {"debug": False}),
    ):
        found = darknet.detect(net, meta, os.fsencode(PICTURE), thresh=0.3, **extra)
        require_same([(n.decode(), p, box) for n, p, box in found], expected, 1e-2)
    assert capfd.readouterr().out == ""
    darknet.detect(net, meta, os.fsencode(PICTURE), debug=True)
    done = ["Loaded image", "did prediction", "Got dets", "did sort", "did range"]
    assert capfd.readouterr().out.splitlines() == done


def test_detect_image_before_2020_04() -> None:
    net, meta = darknet.load_net(CFG, WEIGHTS, 0), darknet.load_meta(DATA)
    image = darknet.load_image(PICTURE, 0, 0)
    found = darknet.detect_image(net, meta, image, 0.3, 0.5, 0.45, False)
    require_same(found, detected("alexeyab", thresh=0.3), 1e-2)
    darknet.altNames = [name.upper() for name in NAMES]
    again = darknet.detect_image(net, meta, image, 0.3)
    assert [row[0] for row in again] == [row[0].upper() for row in found]


def test_wrong_arguments() -> None:
    network, names, _ = darknet.load_network(CFG, DATA, WEIGHTS)
    image = network_image(network)
    with pytest.raises(TypeError, match="class_names: expected a list of names or load_meta's"):
        darknet.detect_image(network, "dog", image)
    with pytest.raises(TypeError, match="image: expected what make_image, load_image or IMAGE"):
        darknet.detect_image(network, names, np.zeros((4, 4, 3), np.uint8))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="thresh: expected a number, got str"):
        darknet.detect_image(network, names, image, thresh="0.5")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="meta: expected what load_meta returned, got list"):
        darknet.detect(network, names, PICTURE)  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="none.jpg: no such file"):
        darknet.detect(network, darknet.load_meta(DATA), b"none.jpg")


def test_classify(tmp_path: Path) -> None:
    network = size_free_classifier.network(tmp_path)
    network.save_weights(tmp_path / "c.weights")
    files = network.graph.path, str(tmp_path / "c.weights")
    count = network.graph.nodes[network.graph.last].out.size
    meta = METADATA(count, [f"class {number}" for number in range(count)])
    image = darknet.load_image(PICTURE, 0, 0)
    for net in (darknet.load_net(*files, 0), darknet.load_net_custom(*files, 0, 1)):
        rows = darknet.classify(net, meta, image)
        scores = [score for _, score in rows]
        assert scores == sorted(scores, reverse=True) and len(rows) == count
        values = darknet.predict_image(net, image)
        assert dict(rows) == {name: values[k] for k, name in enumerate(meta.names)}
    with pytest.raises(DarknetError, match=f"has {count + 1} classes, the network has {count} out"):
        darknet.classify(net, METADATA(count + 1, ["x"] * (count + 1)), image)


def test_perform_detect(capsys: pytest.CaptureFixture[str]) -> None:
    assert darknet.performDetect(PICTURE, 0.3, **FILES, initOnly=True) is None
    loaded = darknet.netMain
    assert isinstance(loaded, int) and darknet.metaMain.classes == 8
    assert darknet.altNames == NAMES
    assert capsys.readouterr().out == "Initialized detector\n"
    found = darknet.performDetect(PICTURE, 0.3, **FILES, showImage=False)
    assert darknet.netMain is loaded
    require_same(found, detected("alexeyab", thresh=0.3), 1e-2)
    answer = darknet.performDetect(PICTURE, 0.3, **FILES, makeImageOnly=True)
    assert answer["detections"] == found and answer["image"].shape == (416, 416, 3)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "*** 8 Results, color coded by confidence ***",
        *answer["caption"].split("\n<br/>"),
    ]
    assert lines[1] == "crescent: 100.0%"


def test_perform_detect_without_a_window(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    answer = darknet.performDetect(PICTURE, 0.3, **FILES)
    assert type(answer) is list and len(answer) == 8
    assert "Unable to show image: no window: no display" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"thresh": 1}, "thresh: expected a number between 0 and 1, got 1"),
        ({"configPath": "none.cfg"}, "Invalid config path `.*none.cfg`"),
        ({"weightPath": "none.weights"}, "Invalid weight path `.*none.weights`"),
        ({"metaPath": "none.data"}, "Invalid data file path `.*none.data`"),
        ({"imagePath": "none.jpg"}, "Invalid image path `.*none.jpg`"),
    ],
)
def test_what_perform_detect_refuses(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        darknet.performDetect(**({"imagePath": PICTURE, "thresh": 0.3} | FILES | changed))


def test_perform_batch_detect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [PICTURE, PICTURE.replace("-1", "-2")]
    names = tmp_path / "data"
    names.mkdir()
    (names / "shapes.names").write_text("\n".join(NAMES))
    (tmp_path / "shapes.data").write_text("classes=8\nnames=data/shapes.names\n")
    monkeypatch.chdir(tmp_path)
    files = {"configPath": CFG, "weightPath": WEIGHTS, "metaPath": "shapes.data"}
    boxes, scores, classes = darknet.performBatchDetect(0.3, **files, batch_size=2, images=paths)
    assert [len(column) for column in (boxes, scores, classes)] == [2, 2, 2]
    assert len(boxes[0]) == len(scores[0]) == len(classes[0]) == 8
    found = detected("alexeyab", kind="objectness", thresh=0.3)
    for box, label, row in zip(boxes[0], classes[0], by_place(found, boxes[0]), strict=True):
        assert NAMES[label] == row[0]
        x, y, w, h = row[2]
        edges = (y - h / 2, x - w / 2, y + h / 2, x + w / 2)
        assert box == pytest.approx(edges, abs=4)  # resized to the nearest pixels
    assert (tmp_path / "shapes-1.jpg").is_file() and (tmp_path / "shapes-2.jpg").is_file()
    with pytest.raises(ValueError, match="expected batch_size=3 images of one size, got 2 of 1"):
        darknet.performBatchDetect(0.3, **files, batch_size=3, images=paths)


def by_place(rows: list[Any], boxes: list[Any]) -> list[Any]:
    """For each box (top, left, bottom, right) the row whose centre is nearest."""

    def distance(row: Any, box: Any) -> float:
        top, left, bottom, right = box
        x, y, *_ = row[2]
        return abs(x - (left + right) / 2) + abs(y - (top + bottom) / 2)

    return [min(rows, key=lambda row: distance(row, box)) for box in boxes]


def test_a_star_import_brings_all_names() -> None:
    names: dict[str, Any] = {}
    exec("from darknet_py.compat.darknet import *", names)
    assert set(darknet.__all__) <= set(names)
    public = {name for name in vars(darknet) if not name.startswith("_")}
    assert {"performDetect", "POINTER", "c_float", "IMAGE", "class_colors"} <= public
    random.seed(2)
    assert names["sample"]([0, 1]) == 1
