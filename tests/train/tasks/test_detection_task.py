"""Training of detection networks: its .data file, its images in memory, when -map measures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.small_detector import small_options
from support.tiny_detector import save

from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.sample_images import SampleImages
from darknet_py.data import detection_samples
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.distributed.context import DistributedContext
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError, DataError, OutputError
from darknet_py.evaluate import map as evaluation
from darknet_py.evaluate import preview_page
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train import Trainer
from darknet_py.train.command import run
from darknet_py.train.tasks.detection_task import MapMetric, open_detection
from darknet_py.train.tasks.image_task import ImageTask


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("train=", "untrain="), "small.data: has no train="),
        (("train.txt", "nothing.txt"), "nothing.txt: no such file"),
        (("names=", "names=no"), "no such file"),
    ],
)
def test_a_data_file_that_does_not_fit(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    options = small_options(tmp_path, evaluates=True)
    Path(options.data).write_text(Path(options.data).read_text().replace(*change, 1))
    with pytest.raises(DataError, match=message):
        run(options)


def test_images_in_memory_are_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, *how: bool) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(detection_samples, "open_reducible", refuse)
    assert run(small_options(tmp_path, max_batches=3, cache=True)) == 0
    with pytest.raises(AssertionError, match="was opened"):
        run(small_options(tmp_path, max_batches=3))


@pytest.mark.parametrize(
    ("every", "burn_in", "update", "last", "due"),
    [
        (40, 0, 99, 0, False),
        (40, 0, 100, 0, True),
        (400, 0, 399, 0, False),
        (400, 0, 400, 0, True),
        (400, 0, 1399, 1000, False),
        (400, 0, 1400, 1000, True),
        (40, 1000, 999, 0, False),
        (40, 1000, 1000, 0, True),
    ],
)
def test_when_map_is_due(every: int, burn_in: int, update: int, last: int, due: bool) -> None:
    assert MapMetric([], [], every, burn_in).is_due(update, last) is due


def test_classes_without_names_are_numbers(tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=1, evaluates=True)
    data = Path(options.data)
    lines = data.read_text().splitlines()
    data.write_text("\n".join(line for line in lines if not line.startswith("names=")))
    metric = open_detection(options, DistributedContext(), torch.device("cpu")).metric
    assert isinstance(metric, MapMetric)
    assert metric.names == [str(number) for number in range(8)]
    assert (metric.every, metric.burn_in, metric.thresh) == (4, 5, 0.25)


def test_names_of_another_number_than_the_classes(tmp_path: Path) -> None:
    options = small_options(tmp_path, evaluates=True)
    (tmp_path / "two.names").write_text("a\nb\n")
    text = Path(options.data).read_text()
    Path(options.data).write_text(re.sub("names=.*", f"names={tmp_path}/two.names", text))
    metric = open_detection(options, DistributedContext(), torch.device("cpu")).metric
    assert isinstance(metric, MapMetric)
    assert metric.names == ["a", "b", *map(str, range(2, 8))]


def with_valid(folder: Path, *images: str, **choices: Any) -> DetectorTrainOptions:
    """-map on a list of these images of the folder."""
    options = small_options(folder, max_batches=1, evaluates=True, **choices)
    (folder / "valid.txt").write_text("".join(f"{folder}/{name}\n" for name in images))
    text = Path(options.data).read_text()
    Path(options.data).write_text(re.sub("valid=.*", f"valid={folder}/valid.txt", text))
    return options


def test_the_images_to_evaluate_are_looked_at_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path, "a.png", "b.png")
    (tmp_path / "a.txt").write_text("0 .5 .5 .3 .3\n")
    assert run(with_valid(tmp_path, "a.png", "b.png", "gone.png")) == 0
    printed = capsys.readouterr().out
    before = printed.split("mAP of 3 images")[0]
    missing = (
        r"warning: 1 of 3 images to evaluate are not there and are left out, the first: .*gone"
    )
    assert re.search(missing, before)
    labels = "warning: 2 of 3 images to evaluate have no label file and count as images without"
    assert labels in before
    kept = {path.name for path in (tmp_path / "backup").iterdir()}
    assert kept >= {"small_final.weights", "small_last.weights", "small_last.state"}


@pytest.mark.parametrize(
    ("labels", "images", "message"),
    [
        ("0 .5 .5 .3 .3\n", ("gone.png", "a2.png"), "none of 2 images to evaluate is there, such"),
        ("", ("a.png",), "no labels for any of the 1 images"),
        ("9 .5 .5 .3 .3\n", ("a.png",), "a.txt: label 1 has class 9, expected 0 to 7"),
    ],
)
def test_an_evaluation_that_must_fail_is_not_trained_for(
    tmp_path: Path, labels: str, images: tuple[str, ...], message: str
) -> None:
    save(tmp_path, "a.png")
    (tmp_path / "a.txt").write_text(labels)
    (tmp_path / "a2.txt").write_text(labels)
    with pytest.raises(DataError, match=message):
        run(with_valid(tmp_path, *images))
    assert not (tmp_path / "results.csv").exists()


def test_images_that_are_all_damaged_leave_the_best_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"nothing")
    (tmp_path / "a.txt").write_text("0 .5 .5 .3 .3\n")
    assert run(with_valid(tmp_path, "a.png", "b.png")) == 0
    assert "warning: mAP could not be measured: " in capsys.readouterr().out
    kept = {path.name for path in (tmp_path / "backup").iterdir()}
    files = {"small_final.weights", "small_last.weights", "small_last.state"}
    assert kept == files | {"chart.png", "chart_small.png"}


@pytest.mark.parametrize("exact", [False, True])
def test_exact_sums_in_steps_and_evaluations(
    tmp_path: Path, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    made, evaluate = Trainer.__post_init__, evaluation.evaluate

    def spied_trainer(trainer: Trainer) -> None:
        asked.append(trainer.exact)
        made(trainer)

    def spied(*arguments: Any, config: EngineConfig, **more: Any) -> Any:
        asked.append(config.exact)
        return evaluate(*arguments, config=config, **more)

    monkeypatch.setattr(Trainer, "__post_init__", spied_trainer)
    monkeypatch.setattr(evaluation, "evaluate", spied)
    save(tmp_path, "a.png")
    (tmp_path / "a.txt").write_text("0 .5 .5 .3 .3\n")
    assert run(with_valid(tmp_path, "a.png", exact=exact)) == 0
    assert asked == [exact, exact]


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize("exif", [None, True, False])
def test_how_images_are_read(tmp_path: Path, cache: bool, reduced: bool, exif: bool | None) -> None:
    options = small_options(tmp_path, cache=cache, reduced_decode=reduced, exif=exif)
    ready = open_detection(options, DistributedContext(), torch.device("cpu"))
    assert isinstance(ready.task, ImageTask) and isinstance(ready.task.source, DetectionSet)
    source = ready.task.source
    image = source.pick(SampleImages(SampleDraws.of(np.random.default_rng(0)), 0))[0]
    least = (image.size[0] // 4, image.size[1] // 4)
    width = image.pixels(3, least).shape[1]
    assert width == image.size[0] if not reduced else width < image.size[0]
    assert source.config.fork.images.upright == (exif is not False)
    assert bool(source.cached) == cache


def test_previews_are_drawn_after_each_evaluation(tmp_path: Path) -> None:
    assert run(small_options(tmp_path, max_batches=2, evaluates=True, preview=True)) == 0
    (page,) = (tmp_path / "backup").glob("*preview*")
    assert page.name == "small_preview_2.jpg" and page.stat().st_size > 2000


def test_a_preview_that_cannot_be_written_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OutputError("page.jpg: cannot be written: No space left on device")

    monkeypatch.setattr(preview_page.PreviewPage, "save", refuse)
    assert run(small_options(tmp_path, max_batches=2, evaluates=True, preview=True)) == 0
    out = capsys.readouterr().out
    assert "warning: page.jpg: cannot be written: No space left on device; training goes on" in out
    assert "mAP " in out.splitlines()[-2], "what was measured counts"


def test_a_preview_needs_an_evaluation(tmp_path: Path) -> None:
    with pytest.raises(
        DarknetError, match="--preview draws what -map finds, and -map is not given"
    ):
        run(small_options(tmp_path, max_batches=2, preview=True))
