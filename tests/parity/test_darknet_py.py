"""darknet.py's functions against what those of the forks returned, texts included."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from ctypes import POINTER, c_float, c_int, pointer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from darknet_py.compat import darknet
from darknet_py.compat.structures import DETECTION, DETECTIONS, IMAGE

pytestmark = pytest.mark.parity

MODELS = ("yolo-fastest-1.1", "MobileNetV2-YOLOv3-Nano-coco")
RUNS = {
    "detect_image_default": {},
    "detect_image_thresh_.25": {"thresh": 0.25},
    "detect_image_thresh_.1_nms_.3": {"thresh": 0.1, "nms": 0.3},
    "detect_image_thresh_.25_nms_None": {"thresh": 0.25, "nms": None},
}
PJREDDIES_RUNS = {
    "detect_default": {},
    "detect_thresh_.25": {"thresh": 0.25},
    "detect_thresh_.1_nms_.3": {"thresh": 0.1, "nms": 0.3},
    "detect_thresh_.25_nms_0": {"thresh": 0.25, "nms": 0},
}
SCORE, PIXELS = 2e-5, 2e-3
"""How near numbers are that C adds up in another order; boxes are of 320 pixels."""
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch, shared: Path, tmp_path: Path) -> Iterator[None]:
    """The .data file of the recordings, in a folder of its own."""
    names = (shared / "models" / "coco.names").read_bytes()
    (tmp_path / "coco.names").write_bytes(names)
    (tmp_path / "coco.data").write_text("classes=80\nnames=coco.names\n")
    monkeypatch.chdir(tmp_path)
    darknet.use_dialect("")
    darknet.set_gpu(-1)
    yield
    darknet.use_dialect("")


def recorded(shared: Path, name: str) -> Any:
    return json.loads((shared / "compat" / "darknet_py" / f"{name}.json").read_text())


def files(shared: Path, model: str) -> tuple[str, str]:
    return str(shared / "models" / f"{model}.cfg"), str(shared / "models" / f"{model}.weights")


def loaded(shared: Path, model: str, batch: int = 1) -> Any:
    cfg, weights = files(shared, model)
    random.seed(3)
    return darknet.load_network(cfg, "coco.data", weights, batch)


def resized(shared: Path, file: str, network: Any) -> np.ndarray:
    bgr = cv2.imread(str(shared / "models" / "images" / file))
    assert bgr is not None
    size = darknet.network_width(network), darknet.network_height(network)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def image_of(pixels: np.ndarray) -> IMAGE:
    height, width, channels = pixels.shape
    image = darknet.make_image(width, height, channels)
    darknet.copy_image_from_bytes(image, pixels.tobytes())
    return image


def require_rows(found: list[Any], expected: list[Any]) -> None:
    """Names and texts equal, numbers near, in one order.

    A text is a float32 rounded to two places: where that lies on the edge the last place of one row
    may be another, as it may between two builds of the C program.
    """
    assert len(found) == len(expected)
    on_edge = []
    for (name, score, box), (other, value, sides) in zip(found, expected, strict=True):
        near = pytest.approx(value, abs=SCORE) if isinstance(value, float) else value
        if isinstance(value, str) and score != value:
            on_edge.append((score, value))
            near = score
        assert (name, score) == (other, near)
        assert box == pytest.approx(sides, abs=PIXELS)
    assert len(on_edge) <= 1, on_edge
    for score, value in on_edge:
        assert float(score) == pytest.approx(float(value), abs=0.0101)


@pytest.mark.parametrize("model", MODELS)
def test_alexeyabs(shared: Path, model: str, capfd: pytest.CaptureFixture[str]) -> None:
    record = recorded(shared, f"alexeyab-{model}")
    network, names, colors = loaded(shared, model)
    load = record["load_network"]
    assert isinstance(network, int) and names == load["class_names"]
    assert {name: list(color) for name, color in colors.items()} == load["class_colors_seed3"]
    for one in record["images"]:
        pixels = resized(shared, one["file"], network)
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == one["resized_sha256"]
        image = image_of(pixels)
        assert [image.w, image.h, image.c] == one["image_fields"]
        assert image.data[:6] == one["image_data_head"]
        for key, options in RUNS.items():
            require_rows(darknet.detect_image(network, names, image, **options), one[key])
        found = darknet.detect_image(network, names, image, thresh=0.25)
        require_texts(found, one, capfd)
        assert [list(darknet.bbox2points(box)) for *_, box in found] == one["bbox2points"]
        drawn = darknet.draw_boxes(found, pixels, colors)
        assert hashlib.sha256(drawn.tobytes()).hexdigest() == one["draw_boxes_sha256"]


def require_texts(found: list[Any], one: Any, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    darknet.print_detections(found)
    assert capfd.readouterr().out == one["print_detections"]
    darknet.print_detections(found, True)
    assert capfd.readouterr().out == one["print_detections_coordinates"]


@pytest.mark.parametrize("model", MODELS)
def test_the_calls_inside_detect_image(shared: Path, model: str) -> None:
    low = recorded(shared, f"alexeyab-{model}")["low_level"]
    network, names, _ = loaded(shared, model)
    image = image_of(resized(shared, low["file"], network))
    darknet.predict_image(network, image)
    count = pointer(c_int(0))
    rows = darknet.get_network_boxes(network, image.w, image.h, 0.25, 0.5, None, 0, count, 0)
    assert count[0] == low["num"]
    require_fields(rows, low["boxes"], names)
    require_rows(darknet.remove_negatives(rows, names, count[0]), low["remove_negatives"])
    faster = darknet.remove_negatives_faster(rows, names, count[0])
    require_rows(faster, low["remove_negatives_faster"])
    darknet.do_nms_sort(rows, count[0], len(names), 0.45)
    require_fields(rows, low["after_do_nms_sort_.45"], names)


def require_fields(rows: DETECTIONS, expected: list[Any], names: list[str]) -> None:
    assert len(rows) == len(expected)
    for row, other in zip(rows, expected, strict=True):
        values = fields(row, names)
        assert values.pop("prob") == pytest.approx(other["prob"], abs=SCORE)
        for name in set(other) - {"prob", "sort_class"}:
            assert values[name] == pytest.approx(other[name], abs=PIXELS)


def fields(row: DETECTION, names: list[str]) -> dict[str, Any]:
    box = row.bbox
    return {
        "bbox": [box.x, box.y, box.w, box.h],
        "classes": row.classes,
        "best_class_idx": row.best_class_idx,
        "objectness": row.objectness,
        "prob": {name: row.prob[k] for k, name in enumerate(names) if row.prob[k] > 0},
        "points": row.points,
        "track_id": row.track_id,
    }


def test_a_batch(shared: Path) -> None:
    record = recorded(shared, "alexeyab-batch")
    network, names, _ = loaded(shared, MODELS[0], len(record["files"]))
    images = [resized(shared, file, network).transpose(2, 0, 1) for file in record["files"]]
    numbers = np.ascontiguousarray(np.stack(images), np.float32) / np.float32(255)
    for one in record["runs"]:
        width, height = one["image_width_height_passed"]
        image = IMAGE(width, height, 3, numbers.ctypes.data_as(POINTER(c_float)))
        pairs = darknet.network_predict_batch(
            network, image, len(images), width, height, one["thresh"], one["hier"], None, 0, 0
        )
        assert [pair.num for pair in pairs] == one["before_nms_num"]
        for pair, expected in zip(pairs, one["after_do_nms_obj_.45_remove_negatives"], strict=True):
            darknet.do_nms_obj(pair.dets, pair.num, len(names), 0.45)
            require_rows(darknet.remove_negatives(pair.dets, names, pair.num), expected)
        darknet.free_batch_detections(pairs, len(images))


@pytest.mark.parametrize("model", MODELS)
def test_pjreddies(shared: Path, model: str) -> None:
    record = recorded(shared, f"pjreddie-{model}")
    net = darknet.load_net(*(os.fsencode(file) for file in files(shared, model)), 0)
    meta = darknet.load_meta(b"coco.data")
    assert darknet.network_width(net) == record["network_width"]
    assert meta.classes == record["meta_classes"]
    for one in record["images"]:
        path = os.fsencode(shared / "models" / "images" / one["file"])
        for key, options in PJREDDIES_RUNS.items():
            found = darknet.detect(net, meta, path, **options)
            require_rows([(name.decode(), *rest) for name, *rest in found], one[key])
            assert [type(part) for part in found[0]] == [bytes, float, tuple]


SCRIPT = """
import os
import random
import sys
import cv2
import darknet

image_list, thresh, coordinates = sys.argv[1].split(","), float(sys.argv[2]), sys.argv[3] == "yes"
random.seed(3)
network, names, colors = darknet.load_network(
    "yolo-fastest-1.1.cfg", "coco.data", "yolo-fastest-1.1.weights", batch_size=1
)
for path in image_list:
    width, height = darknet.network_width(network), darknet.network_height(network)
    image = darknet.make_image(width, height, 3)
    rgb = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    darknet.copy_image_from_bytes(image, small.tobytes())
    found = darknet.detect_image(network, names, image, thresh=thresh)
    darknet.free_image(image)
    darknet.print_detections(found, coordinates)
    print("FPS: #")
"""
STDOUTS = {
    "darknet_images-inputimages000000000139png": ("000000000139", "0.25", "no"),
    "darknet_images-inputimages000000000724pngthresh5": ("000000000724", "0.5", "no"),
    "darknet_images-inputlisttxtextoutputsavelabels": ("000000000139,000000000785", ".25", "yes"),
}


@pytest.mark.parametrize("name", STDOUTS)
def test_what_a_script_like_darknet_images_prints(shared: Path, name: str, tmp_path: Path) -> None:
    expected = (shared / "compat" / "darknet_py" / f"{name}.txt").read_text()
    for ending in ("cfg", "weights"):
        file = f"{MODELS[0]}.{ending}"
        (tmp_path / file).write_bytes((shared / "models" / file).read_bytes())
    (tmp_path / "script.py").write_text(SCRIPT)
    numbers, *words = STDOUTS[name]
    images = [str(shared / "models" / "images" / f"{one}.png") for one in numbers.split(",")]
    command = [sys.executable, "-m", "darknet_py.compat", "script.py", ",".join(images), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("DARKNET_PY_LOG_STYLE")
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == without_processor(expected.partition("\n")[2], done.stdout)


def without_processor(expected: str, found: str) -> str:
    """What C says of the processor it ran on is what is said here of this one."""
    line = r"(?m)^ (?:Used|Not used) .*\n"
    here = "".join(re.findall(line, found))
    return re.sub(rf"(?:{line[4:]})+", here, expected, count=1, flags=re.MULTILINE)
