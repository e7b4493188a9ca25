"""Training samples of detectors: tiny images, odd labels, too many of them, none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import RectangleImage, config_of, in_memory, rows_of, sample, write

from darknet_py.data.detection_samples import DetectionSet
from darknet_py.errors import DataError, ImageError

MODES = {
    "alexeyab": {"net": "hue=.1\nblur=5\ngaussian_noise=5", "head": "jitter=.3\nresize=1.5"},
    "letter_box": {"net": "letter_box=1", "head": "jitter=.3"},
    "mosaic": {"net": "mosaic=1\nexposure=1.5", "head": "jitter=.2"},
    "mixup": {"net": "mixup=1\nsaturation=1.5"},
    "pjreddie": {"net": "hue=.1\nexposure=1.5", "head": "jitter=.3", "fork": "pjreddie"},
    "yolov1": {"net": "hue=.1\nexposure=1.5", "head": "jitter=.2", "kind": "detection"},
    "region": {"net": "mosaic=1", "kind": "region"},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (7, 5)])
def test_tiny_and_thin_images(
    tmp_path: Path, mode: str, channels: int, size: tuple[int, int]
) -> None:
    config = config_of(tmp_path, **MODES[mode], channels=channels)
    rectangle = RectangleImage(1, size, (0, 0, *size))
    source = in_memory(tmp_path, [rectangle], config)
    for number in range(6):
        _, truth = sample(source, number, (64, 48))
        if mode in ("alexeyab", "mosaic", "yolov1", "region"):
            assert len(rows_of(truth, config)) >= 1


@pytest.mark.parametrize("mode", MODES)
def test_inputs_of_a_few_pixels(tmp_path: Path, mode: str) -> None:
    config = config_of(tmp_path, **MODES[mode])
    source = in_memory(tmp_path, [RectangleImage(1, (50, 40), (10, 10, 40, 30))], config)
    for number in range(10):
        sample(source, number, (1, 1))
        sample(source, number, (2, 3))


@pytest.mark.parametrize("mode", MODES)
def test_boxes_at_and_beyond_the_edges_and_labels_that_are_none(tmp_path: Path, mode: str) -> None:
    config = config_of(tmp_path, **MODES[mode])
    source = in_memory(tmp_path, [RectangleImage(1, (50, 40), (0, 0, 50, 40))], config)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text(
        "0 0.05 0.5 0.1 1\n1 0.95 0.5 0.1 1\n2 .5 .05 1 .1\n3 .5 .5 1 1\n"
        "0 1.5 .5 .1 .1\n0 nan .5 .1 .1\n0 .5 .5 nan nan\n0 .5 .5 inf .1\n0 .5 .5 -1 -1\n"
        "0 .5 .5 0 0\n99 .5 .5 .5 .5\n-7 .5 .5 .5 .5\n0 0 0 .1 .1\n2147483647 .5 .5 .1 .1\n"
    )
    for number in range(12):
        _, truth = sample(source, number, (64, 48))
        for _, x, y, w, h in rows_of(truth, config):
            inside = 0 < x <= 1 and 0 < y <= 1 and 0 < w <= 1 and 0 < h <= 1
            assert inside or (config.fork.samples.canvas and (x, y, w, h) == (999999,) * 4)


@pytest.mark.parametrize("text", ["", "\n", "no label\n", "0 .5 .5\n", None])
def test_images_without_labels(tmp_path: Path, text: str | None) -> None:
    config = config_of(tmp_path, "mosaic=1\nblur=5")
    source = in_memory(tmp_path, [RectangleImage(1, (50, 40), (0, 0, 50, 40))], config)
    path = Path(source.images[0]).with_suffix(".txt")
    path.unlink()
    if text is not None:
        path.write_text(text)
    for number in range(8):
        assert not sample(source, number, (64, 48))[1].any()


def test_more_labels_than_there_is_room_for(tmp_path: Path) -> None:
    config = config_of(tmp_path, "flip=0", "jitter=0\nmax=4")
    source = in_memory(tmp_path, [RectangleImage(1, (50, 40), (0, 0, 50, 40))], config)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text("".join(f"{k % 4} {0.05 + k / 20} .5 .2 .2\n" for k in range(16)))
    kept = [rows_of(sample(source, number, (64, 48))[1], config) for number in range(40)]
    assert {len(rows) for rows in kept} == {4}
    # Another four every time.
    assert len({row[1] for rows in kept for row in rows}) == 16
    # Those of unknown classes take the room of others, as in the C program.
    path.write_text("".join(f"{9 * (k % 2)} {0.05 + k / 20} .5 .2 .2\n" for k in range(16)))
    counts = [len(rows_of(sample(source, n, (64, 48))[1], config)) for n in range(40)]
    assert 1.5 < np.mean(counts) < 2.5


def test_pjreddies_small_labels_take_room_too(tmp_path: Path) -> None:
    config = config_of(tmp_path, head="jitter=0\nmax=4", fork="pjreddie")
    source = in_memory(tmp_path, [RectangleImage(1, (50, 40), (0, 0, 50, 40))], config)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text("".join(f"0 .5 .5 {(k % 2) / 5} .2\n" for k in range(16)))
    counts = [len(rows_of(sample(source, n, (64, 48))[1], config)) for n in range(40)]
    assert 1.5 < np.mean(counts) < 2.5


def test_a_label_file_that_cannot_be_read_stops_with_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, RectangleImage(0, (50, 40), (0, 0, 9, 9)))
    label = Path(path).with_suffix(".txt")
    label.unlink()
    os.symlink(label, label)
    with pytest.raises(DataError, match=r"0\.txt: cannot be read") as caught:
        DetectionSet([path], config_of(tmp_path)).sample(0, 64, 48, 0)
    assert not isinstance(caught.value, ImageError)


def test_a_list_without_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images to train on"):
        DetectionSet([], config_of(tmp_path))
