"""Films of a square that moves, as images with label files, and a training on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from darknet_py.options.training import DetectorTrainOptions

SIDE, SQUARE = 24, 8
FILMS, FRAMES = 4, 12
CFG = """[net]
batch=4
subdivisions=2
time_steps=3
width=24
height=24
channels=3
momentum=0.9
decay=0.0005
learning_rate=0.01
burn_in=5
max_batches={max_batches}
flip=0
track=1
{net}
[convolutional]
batch_normalize=1
filters=6
size=3
stride=4
pad=1
activation=leaky
[conv_lstm]
size=3
pad=1
output=8
activation=leaky
[convolutional]
size=1
filters=6
activation=linear
[yolo]
mask=0
anchors=8,8
classes=1
num=1
jitter=0
"""


def film_of(rng: np.random.Generator) -> list[tuple[np.ndarray, str]]:
    """Frames (SIDE, SIDE, 3) with their label lines: the square bounces off the edges."""
    place, speed = rng.uniform(0, SIDE - SQUARE, 2), rng.uniform(-2, 2, 2)
    frames = []
    for _ in range(FRAMES):
        place += speed
        out = (place < 0) | (place > SIDE - SQUARE)
        speed[out] *= -1
        place = place.clip(0, SIDE - SQUARE)
        left, top = (int(value) for value in place)
        pixels = rng.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
        pixels[top : top + SQUARE, left : left + SQUARE] = (40, 220, 240)
        x, y, side = ((value) / SIDE for value in (left + SQUARE / 2, top + SQUARE / 2, SQUARE))
        frames.append((pixels, f"0 {x} {y} {side} {side}\n"))
    return frames


def moving_options(
    folder: Path, max_batches: int = 30, net: str = "", **choices: Any
) -> DetectorTrainOptions:
    """The options of a training in `folder` (made): films after one another in its list."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, paths = np.random.default_rng(1), list[str]()
    for film in range(FILMS):
        for number, (pixels, label) in enumerate(film_of(rng)):
            path = folder / f"film{film}-{number:02d}.png"
            assert cv2.imwrite(str(path), pixels)
            path.with_suffix(".txt").write_text(label)
            paths.append(str(path))
    (folder / "train.txt").write_text("\n".join(paths))
    data, cfg = folder / "film.data", folder / "film.cfg"
    data.write_text(f"classes=1\ntrain={folder / 'train.txt'}\nbackup={folder / 'backup'}\n")
    cfg.write_text(CFG.format(max_batches=max_batches, net=net))
    defaults: dict[str, Any] = {
        "device": "cpu",
        "workers": 0,
        "results": str(folder / "results.csv"),
        "log_style": "plain",
    }
    return DetectorTrainOptions(data=str(data), cfg=str(cfg), **defaults | choices)
