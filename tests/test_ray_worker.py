"""Batches as Ray Data hands them over, and Ray itself where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.labelled import FIRST, SECOND, data_set

from darknet_py.detect.load_detector import load
from darknet_py.errors import ArgumentError, DataError
from darknet_py.images.io import read_image
from darknet_py.ray_worker import DetectBatch, ragged

CALL = {"thresh": 0.01}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def worker(**call: Any) -> DetectBatch:
    return DetectBatch("n.cfg", "n.weights", call=CALL | call)


def batches() -> dict[str, np.ndarray]:
    paths = [FIRST, SECOND]
    images = [cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB) for path in paths]
    return {
        "path": np.array(paths, object),
        "bytes": np.array([Path(path).read_bytes() for path in paths], object),
        "image": ragged(images),
    }


@pytest.mark.parametrize("column", ["path", "bytes", "image"])
def test_each_column_gives_the_boxes_of_the_detector(here: Path, column: str) -> None:
    batch = {column: batches()[column], "key": np.array([7, 8])}
    made = worker()(batch)
    assert list(made) == [column, "key", "boxes", "scores", "classes", "error"]
    assert made["key"] is batch["key"] and made["error"].tolist() == ["", ""]
    expected = [load("n.cfg", "n.weights")(path, thresh=0.01) for path in (FIRST, SECOND)]
    assert all(len(result) for result in expected)
    for number, result in enumerate(expected):
        assert np.array_equal(made["boxes"][number], result.boxes.xyxy.astype(np.float32))
        assert np.array_equal(made["scores"][number], result.boxes.confidence)
        assert np.array_equal(made["classes"][number], result.boxes.class_id)
        assert made["boxes"][number].dtype == np.float32
        assert made["classes"][number].dtype == np.int64


def test_bytes_count_before_the_path_they_came_from(here: Path) -> None:
    batch = batches()
    batch["path"] = np.array(["s3://bucket/a.png", "s3://bucket/b.png"], object)
    del batch["image"]
    assert worker()(batch)["error"].tolist() == ["", ""]


def test_images_that_cannot_be_read_have_a_reason_and_no_boxes(here: Path) -> None:
    paths = np.array(["gone.png", FIRST, "n.cfg", SECOND, "gone2.png"], object)
    made = worker()({"path": paths})
    bad = [text.split(":")[0] for text in made["error"]]
    assert bad == ["gone.png", "", "n.cfg", "", "gone2.png"]
    lengths = [len(boxes) for boxes in made["boxes"]]
    assert [bool(length) for length in lengths] == [False, True, False, True, False]
    assert [len(scores) for scores in made["scores"]] == lengths
    assert made["boxes"][0].shape == (0, 4)


def test_only_the_classes_that_are_wanted(here: Path) -> None:
    plain, some = (worker(**call)(batches()) for call in ({}, {"classes": [0]}))
    assert {int(number) for numbers in plain["classes"] for number in numbers} > {0}
    assert {int(number) for numbers in some["classes"] for number in numbers} == {0}


def test_a_batch_of_nothing(here: Path) -> None:
    made = worker()({"path": np.array([], object)})
    assert [len(column) for column in made.values()] == [0] * 5


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"x": np.zeros(1)}, "has x; expected a column image or bytes or path"),
        ({"path": np.zeros(1), "boxes": np.zeros(1)}, "has a column boxes already"),
        ({"bytes": np.array(["a"], object)}, "column bytes holds str"),
    ],
)
def test_batches_that_cannot_be(here: Path, batch: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(DataError, match=said):
        worker()(batch)


def test_words_that_no_call_has(here: Path) -> None:
    with pytest.raises(ArgumentError, match="call: threshold is not known; expected some of thr"):
        worker(threshold=0.5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("column", ["bytes", "image"])
def test_on_a_local_cluster(here: Path, column: str) -> None:
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    cfg = {"cfg": str(here / "n.cfg"), "weights": str(here / "n.weights"), "call": CALL}
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
    try:
        values = batches()[column]
        rows = [{"key": number, column: values[number % 2]} for number in range(6)]
        made = ray.data.from_items(rows).map_batches(
            DetectBatch, fn_constructor_kwargs=cfg, batch_size=2, concurrency=1
        )
        taken = sorted(made.take_all(), key=lambda row: row["key"])
    finally:
        ray.shutdown()
    assert [row["key"] for row in taken] == list(range(6))
    detector = load("n.cfg", "n.weights")
    for row in taken:
        path = (FIRST, SECOND)[row["key"] % 2]
        result = detector(read_image(path)[:, :, ::-1].copy(), thresh=0.01)
        np.testing.assert_allclose(row["boxes"], result.boxes.xyxy, rtol=1e-5)
        assert row["classes"].tolist() == result.boxes.class_id.tolist()
