"""Images cached in memory: the same samples, one copy for all processes, and a refusal in time."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import (
    COLOURS,
    RectangleImage,
    graph,
    labelled,
    random_rectangles,
    rows_of,
    seen,
    tell_pixels,
    write,
)

from darknet_py.augment.config import AugmentConfig
from darknet_py.data import image_cache
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.image_cache import CachedImage, cache_images, least_size
from darknet_py.data.loader import BatchPlan, batches
from darknet_py.errors import DataError, ImageError
from darknet_py.images.reduced_images import open_reducible


def some_images(folder: Path) -> list[str]:
    made = random_rectangles(np.random.default_rng(0), [(80, 60), (60, 90), (120, 50)])
    return [write(folder, rectangle) for rectangle in made]


def test_images_are_cached_once_and_as_they_are(tmp_path: Path) -> None:
    paths = some_images(tmp_path)
    cached = cache_images([*paths, paths[0]], 3, (64, 48))
    assert list(cached) == paths
    for path, image in cached.items():
        whole = open_reducible(path)
        assert image.size == whole.size
        assert (image.pixels(3, (64, 48)) == whole.pixels(3, whole.size)).all()
    assert (
        sum(h * w for h, w in [(60, 80), (90, 60), (50, 120)]) * 3 == _arena(cached[paths[0]]).size
    )


def _arena(image: object) -> image_cache.Arena:
    assert isinstance(image, CachedImage)
    return image.arena


def test_cached_in_grey(tmp_path: Path) -> None:
    (path, *_) = some_images(tmp_path)
    image = cache_images([path], 1, (64, 48))[path]
    assert image.pixels(1, (1000, 1000)).shape == (60, 80, 1)
    assert _arena(image).size == 60 * 80


def test_images_stay_whole_unless_they_may_be_reduced(tmp_path: Path) -> None:
    path = write(tmp_path, RectangleImage(1, (640, 480), (160, 120, 480, 360)))
    image = cache_images([path], 3)[path]
    assert image.pixels(3, (10, 10)).shape == (480, 640, 3)
    assert _arena(image).size == 480 * 640 * 3


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
@pytest.mark.parametrize(
    ("least", "shape"),
    [
        ((640, 480), (480, 640)),
        ((321, 240), (480, 640)),
        ((320, 240), (240, 320)),
        ((100, 120), (120, 160)),
        ((10, 10), (15, 20)),
    ],
)
def test_large_images_are_halved(
    tmp_path: Path, suffix: str, least: tuple[int, int], shape: tuple[int, int]
) -> None:
    path = write(tmp_path, RectangleImage(1, (640, 480), (160, 120, 480, 360)), suffix)
    image = cache_images([path], 3, least)[path]
    assert image.size == (640, 480)
    pixels = image.pixels(3, (9999, 9999))
    assert pixels.shape == (*shape, 3)
    part = shape[0] / 480
    np.testing.assert_allclose(seen(pixels, 1), np.array([160, 120, 480, 360]) * part, atol=1)


def test_a_crop_of_a_reduced_image_has_its_boxes_right(tmp_path: Path) -> None:
    rectangle = RectangleImage(2, (641, 479), (100, 150, 400, 420))
    path = write(tmp_path, rectangle, ".jpg")
    config = replace(AugmentConfig.of(graph(tmp_path)), jitter=0.4)
    source = DetectionSet([path], config, cache_images([path], 3, (150, 110)))
    for number in range(30):
        pixels, truth = source.sample(number, 64, 48, 0)
        box, label = seen(pixels.transpose(1, 2, 0), 2), labelled(truth, config, (64, 48)).get(2)
        assert box is not None
        assert label is not None
        np.testing.assert_allclose(box, label, atol=2)


def test_samples_are_those_of_the_files(tmp_path: Path) -> None:
    paths = some_images(tmp_path)
    config = AugmentConfig.of(graph(tmp_path, "mosaic=1\nhue=.1", "jitter=.2"))
    pair = [
        DetectionSet(paths, config, cached) for cached in ({}, cache_images(paths, 3, (200, 200)))
    ]
    for number in range(12):
        (image, truth), (again, truth_again) = (s.sample(number, 64, 48, 0) for s in pair)
        assert (image == again).all()
        assert (truth == truth_again).all()


def test_unreadable_images_are_left_out_and_fail_when_drawn(tmp_path: Path) -> None:
    (path, *_) = some_images(tmp_path)
    bad, gone = str(tmp_path / "bad.jpg"), str(tmp_path / "gone.jpg")
    Path(bad).write_text("no image")
    cached = cache_images([bad, path, gone], 3, (64, 48))
    assert list(cached) == [path]
    with pytest.raises(ImageError, match=r"bad\.jpg: not an image"):
        DetectionSet([bad], AugmentConfig.of(graph(tmp_path)), cached).sample(0, 64, 48, 0)
    assert cache_images([bad, gone], 3, (64, 48)) == {}


def test_progress_sees_every_image(tmp_path: Path) -> None:
    told = []

    def follow(items: Iterable[object], total: int, label: str) -> Iterator[object]:
        told.append((total, label))
        for item in items:
            told.append(item)
            yield item

    paths = some_images(tmp_path)
    cache_images(paths, 3, (64, 48), follow)
    assert told[0] == (3, "images into memory")
    assert len(told) == 4


def test_too_many_images_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path, *_) = some_images(tmp_path)
    paths = [path]
    for number in range(500):
        paths.append(str(tmp_path / f"copy-{number}.png"))
        os.link(path, paths[-1])
    opened = []

    def watched(path: str, upright: bool, reducible: bool) -> object:
        opened.append(path)
        return open_reducible(path, upright, reducible)

    monkeypatch.setattr(image_cache, "open_reducible", watched)
    monkeypatch.setattr(image_cache, "free_memory", lambda: 12_000_000)
    message = r"501 images need about 0\.0 GB .*: more than 60% of the 0\.0 GB that are free; train"
    with pytest.raises(DataError, match=message):
        cache_images(paths, 3, (64, 48))
    assert len(opened) < 60
    monkeypatch.setattr(image_cache, "free_memory", lambda: 12_100_000)
    assert len(cache_images(paths, 3, (64, 48))) == 501
    monkeypatch.setattr(image_cache, "free_memory", lambda: None)
    assert len(cache_images(paths, 3, (64, 48))) == 501


def test_images_larger_than_the_first_ones_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = write(tmp_path, RectangleImage(0, (10, 10), (0, 0, 5, 5)), name="small")
    large = [
        write(tmp_path, RectangleImage(0, (400, 300), (0, 0, 9, 9)), name=f"large-{n}")
        for n in range(3)
    ]
    monkeypatch.setattr(image_cache, "SAMPLE", 1)
    monkeypatch.setattr(image_cache, "free_memory", lambda: 1_000_000)
    refusal, needs = image_cache._MemoryBudget.refusal, list[float]()

    def noted(budget: image_cache._MemoryBudget, needed: float) -> DataError:
        needs.append(needed)
        return refusal(budget, needed)

    monkeypatch.setattr(image_cache._MemoryBudget, "refusal", noted)
    with pytest.raises(DataError, match=r"4 images need about 0\.\d GB of memory"):
        cache_images([small, *large], 3, (400, 300))
    assert needs == [(3 * 10 * 10 + 2 * 3 * 400 * 300) / 3 * 4], "four as large as the three read"


def test_a_system_without_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    paths = some_images(tmp_path)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DataError, match=r"after 0\.0 GB: No space left on device; train without"):
        cache_images(paths, 3, (64, 48))


def test_other_processes_see_the_same_memory(tmp_path: Path) -> None:
    """What is changed here is changed there: nothing was copied."""
    path = write(tmp_path, RectangleImage(0, (8, 6), (0, 0, 0, 0)))
    image = cache_images([path], 3, (8, 6))[path]
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe()
    child = context.Process(target=tell_pixels, args=(image, there))
    child.start()
    here.send(True)
    assert here.recv() == 100
    os.pwrite(_arena(image).file, b"\xfa", 17)
    here.send(True)
    assert here.recv() == 250
    assert image.pixels(3, (8, 6)).flat[17] == 250
    here.send(False)
    child.join()


def test_workers_draw_from_it(tmp_path: Path) -> None:
    paths = some_images(tmp_path)
    config = AugmentConfig.of(graph(tmp_path, head="jitter=.2"))
    source = DetectionSet(paths, config, cache_images(paths, 3, (64, 48)))
    for path in paths:
        os.unlink(path)
    made = batches(source, BatchPlan(4, 2, lambda update: (64, 48)), seed=0, workers=2)
    batch = next(made)
    made.close()
    assert batch.unreadable == ()
    classes = {int(row[0]) for truth in batch.truth.numpy() for row in rows_of(truth, config)}
    assert classes <= set(range(len(COLOURS)))
    assert (batch.images[0].numpy() == source.sample(0, 64, 48, 0)[0]).all()


def test_the_images_cannot_be_written_into(tmp_path: Path) -> None:
    (path, *_) = some_images(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        cache_images([path], 3, (64, 48))[path].pixels(3, (64, 48))[0] = 0


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"head": "jitter=0"}, (64, 48)),
        ({"head": "jitter=.25"}, (128, 96)),
        ({"head": "jitter=.25\nresize=1.5"}, (192, 144)),
        ({"head": "jitter=0\nresize=.5"}, (64, 48)),
        ({"head": "jitter=.9\nresize=9"}, (256, 192)),
        # Neither knows resize, and a canvas shows whole images.
        ({"head": "jitter=.25\nresize=1.5", "kind": "detection"}, (128, 96)),
        ({"head": "jitter=.25\nresize=1.5", "fork": "pjreddie"}, (64, 48)),
    ],
)
def test_how_large_images_must_be_for_small_crops(
    tmp_path: Path, options: dict[str, str], size: tuple[int, int]
) -> None:
    config = AugmentConfig.of(graph(tmp_path, **options))  # type: ignore[arg-type]
    assert least_size(config, (64, 48)) == size
