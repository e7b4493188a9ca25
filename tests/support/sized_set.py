"""A data set of blank images of given sizes, with labels of given sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

Label = tuple[int, float, float]
"""Class, relative width and height; it lies in the middle of its image."""


def sized_set(
    folder: Path,
    images: Mapping[tuple[int, int], Sequence[Label]],
    names: Sequence[str] = ("ant", "bee"),
    data: str = "",
) -> Path:
    """n.data, n.names, train.txt and an image of each size (width, height); data: more lines."""
    listed = []
    for (width, height), labels in images.items():
        path = folder / f"{width}x{height}.png"
        cv2.imwrite(str(path), np.zeros((height, width), np.uint8))
        rows = (f"{kind} .5 .5 {w} {h}\n" for kind, w, h in labels)
        path.with_suffix(".txt").write_text("".join(rows))
        listed.append(f"{path}\n")
    (folder / "train.txt").write_text("".join(listed))
    (folder / "n.names").write_text("".join(f"{name}\n" for name in names))
    lines = f"train={folder / 'train.txt'}\nnames={folder / 'n.names'}\n"
    (folder / "n.data").write_text(f"classes={len(names)}\n{lines}{data}")
    return folder / "n.data"


TWO_HEADS = """# made for tests
[net]
width=64
height=64
channels=3
batch=1
subdivisions=1
learning_rate=0.001
max_batches=500200
policy=steps
steps=400000,450000
scales=.1,.1

# of the fine head
[convolutional]
filters=14
stride=8
size=1
[yolo]
classes=2
num=3
mask=0,1
anchors=8,8, 16,16, 32,32
[route]
layers=0
[convolutional]
filters=7
size=1
stride=2
[yolo]
classes=2
num=3
mask=2
anchors=8,8, 16,16, 32,32
"""
"""A cfg of two heads, of strides 8 and 16, for two classes."""


def two_heads(folder: Path, **changes: str) -> Path:
    """n.cfg; changes: texts of the cfg and what stands there instead, as `width='width=96'`."""
    text = TWO_HEADS
    for key, line in changes.items():
        old = next(one for one in text.splitlines() if one.startswith(f"{key}="))
        text = text.replace(old, line)
    (folder / "n.cfg").write_text(text)
    return folder / "n.cfg"
