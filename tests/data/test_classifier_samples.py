"""Training samples of classifiers: what the options of [net] do to them; repeatability."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.cfg.datafile import read_data_file
from darknet_py.data.classifier_samples import ClassifierSet, require_outputs, size_at, tree_of
from darknet_py.errors import DataError, ImageError
from darknet_py.network.graph import Graph, read_graph

CFG = """[net]
width=32
height=24
channels={channels}
{options}
[convolutional]
filters=3
size=1
activation=linear
[avgpool]
[softmax]
{softmax}
"""
COLOURS = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0)}
KEYS = tuple(COLOURS)


def graph(
    folder: Path, options: str = "", fork: str = "alexeyab", softmax: str = "", channels: int = 3
) -> Graph:
    path = folder / "c.cfg"
    path.write_text(CFG.format(options=options, softmax=softmax, channels=channels))
    return read_graph(path, fork=fork)


def drawn_files(folder: Path) -> list[str]:
    paths = [folder / f"{name}.png" for name in COLOURS]
    for path, bgr in zip(paths, COLOURS.values(), strict=True):
        pixels = np.full((60, 80, 3), bgr, np.uint8)
        assert cv2.imwrite(str(path), pixels)
    return [path.name for path in paths]


def source(folder: Path, options: str = "", fork: str = "alexeyab") -> ClassifierSet:
    images = [str(folder / name) for name in drawn_files(folder)]
    (folder / "labels.list").write_text("\n".join(f"{name}.png" for name in KEYS))
    (folder / "c.data").write_text("classes=3\nlabels=labels.list\n")
    data = read_data_file(folder / "c.data")
    return ClassifierSet.of(graph(folder, options, fork), images, data)


def test_a_sample_is_an_image_and_the_class_of_its_path(tmp_path: Path) -> None:
    dataset = source(tmp_path)
    for number in range(12):
        image, truth = dataset.sample(number, 32, 24, seed=1)
        assert image.shape == (3, 24, 32)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
        assert truth.dtype == np.float32
        # Red, green, blue: the class is the colour.
        assert image[:, 12, 16].argmax() == truth.argmax()
        assert truth.sum() == 1


def test_all_images_are_drawn_alike(tmp_path: Path) -> None:
    dataset = source(tmp_path)
    drawn = [int(dataset.sample(n, 8, 8, seed=0)[1].argmax()) for n in range(150)]
    assert min(np.bincount(drawn)) > 30


def test_the_same_number_is_the_same_sample(tmp_path: Path) -> None:
    options = (
        "angle=20\naspect=1.4\nhue=.1\nsaturation=1.5\nexposure=1.5\nmosaic=1\ncutmix=1\nblur=1"
    )
    dataset = source(tmp_path, options)
    order = [5, 2, 9, 2, 5]
    samples = [dataset.sample(n, 32, 24, seed=3) for n in order]
    for first, second in ((0, 4), (1, 3)):
        assert (samples[first][0] == samples[second][0]).all()
        assert (samples[first][1] == samples[second][1]).all()
    assert any((samples[0][0] != dataset.sample(5, 32, 24, seed=s)[0]).any() for s in (4, 5))


def test_it_can_be_sent_to_a_worker(tmp_path: Path) -> None:
    dataset = source(tmp_path)
    dataset.sample(1, 32, 24, seed=0)
    sent = pickle.loads(pickle.dumps(dataset))
    assert (sent.sample(7, 32, 24, seed=0)[0] == dataset.sample(7, 32, 24, seed=0)[0]).all()


def test_the_images_of_a_sample_can_be_named(tmp_path: Path) -> None:
    dataset = source(tmp_path, "mosaic=1\nangle=9")
    for number in range(10):
        truth = dataset.sample(number, 40, 40, seed=2)[1]
        paths = dataset.drawn(number, 40, 40, seed=2)
        assert len(paths) in (1, 4)
        assert {Path(path).stem for path in paths} == {KEYS[hit] for hit in np.flatnonzero(truth)}


def test_pjreddies_random_changes_the_size_every_40_steps(tmp_path: Path) -> None:
    net = graph(tmp_path, "random=1", "pjreddie")
    sizes = [size_at(net, step, seed=0) for step in range(1, 1601)]
    assert {w == h and w % 32 == 0 for w, h in sizes} == {True}
    assert min(sizes) == (128, 128)
    assert max(sizes) == (448, 448)
    changes = [step for step in range(1, 1600) if sizes[step] != sizes[step - 1]]
    assert {step % 40 for step in changes} == {0}
    assert size_at(graph(tmp_path, "random=1"), 7, seed=0) == (32, 24)
    assert size_at(graph(tmp_path, fork="pjreddie"), 7, seed=0) == (32, 24)


def test_any_size_can_be_asked_for(tmp_path: Path) -> None:
    assert source(tmp_path).sample(0, 17, 50, seed=0)[0].shape == (3, 50, 17)


def test_grey_networks_get_grey_images(tmp_path: Path) -> None:
    dataset = source(tmp_path, "exposure=1.5\nblur=1\nmixup=1")
    grey = replace(dataset, config=replace(dataset.config, channels=1))
    for number in range(8):
        assert grey.sample(number, 32, 24, seed=0)[0].shape == (1, 24, 32)


def test_an_unreadable_image_is_an_image_error(tmp_path: Path) -> None:
    dataset = source(tmp_path)
    (tmp_path / "red.png").write_bytes(b"nonsense")
    with pytest.raises(ImageError, match="red.png"):
        for number in range(20):
            dataset.sample(number, 32, 24, seed=0)


def test_flips_every_other_time_unless_told_not_to(tmp_path: Path) -> None:
    def flipped(options: str, fork: str = "alexeyab") -> float:
        dataset = source(tmp_path, f"min_crop=32\nmax_crop=32\n{options}", fork)
        black_and_white = np.zeros((60, 80, 3), np.uint8)
        black_and_white[:, :40] = 255
        for name in drawn_files(tmp_path):
            assert cv2.imwrite(str(tmp_path / name), black_and_white)
        # Cut at the middle in one size, only the flip decides which side is light.
        images = [dataset.sample(n, 32, 32, seed=0)[0] for n in range(60)]
        return float(np.mean([image[0, 16, 0] < image[0, 16, -1] for image in images]))

    assert 0.3 < flipped("") < 0.7
    assert flipped("flip=0") == 0
    assert 0.3 < flipped("flip=0", "pjreddie") < 0.7


def test_mixed_samples_share_their_labels(tmp_path: Path) -> None:
    dataset = source(tmp_path, "mosaic=1\nhue=0")
    samples = [dataset.sample(n, 40, 40, seed=0) for n in range(40)]
    mixed = [(image, truth) for image, truth in samples if truth.max() < 1]
    assert 8 < len(mixed) < 32
    for image, truth in mixed:
        share = [(image[c] > 127).mean() for c in range(3)]
        assert share == pytest.approx(truth.tolist(), abs=1e-6)


def test_pairs_of_a_batch_of_64_are_mixed_together(tmp_path: Path) -> None:
    """32 threads of AlexeyAB's loader toss a coin each."""
    dataset = source(tmp_path, "batch=64\nmosaic=1")
    mixed = [len(dataset.drawn(n, 8, 8, seed=0)) == 4 for n in range(64, 192)]
    assert mixed[::2] == mixed[1::2]
    assert 18 < sum(mixed[::2]) < 46


def test_either_makes_both(tmp_path: Path) -> None:
    dataset = source(tmp_path, "mixup=4")
    parts = {len(np.flatnonzero(dataset.sample(n, 40, 40, seed=0)[1])) for n in range(60)}
    assert parts == {1, 2, 3}


def test_blur_comes_every_fourth_time(tmp_path: Path) -> None:
    plain, blurred = source(tmp_path, "min_crop=24\nmax_crop=24"), None
    blurred = replace(plain, config=replace(plain.config, blur=15))
    for name in drawn_files(tmp_path):
        noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
        assert cv2.imwrite(str(tmp_path / name), noise)
    softer = [
        blurred.sample(n, 24, 24, seed=0)[0].std() < 0.5 * plain.sample(n, 24, 24, seed=0)[0].std()
        for n in range(80)
    ]
    assert 0.1 < np.mean(softer) < 0.4


def test_center_cuts_the_middle_in_pjreddies_program_only(tmp_path: Path) -> None:
    assert ClassifierAugmentConfig.of(graph(tmp_path, "center=1", "pjreddie")).center
    assert not ClassifierAugmentConfig.of(graph(tmp_path, "center=1")).center
    dataset = source(tmp_path, "center=1", "pjreddie")
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[:, 10:70] = 255  # the middle square
    for name in drawn_files(tmp_path):
        assert cv2.imwrite(str(tmp_path / name), pixels)
    assert (dataset.sample(0, 30, 30, seed=0)[0] == 255).all()


def test_smoothing_is_alexeyabs(tmp_path: Path) -> None:
    assert source(tmp_path, "label_smooth_eps=.1").labels.smoothing == pytest.approx(0.1)
    assert source(tmp_path, "label_smooth_eps=.1", "pjreddie").labels.smoothing == 0


def test_another_number_of_outputs_is_refused(tmp_path: Path) -> None:
    dataset = source(tmp_path)
    (tmp_path / "c.data").write_text("classes=2\nlabels=labels.list\n")
    message = "classes=2, the last layer of .* gives 3 values; set classes=3"
    with pytest.raises(DataError, match=message):
        ClassifierSet.of(graph(tmp_path), dataset.images, read_data_file(tmp_path / "c.data"))


def test_no_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images"):
        replace(source(tmp_path), images=[])


def test_the_tree_of_the_softmax_teaches_ancestors(tmp_path: Path) -> None:
    (tmp_path / "t.tree").write_text("red.png -1\ngreen.png -1\nblue.png 0\n")
    net = graph(tmp_path, softmax="tree=t.tree")
    assert tree_of(net) is not None
    dataset = source(tmp_path)
    data = read_data_file(tmp_path / "c.data")
    labels = ClassifierSet.of(graph(tmp_path, softmax="tree=t.tree"), dataset.images, data).labels
    assert labels.truth("blue.png").tolist() == [1, 0, 1]
    assert labels.truth("green.png").tolist() == [0, 1, -1234]


@pytest.mark.parametrize("mix", ["", "mixup=1", "mosaic=1\ncutmix=1"])
def test_pairs_are_two_pieces_of_the_same_images(tmp_path: Path, mix: str) -> None:
    pairs = source(tmp_path, f"batch=2\ncontrastive=1\nexposure=3\n{mix}")
    alike = 0
    for number in range(0, 40, 2):
        drawn = [pairs.drawn(n, 32, 24, 0) for n in (number, number + 1)]
        # A mosaic has four images, cutmix the first two of them.
        assert drawn[0][:2] == drawn[1][:2]
        pixels, others = (pairs.sample(n, 32, 24, 0)[0] for n in (number, number + 1))
        alike += bool((pixels == others).all())
    assert alike < 12  # a plain colour at its brightest stays so however often
    plain = source(tmp_path, "batch=2")
    drawn = [plain.drawn(n, 32, 24, 0) for n in range(20)]
    assert drawn[::2] != drawn[1::2]


def test_what_embeddings_end_in_is_told_the_number_of_classes(tmp_path: Path) -> None:
    path, data = tmp_path / "e.cfg", tmp_path / "c.data"
    source(tmp_path)
    text = CFG.format(channels=3, options="", softmax="").replace("filters=3", "filters=7")
    path.write_text(text.replace("[softmax]", "[contrastive]\nclasses=3"))
    require_outputs(read_graph(path), 3, read_data_file(data))
    with pytest.raises(DataError, match="classes=4, the last layer of .* gives 3 values"):
        require_outputs(read_graph(path), 4, read_data_file(data))
