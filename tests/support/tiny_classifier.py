"""Drawn images of three classes, and a network small enough to learn them within a test."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage

SIZE = 32
CLASSES = ("circle", "square", "star")
COLOURS = {"circle": (60, 60, 230), "square": (60, 220, 60), "star": (230, 90, 60)}
"""BGR."""
CFG = """[net]
width=24
height=24
channels=3
batch=24
subdivisions=1
learning_rate=.1
momentum=.9
decay=.0005
policy=constant
max_batches=100
min_crop=24
max_crop=32
angle=10
aspect=1.2
hue=.02
saturation=1.2
exposure=1.2
[convolutional]
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=12
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=3
size=1
activation=linear
[avgpool]
[softmax]
"""


def draw(name: str, seed: int, size: int = SIZE) -> np.ndarray:
    """A coloured shape on a grey ground, in another place for each seed."""
    rng = np.random.default_rng(seed)
    canvas = np.full((size, size, 3), rng.integers(60, 200), np.uint8)
    x, y = rng.uniform(0.4 * size, 0.6 * size, 2)
    radius, angle = rng.uniform(0.22, 0.36) * size, rng.uniform(0, 6.28)
    shape = ShapeGeometry(NAMES.index(name), float(x), float(y), float(radius), float(angle), 0.5)
    cover = coverage(shape, size, size)[..., None] / 255
    colour = np.clip(np.array(COLOURS[name]) + rng.integers(-25, 26, 3), 0, 255)
    return np.rint(canvas + (colour - canvas) * cover).astype(np.uint8)


def write(folder: Path, images: int, first: int = 0) -> list[str]:
    """Images named by their class; their paths."""
    paths = []
    for number in range(first, first + images):
        name = CLASSES[number % len(CLASSES)]
        path = folder / f"{name}_{number}.png"
        assert cv2.imwrite(str(path), draw(name, number))
        paths.append(str(path))
    return paths


def files(folder: Path, train: int, valid: int) -> tuple[Path, Path]:
    """t.cfg, and t.data with lists, labels and names."""
    (folder / "train.list").write_text("\n".join(write(folder, train)))
    (folder / "valid.list").write_text("\n".join(write(folder, valid, train)))
    (folder / "labels.list").write_text("".join(f"{name}_\n" for name in CLASSES))
    (folder / "t.names").write_text("".join(f"{name}\n" for name in CLASSES))
    lines = [f"{key}={folder}/{key}.list" for key in ("train", "valid", "labels")]
    lines += [f"names={folder}/t.names", "classes=3", "top=2", f"test={folder}/valid.list"]
    (folder / "t.data").write_text("\n".join(lines))
    (folder / "t.cfg").write_text(CFG)
    return folder / "t.cfg", folder / "t.data"
