"""-show_imgs: the images that training gets, as files with AlexeyAB's names."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support import small_classifier, small_detector

from darknet_py.data.loader import Batch, SampleKey
from darknet_py.distributed.context import DistributedContext
from darknet_py.options.training import SHOWN_ITERATIONS, DetectorTrainOptions
from darknet_py.train.command import run
from darknet_py.train.tasks.detection_task import open_detection
from darknet_py.train.tasks.shown_images import BOX_COLOUR, ShownImages


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of_detector(folder: Path, **choices: object) -> DetectorTrainOptions:
    return small_detector.small_options(folder, show_imgs=True, **choices)  # type: ignore[arg-type]


def test_every_image_of_the_first_iterations_has_a_file(here: Path) -> None:
    assert SHOWN_ITERATIONS == 4
    assert run(of_detector(here, max_batches=6)) == 0
    names = {path.name for path in here.glob("aug_*.jpg")}
    assert names == {f"aug_{n // 8 + 1}_{n % 8}_{n}.jpg" for n in range(32)}


def test_a_run_that_goes_on_shows_its_own_images(here: Path) -> None:
    run(small_detector.small_options(here, max_batches=9, iterations=5))
    assert not list(here.glob("aug_*"))
    run(of_detector(here, max_batches=9, resume=True, iterations=1))
    assert {path.name for path in here.glob("aug_*")} == {
        f"aug_6_{n}_{40 + n}.jpg" for n in range(8)
    }


def test_boxes_lie_where_the_labels_are(here: Path) -> None:
    ready = open_detection(of_detector(here), DistributedContext(), torch.device("cpu"))
    next(ready.task.batches(1))
    (image,) = [cv2.imread(str(path)) for path in here.glob("aug_1_0_0.jpg")]
    shown = ready.task.shown  # type: ignore[attr-defined]
    grey, label = np.full((40, 80, 3), 60, np.uint8), np.zeros(90 * 5, np.float32)
    label[:5] = 0.5, 0.5, 0.5, 0.25, 1
    drawn = shown.kind.drawn(grey, label[: ready.task.source.config.boxes * 5])  # type: ignore[attr-defined]
    rows, columns = np.nonzero((drawn == BOX_COLOUR).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (15, 25, 20, 60)
    assert len(rows) == 2 * (41 + 11) - 4, "one pixel wide"
    assert (grey == 60).all() and image.shape == (32, 32, 3)


def test_classes_are_said_of_a_classifiers_images(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert run(small_classifier.small_options(here, max_batches=1, show_imgs=True)) == 0
    names = sorted(path.name for path in here.glob("aug_*.jpg"))
    assert len(names) == 24
    lines = [line for line in caplog.messages if line.startswith("aug_")]
    assert [line.partition(":")[0] for line in lines] == sorted(
        names, key=lambda n: int(n.split("_")[1])
    )
    for line in lines:
        # The name of the image holds its class.
        match = re.fullmatch(r"aug_(\d+)_(\w+)_(\d+)\.jpg: (\w+) 1", line)
        assert match and match[1] == match[3] and match[4] in match[2], line


def test_a_folder_that_cannot_be_written_to_is_no_end(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Elsewhere:
        def name(self, step: int, index: int, key: SampleKey) -> str:
            return f"gone/{index}"

        def drawn(self, image: np.ndarray, truth: np.ndarray) -> np.ndarray:
            return image

        def told(self, truth: np.ndarray) -> str:
            return ""

    (here / "aug_gone").write_text("a file where the folder would be")
    shown = ShownImages(Elsewhere())
    batch = Batch(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), torch.zeros(2, 5), ())
    for step in (1, 2):
        shown.add(step, [SampleKey(0, 8, 8), SampleKey(1, 8, 8)], batch)
    (line,) = caplog.messages
    assert "no more images of -show_imgs are written" in line
