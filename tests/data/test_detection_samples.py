"""Training samples of detectors: flips, mixing, colours, blur, and that samples repeat."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.coloured_samples import (
    RectangleImage,
    config_of,
    in_memory,
    labelled,
    random_rectangles,
    rows_of,
    sample,
    write,
)

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.effects import AugmentedImage, Effect
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.label_tracks import with_tracks
from darknet_py.images.reduced_images import Decoded
from darknet_py.layers.net import Net
from darknet_py.network.graph import read_graph


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


def test_flip_0_never_flips_and_1_every_other_time(folder: Path) -> None:
    rectangle = RectangleImage(0, (100, 80), (10, 10, 30, 40))
    for flip, least, most in ((0, 0, 0), (1, 12, 28)):
        config = config_of(folder, f"flip={flip}")
        source = in_memory(folder, [rectangle], config)
        boxes = [labelled(sample(source, n, (64, 48))[1], config, (64, 48))[0] for n in range(40)]
        assert least <= sum(box[0] > 32 for box in boxes) <= most
    # pjreddie's program does not ask, nor does either one's YOLOv1.
    for where in ({"fork": "pjreddie"}, {"kind": "detection"}):
        config = config_of(folder, "flip=0", **where)
        source = in_memory(folder, [rectangle], config)
        boxes = [labelled(sample(source, n, (64, 64))[1], config, (64, 64))[0] for n in range(40)]
        assert 10 <= sum(box[0] > 32 for box in boxes) <= 30


def test_half_of_the_samples_are_mixed(folder: Path) -> None:
    sizes = [(40, 30)] * 4
    for net, count in (("mosaic=1", 4), ("mixup=1", 2), ("", 1)):
        source = in_memory(
            folder, random_rectangles(np.random.default_rng(0), sizes), config_of(folder, net)
        )
        counts = [len(source.drawn(number, 64, 48, 0)) for number in range(200)]
        assert set(counts) == {1, count}
        assert count == 1 or 70 < counts.count(count) < 130


def test_mixup_is_the_mean_with_the_labels_of_both(folder: Path) -> None:
    made = random_rectangles(np.random.default_rng(0), [(64, 48), (64, 48)])
    config = config_of(folder, "mixup=1\nflip=0")
    source = in_memory(folder, made, config)
    number = next(n for n in range(99) if len(source.drawn(n, 64, 48, 0)) == 2)
    pixels, truth = sample(source, number, (64, 48))
    mean = (made[0].pixels().astype(int) + made[1].pixels()) / 2
    assert np.abs(pixels - mean).max() <= 0.5
    rows = [row[0] for row in rows_of(truth, config)]
    assert sorted(rows) == [0, 1]


def test_colours_blur_and_noise_reach_the_image(folder: Path) -> None:
    """Each option by itself changes about the share of the samples it should."""
    colours = np.random.default_rng(0).integers(60, 190, (48, 64, 3), np.uint8)
    (path,) = in_memory(
        folder, [RectangleImage(0, (64, 48), (10, 10, 50, 40))], config_of(folder)
    ).images
    cached = {path: Decoded(colours, (64, 48))}
    unchanged = sample(DetectionSet([path], config_of(folder, "flip=0"), cached), 0, (64, 48))[0]
    assert (unchanged == colours).all()
    shares = {
        "hue=.1": 1,
        "saturation=1.5": 1,
        "exposure=1.5": 1,
        "gaussian_noise=30": 1 / 2,
        "blur=1": 2 / 3,
        "blur=5": 2 / 3,
    }
    for option, share in shares.items():
        source = DetectionSet([path], config_of(folder, f"flip=0\n{option}"), cached)
        changed = [(sample(source, n, (64, 48))[0] != unchanged).any() for n in range(60)]
        assert abs(np.mean(changed) - share) < 0.2, option


@dataclass(frozen=True)
class NoLabels(Effect[bool]):
    """Takes all labels of every other image away, and its pixels."""

    LIMITS = {}

    @staticmethod
    def of(net: Net) -> NoLabels:
        return NoLabels()

    def draw(self, rng: np.random.Generator) -> bool | None:
        return True if rng.random() < 0.5 else None

    def apply(self, image: AugmentedImage, params: bool) -> AugmentedImage:
        return image._replace(pixels=np.zeros_like(image.pixels), labels=image.labels[:0])


@pytest.mark.parametrize("net", ["", "mixup=1", "mosaic=1"])
def test_labels_that_an_effect_takes_away_are_not_in_the_truth(folder: Path, net: str) -> None:
    made = random_rectangles(np.random.default_rng(0), [(64, 48)] * 4)
    config = replace(config_of(folder, net), effects=(NoLabels(),))
    source, counts = in_memory(folder, made, config), []
    for number in range(60):
        pixels, truth = sample(source, number, (64, 48))
        counts.append(len(rows_of(truth, config)))
        assert pixels.any() or not counts[-1]
    assert 10 < counts.count(0) < 50


def test_the_same_sample_for_the_same_seed_and_number(tmp_path: Path) -> None:
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, rectangle) for rectangle in made]
    net = "mosaic=1\nhue=.1\nsaturation=1.5\nexposure=1.5\nblur=3\ngaussian_noise=9"
    source = DetectionSet(paths, config_of(tmp_path, net, "jitter=.2"))
    first = [source.sample(number, 64, 48, 5) for number in range(12)]
    other = pickle.loads(pickle.dumps(source))
    np.random.default_rng(1).random(9)
    cv2.setRNGSeed(99)
    for number in reversed(range(12)):
        again = other.sample(number, 64, 48, 5)
        assert (again[0] == first[number][0]).all()
        assert (again[1] == first[number][1]).all()
    assert len({pixels.tobytes() for pixels, _ in first}) == 12
    assert (source.sample(0, 64, 48, 6)[0] != first[0][0]).any()


def test_images_held_in_memory_give_the_same_samples_unharmed(tmp_path: Path) -> None:
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, rectangle) for rectangle in made]
    for fork, kind in (("alexeyab", "yolo"), ("pjreddie", "yolo"), ("alexeyab", "detection")):
        config = config_of(tmp_path, "mosaic=1\nhue=.1\nblur=3", "jitter=.2", fork=fork, kind=kind)
        cached = {}
        for path, rectangle in zip(paths, made, strict=True):
            whole = rectangle.pixels()
            whole.flags.writeable = False
            cached[path] = Decoded(whole, rectangle.size)
        for number in range(8):
            pair = [
                DetectionSet(paths, config, images).sample(number, 64, 48, 0)
                for images in ({}, cached)
            ]
            assert (pair[0][0] == pair[1][0]).all()
            assert (pair[0][1] == pair[1][1]).all()


def test_the_images_drawn(tmp_path: Path) -> None:
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, rectangle) for rectangle in made]
    config = config_of(tmp_path, "mosaic=1\nmosaic_bound=1")
    source = DetectionSet(paths, config)
    for number in range(20):
        truth = source.sample(number, 64, 48, 0)[1]
        drawn = source.drawn(number, 64, 48, 0)
        classes = {paths.index(path) for path in drawn}
        assert {int(row[0]) for row in rows_of(truth, config)} <= classes
        assert len(drawn) in (1, 4)
    everyone = [path for number in range(100) for path in source.drawn(number, 64, 48, 0)]
    assert set(everyone) == set(paths)


def at_random(folder: Path, made: list[RectangleImage], config: AugmentConfig) -> DetectionSet:
    source = in_memory(folder, made, config)
    return DetectionSet(source.images, config, source.cached)


def pairs_of(source: DetectionSet, count: int = 12) -> list[tuple[tuple[np.ndarray, list], ...]]:
    """Pixels and rows of (class, ..., track) of both samples of `count` pairs."""

    def made(number: int) -> tuple[np.ndarray, list]:
        pixels, truth = source.sample(number, 64, 48, 0)
        rows = truth.reshape(-1, 6)
        return pixels, rows[rows[:, 0] > 0].tolist()

    return [(made(2 * pair), made(2 * pair + 1)) for pair in range(count)]


@pytest.mark.parametrize("mix", ["", "mixup=1", "mosaic=1"])
def test_pairs_are_made_of_the_same_images(folder: Path, mix: str) -> None:
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    source = at_random(folder, made, config_of(folder, f"batch=2\ncontrastive=1\n{mix}"))
    drawn = [source.drawn(number, 64, 48, 0) for number in range(40)]
    assert drawn[::2] == drawn[1::2] and len({len(paths) for paths in drawn}) == 1 + bool(mix)


@pytest.mark.parametrize(
    ("option", "moved", "changed"),
    [("", 0, 0), ("contrastive_jit_flip=1", 12, 12), ("contrastive_color=1", 0, 12)],
)
def test_pairs_show_their_images_alike(folder: Path, option: str, moved: int, changed: int) -> None:
    """How many of 12 pairs differ in boxes, and in pixels, by what is drawn anew."""
    net = f"batch=2\ncontrastive=1\nexposure=3\n{option}"
    config = replace(config_of(folder, net, "jitter=.3"), tracks=True)
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    pairs = pairs_of(at_random(folder, made, config))
    assert sum(first[1] != second[1] for first, second in pairs) == moved
    assert sum((first[0] != second[0]).any() for first, second in pairs) == changed
    assert all(
        {row[5] for row in first[1]} == {row[5] for row in second[1]} for first, second in pairs
    )


def test_tracks_stay_with_their_objects(folder: Path) -> None:
    """However an image is mixed and moved: each class has the number of its own file."""
    made = random_rectangles(np.random.default_rng(0), [(80, 60)] * 4)
    config = replace(config_of(folder, "mosaic=1", "jitter=.3\nresize=1.5"), tracks=True)
    source = at_random(folder, made, config)
    tracks = {
        number: with_tracks(np.zeros((1, 5), np.float32), str(Path(path).with_suffix(".txt")))[0, 5]
        for number, path in enumerate(source.images)
    }
    rows = [row for pair in pairs_of(source, 20) for _, kept in pair for row in kept]
    assert len(rows) > 40 and all(row[5] == tracks[int(row[4])] for row in rows)
    plain = DetectionSet(source.images, replace(config, tracks=False), source.cached)
    assert not any(row[5] for pair in pairs_of(plain, 5) for _, kept in pair for row in kept)


def test_who_needs_tracks(tmp_path: Path) -> None:
    assert not config_of(tmp_path, "").tracks
    path = tmp_path / "t.cfg"
    path.write_text(
        (tmp_path / "yolo.cfg").read_text() + "\n[route]\nlayers=0\n[contrastive]\nyolo_layer=1\n"
    )
    assert AugmentConfig.of(read_graph(path)).tracks
