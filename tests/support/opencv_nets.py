"""Small networks whose weights follow from a formula, so that OpenCV 4 could be run on them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

BODY = """[net]
width={width}
height={height}
channels=3
[convolutional]
filters=8
size=3
stride=8
pad=1
activation=leaky
[convolutional]
filters=16
size=1
activation=linear
"""
REGION = "[region]\nclasses=3\nnum=2\nsoftmax=1\ncoords=4\n{options}anchors = 2.0,2.5, 3.0,2.0\n"
YOLO = "[yolo]\nclasses=3\nnum=2\nmask=0,1\n{options}anchors = 20,25, 40,22\n"
FLOATS = 8 + 8 * 3 * 9 + 16 + 16 * 8

HEADS = {
    "region": REGION.format(options=""),
    "region thresh": REGION.format(options="thresh=.25\nclassfix=-1\n"),
    "yolo": YOLO.format(options=""),
    "yolo nms": YOLO.format(options="thresh=.1\nnms_threshold=.3\nscale_x_y=1.2\n"),
}


def files(folder: Path, head: str, width: int = 32, height: int = 32) -> tuple[Path, Path]:
    """The cfg and the .weights file of a network that ends in one of HEADS."""
    cfg, weights = folder / "net.cfg", folder / "net.weights"
    cfg.write_text(BODY.format(width=width, height=height) + HEADS[head])
    weights.write_bytes(struct.pack("<iiiQ", 0, 2, 5, 0) + wave(FLOATS).tobytes())
    return cfg, weights


def wave(count: int) -> np.ndarray:
    """Numbers from -1 to 1 that look random."""
    angles = np.arange(count, dtype=np.float64) ** 2 * 0.7391 + np.arange(count)
    return np.sin(angles).astype(np.float32)


def blob(width: int = 32, height: int = 32, images: int = 1) -> np.ndarray:
    count = images * 3 * height * width
    return (wave(count) * 0.5 + 0.5).reshape(images, 3, height, width)
