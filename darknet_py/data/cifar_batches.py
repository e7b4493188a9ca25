"""CIFAR-10 in its binary form: records of one byte for the class and 3 x 32 x 32 for the image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.data.classifier_samples import augmented
from darknet_py.errors import CANNOT_OPEN, DarknetError, DataError, Location, open_failure
from darknet_py.network.graph import Graph

NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"),
    "truck",
)
SIDE, CHANNELS = 32, 3
RECORD = 1 + CHANNELS * SIDE * SIDE
CIFAR_100_RECORD = RECORD + 1
MOST_RECORDS = 100_000
"""Of one file; CIFAR-10 has 10000."""
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
SMOOTHING = 0.1
"""The part of a label that both programs spread over all classes."""
HARD, SOFT = 0.1, 0.9
"""`distill`: how much the labels count, and how much the predictions of another network."""
FIELD_BYTES = 64
"""Most that one number of a .csv may take."""
CURE = "unpack CIFAR-10's binary version there, or name its folder with --batches FOLDER"

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CifarImages:
    """classes: (N,) numbers from 0. pixels: (N, 3, 32, 32) RGB. path: where they come from."""

    path: str
    classes: NDArray[np.int64]
    pixels: Pixels

    def __len__(self) -> int:
        return len(self.classes)


def read_cifar(folder: str, files: Sequence[str]) -> CifarImages:
    """The images of these files one after the other, TRAIN or TEST.

    Raises DataError for a file that is missing, cut off or none of CIFAR-10.
    """
    parts = [_records(Path(folder) / name) for name in files]
    rows = np.concatenate(parts)
    pixels = rows[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE)
    return CifarImages(folder, rows[:, 0].astype(np.int64), pixels)


def _records(path: Path) -> Pixels:
    """(N, RECORD)."""
    try:
        size = os.path.getsize(path)
        _require_records(path, size)
        rows = np.fromfile(path, np.uint8).reshape(-1, RECORD)
    except CANNOT_OPEN as failure:
        raise DataError(f"{open_failure(failure)}; {CURE}", Location(str(path))) from None
    strange = np.flatnonzero(rows[:, 0] >= len(NAMES))
    if len(strange):
        message = f"image {strange[0] + 1} has class {rows[strange[0], 0]}, expected 0 to 9"
        raise DataError(message, Location(str(path)))
    return rows


def _require_records(path: Path, size: int) -> None:
    if size and size % RECORD == 0 and size <= MOST_RECORDS * RECORD:
        return
    expected = f"expected records of {RECORD}, {MOST_RECORDS} at most"
    hint = "" if size % CIFAR_100_RECORD or not size else "; is it CIFAR-100?"
    raise DataError(f"has {size} bytes, {expected}{hint}", Location(str(path)))


def read_predictions(path: str, images: int) -> Floats:
    """(images, 10) of a .csv that `cifar csv` or `csvtrain` has printed.

    Raises DataError for another number of rows or columns, and for what is no number.
    """
    shape = f"expected {images} lines of {len(NAMES)} numbers with commas between them"
    location = Location(path)
    try:
        if os.path.getsize(path) > images * len(NAMES) * FIELD_BYTES:
            raise DataError(f"is too large, {shape}", location)
        with open(path, encoding="latin-1") as file:
            rows = [line.split(",") for line in file if line.strip()]
        values = np.array(rows, np.float32)
    except OSError as failure:
        cure = "make it with `cifar csv` or `cifar csvtrain`"
        raise DataError(f"{open_failure(failure)}; {cure}", location) from None
    except ValueError:
        raise DataError(f"is no table of numbers, {shape}", location) from None
    if values.shape != (images, len(NAMES)) or not np.isfinite(values).all():
        columns = values.shape[1] if values.ndim > 1 else 0
        raise DataError(f"has {len(values)} lines of {columns} finite numbers, {shape}", location)
    return values


def require_cifar(graph: Graph) -> None:
    """Raises DarknetError for a network of another input or another number of classes."""
    net, outputs = graph.net, graph.nodes[graph.last].out.size
    if net.channels != CHANNELS:
        location = net.section.location("channels")
        raise DarknetError(f"{location}: is {net.channels}, CIFAR's images have {CHANNELS}")
    if outputs != len(NAMES):
        message = f"its last layer gives {outputs} values, CIFAR-10 has {len(NAMES)} classes"
        raise DarknetError(f"{graph.path}: {message}")


def smoothed_labels(classes: NDArray[np.int64], soft: Floats | None = None) -> Floats:
    """(N, 10) what training wants: labels smoothed as in both programs.

    soft: (N, 10) predictions of other networks, which `distill` adds.
    """
    labels = np.full((len(classes), len(NAMES)), SMOOTHING / len(NAMES), np.float32)
    labels[np.arange(len(classes)), classes] += 1 - SMOOTHING
    return labels if soft is None else (HARD * labels + SOFT * soft).astype(np.float32)


@dataclass(frozen=True, eq=False)
class CifarSet:
    """Training samples: images drawn at random with repetition, as they are.

    config: augments images for a network whose input is no 32 x 32, for which the C programs
    would mix up the rows of several images.
    """

    images: CifarImages
    truth: Floats
    config: ClassifierAugmentConfig

    def sample(self, number: int, width: int, height: int, seed: int) -> tuple[Pixels, Floats]:
        """uint8 (3, height, width) and its truth (10,)."""
        rng = np.random.default_rng((seed, number))
        index = int(rng.integers(len(self.images)))
        pixels = self.images.pixels[index]
        if (width, height) != (SIDE, SIDE):
            cut = augmented(pixels.transpose(1, 2, 0), rng, self.config, width, height)
            pixels = np.ascontiguousarray(cut.transpose(2, 0, 1))
        return pixels, self.truth[index]

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The image of a sample, by its number in all files together."""
        rng = np.random.default_rng((seed, number))
        return [f"{self.images.path}: image {int(rng.integers(len(self.images))) + 1}"]
