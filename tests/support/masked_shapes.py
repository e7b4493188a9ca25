"""Drawn images with masks and numbers beside them, and networks that learn them within a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.options.training import ImageTrainOptions
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage

CLASSES = ("circle", "square")
COLOURS = {"circle": (60, 60, 230), "square": (60, 220, 60)}
"""BGR."""
SIZE = 48
NET = """[net]
width=32
height=32
channels=3
batch=8
subdivisions=1
learning_rate=.01
momentum=.9
decay=.0005
policy=constant
max_batches={max_batches}
min_crop=32
max_crop=48
angle=10
aspect=1.2
hue=.02
saturation=1.2
exposure=1.2
{net}
"""
CONVOLUTIONS = """[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=16
size=3
stride=1
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters={filters}
size=3
stride=1
pad=1
activation=linear
"""
ENDS = {
    "segmenter": CONVOLUTIONS.format(filters=2) + "[logistic]\n",
    "isegmenter": CONVOLUTIONS.format(filters=5) + "[iseg]\nclasses=2\nids=3\n",
    "regressor": CONVOLUTIONS.format(filters=2) + "[avgpool]\n[cost]\ntype=sse\n",
}


def run_lengths(mask: NDArray[np.bool_]) -> str:
    """The runs of a mask file, outside first."""
    flat = np.concatenate([[False], mask.ravel(), [not mask.ravel()[-1]]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    return ",".join(str(run) for run in np.diff(np.concatenate([[0], ends])))


def scene(seed: int, size: int = SIZE) -> tuple[NDArray[np.uint8], list[NDArray[np.bool_]]]:
    """A circle on the left and a square on the right, or the other way round; BGR, and the mask of
    each class."""
    rng = np.random.default_rng(seed)
    canvas = np.full((size, size, 3), rng.integers(60, 200), np.float64)
    sides, masks = rng.permutation([0.28, 0.72]), []
    for name, side in zip(CLASSES, sides, strict=True):
        y, radius = rng.uniform(0.35, 0.65) * size, rng.uniform(0.13, 0.2) * size
        turn = float(rng.uniform(0, 6.28))
        shape = ShapeGeometry(
            NAMES.index(name), float(side * size), float(y), float(radius), turn, 0.5
        )
        cover = coverage(shape, size, size) / 255
        canvas += (np.array(COLOURS[name]) - canvas) * cover[..., None]
        masks.append(cover > 0.5)
    return np.rint(canvas).astype(np.uint8), masks


def draw_files(folder: Path, images: int) -> Path:
    """images/, mask/, labels/ (the share of both classes), s.names, and s.data that names them."""
    for name in ("images", "mask", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(images):
        pixels, masks = scene(number)
        path = folder / "images" / f"{number}.png"
        assert cv2.imwrite(str(path), pixels)
        rows = [f"{one} {run_lengths(mask)}\n" for one, mask in enumerate(masks)]
        (folder / "mask" / f"{number}.txt").write_text("".join(rows))
        shares = " ".join(f"{mask.mean():.6f}" for mask in masks)
        (folder / "labels" / f"{number}.txt").write_text(f"{shares}\n")
        paths.append(str(path))
    (folder / "train.list").write_text("\n".join(paths))
    (folder / "s.names").write_text("".join(f"{name}\n" for name in CLASSES))
    lines = f"train={folder}/train.list\nnames={folder}/s.names\nclasses=2\n"
    (folder / "s.data").write_text(f"{lines}backup={folder}/backup\n")
    return folder / "s.data"


def cfg_text(kind: str, max_batches: int, net: str = "") -> str:
    """The network of a kind of training."""
    return NET.format(max_batches=max_batches, net=net) + ENDS[kind]


def masked_options(
    record: type[ImageTrainOptions], folder: Path, max_batches: int, net: str = "", **choices: Any
) -> Any:
    """The options of a training in `folder` (made), of the kind of the record; net: of [net]."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "s.data"
    if not data.exists():
        draw_files(folder, 12)
    (folder / "s.cfg").write_text(cfg_text(record.kind, max_batches, net))
    defaults: dict[str, Any] = {
        "device": "cpu",
        "workers": 0,
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return record(data=str(data), cfg=str(folder / "s.cfg"), **defaults | choices)
