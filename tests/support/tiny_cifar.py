"""A handful of images in CIFAR-10's binary form, and a network small enough for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CFG = """[net]
width={side}
height={side}
channels=3
batch=10
subdivisions=1
learning_rate=.01
momentum=.9
policy=constant
max_batches={max_batches}
[convolutional]
filters=10
size=3
stride=4
pad=1
activation=leaky
[convolutional]
filters=10
size=1
activation=linear
[avgpool]
[softmax]
"""


def cfg(path: Path, side: int = 32, max_batches: int = 12) -> Path:
    path.write_text(CFG.format(side=side, max_batches=max_batches))
    return path


def records(images: int, seed: int) -> NDArray[np.uint8]:
    """(images, 3073): the class in turn, and noise."""
    rows = np.random.default_rng(seed).integers(0, 256, (images, 3073)).astype(np.uint8)
    rows[:, 0] = np.arange(images) % 10
    return rows


def batches(folder: Path, images: int = 12) -> Path:
    """All six files with so many images each, and other ones in each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 6):
        records(images, number).tofile(folder / f"data_batch_{number}.bin")
    records(images, 6).tofile(folder / "test_batch.bin")
    return folder
