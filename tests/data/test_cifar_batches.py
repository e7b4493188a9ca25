"""CIFAR-10's binary files: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.tiny_cifar import batches, cfg, records

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.data.cifar_batches import (
    NAMES,
    TEST,
    TRAIN,
    CifarSet,
    read_cifar,
    read_predictions,
    require_cifar,
    smoothed_labels,
)
from darknet_py.errors import DarknetError, DataError
from darknet_py.network.graph import read_graph


def test_records_are_a_class_and_planes(tmp_path: Path) -> None:
    images = read_cifar(str(batches(tmp_path, 3)), TRAIN)
    assert len(images) == 15 and images.classes.tolist() == [0, 1, 2] * 5
    fourth = records(3, 2)[0]
    assert images.pixels.shape == (15, 3, 32, 32)
    assert images.pixels[3, 2, 5, 7] == fourth[1 + 2 * 1024 + 5 * 32 + 7]
    assert len(read_cifar(str(tmp_path), TEST)) == 3 and len(NAMES) == 10


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "has 0 bytes, expected records of 3073, 100000 at most$"),
        (bytes(3072), "has 3072 bytes, expected records of 3073"),
        (bytes(3074 * 2), "has 6148 bytes, .*; is it CIFAR-100[?]$"),
        (bytes(3073) + b"\x0a" + bytes(3072), "image 2 has class 10, expected 0 to 9"),
    ],
)
def test_damaged_files(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "test_batch.bin").write_bytes(data)
    with pytest.raises(DataError, match=f"test_batch.bin: {told}"):
        read_cifar(str(tmp_path), TEST)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "test_batch.bin", "wb") as file:
        file.truncate(3073 * 100_001)
    with pytest.raises(DataError, match="100000 at most"):
        read_cifar(str(tmp_path), TEST)


def test_a_missing_file_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data_batch_1.bin: No such file.* --batches FOLDER"):
        read_cifar(str(tmp_path), TRAIN)
    (tmp_path / "test_batch.bin").mkdir()
    with pytest.raises(DataError, match=r"test_batch.bin: "):
        read_cifar(str(tmp_path), TEST)


def test_labels_are_smoothed_by_a_tenth() -> None:
    """eps / 10 + (1 - eps) * label; distill: .1 of that and .9 of the predictions."""
    truth = smoothed_labels(np.array([2, 9]))
    expected = np.full((2, 10), 0.01)
    expected[0, 2] = expected[1, 9] = 0.91
    np.testing.assert_allclose(truth, expected, atol=1e-7)
    soft = np.arange(20, dtype=np.float32).reshape(2, 10)
    np.testing.assert_allclose(
        smoothed_labels(np.array([2, 9]), soft), 0.1 * expected + 0.9 * soft, rtol=1e-6
    )


ROW = ",".join(["0.5"] * 10)


def test_predictions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"{ROW}\n1,2,3,4,5,6,7,8,9,1e-3\n\n")
    assert read_predictions(str(path), 2)[1].tolist() == [*range(1, 10), np.float32(1e-3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ROW}\n", "has 1 lines of 10 finite numbers, expected 2 lines of 10 numbers"),
        ("1,2\n3,4\n", "has 2 lines of 2 finite numbers, expected 2 lines"),
        (f"{ROW}\n{ROW[:-3]}nan\n", "has 2 lines of 10 finite numbers"),
        (f"{ROW}\n1,2\n", "is no table of numbers, expected 2 lines"),
        (f"{ROW}\n{ROW[:-3]}x\n", "is no table of numbers"),
        ("", "has 0 lines of 0 finite numbers"),
        ("1" * 1281, "is too large, expected 2 lines"),
    ],
)
def test_other_tables(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"p.csv: {told}"):
        read_predictions(str(path), 2)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no.csv: No such file.*; make it with `cifar csv`"):
        read_predictions(str(tmp_path / "no.csv"), 2)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("channels=3", "channels=1", r"n.cfg:4: .*channels: is 1, CIFAR's images have 3"),
        ("filters=10\nsize=1", "filters=9\nsize=1", "gives 9 values, CIFAR-10 has 10 classes"),
    ],
)
def test_networks_for_something_else(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = cfg(tmp_path / "n.cfg")
    require_cifar(read_graph(path))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DarknetError, match=told):
        require_cifar(read_graph(path))


def sample_set(folder: Path, side: int) -> CifarSet:
    images = read_cifar(str(batches(folder, 4)), TRAIN)
    config = ClassifierAugmentConfig.of(read_graph(cfg(folder / "n.cfg", side)))
    return CifarSet(images, smoothed_labels(images.classes), config)


def test_samples_are_images_as_they_are(tmp_path: Path) -> None:
    source = sample_set(tmp_path, 32)
    seen = set()
    for number in range(40):
        pixels, truth = source.sample(number, 32, 32, seed=3)
        (name,) = source.drawn(number, 32, 32, seed=3)
        index = int(name.removeprefix(f"{tmp_path}: image ")) - 1
        assert (pixels == source.images.pixels[index]).all()
        assert truth.argmax() == source.images.classes[index]
        seen.add(index)
    assert len(seen) > 10


def test_a_smaller_input_sees_pieces(tmp_path: Path) -> None:
    source = sample_set(tmp_path, 28)
    pixels, truth = source.sample(1, 28, 28, seed=3)
    (name,) = source.drawn(1, 28, 28, seed=3)
    assert pixels.shape == (3, 28, 28) and pixels.dtype == np.uint8
    assert truth.argmax() == source.images.classes[int(name.split()[-1]) - 1]
    assert (source.sample(1, 28, 28, seed=3)[0] == pixels).all()
