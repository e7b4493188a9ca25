"""Segmenters that need no training: class 0 is what is red, class 1 what is green."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py import Network

NET = "[net]\nwidth=32\nheight=32\nchannels=3\n"
CONV = "[conv]\nfilters={}\nsize=1\nstride=2\nactivation=linear\n"
CLASSES = ((20.0, -20.0, -20.0), (-20.0, 20.0, -20.0))
EMBEDDING = (0.0, 0.0, 8.0)
"""How blue a pixel is tells objects apart."""


def colour_segmenter(folder: Path, instances: bool = False) -> tuple[str, str]:
    """c.cfg and c.weights, which are written there; a map of every second pixel."""
    rows = (*CLASSES, EMBEDDING) if instances else CLASSES
    end = "[iseg]\nclasses=2\nids=1\n" if instances else "[logistic]\n"
    cfg, weights = folder / "c.cfg", folder / "c.weights"
    cfg.write_text(f"{NET}{CONV.format(len(rows))}{end}")
    network = Network.from_cfg(cfg)
    with torch.no_grad():
        network.own(0)["weights"].copy_(torch.tensor(rows)[:, :, None, None])
        network.own(0)["biases"].zero_()
    network.save_weights(weights)
    return str(cfg), str(weights)


def squares(folder: Path, name: str = "a.png") -> NDArray[np.uint8]:
    """An image, which is written there: on grey a red square on the left that is half blue, and a
    green one on the right. BGR (64, 128, 3)."""
    canvas = np.full((64, 128, 3), 127, np.uint8)
    canvas[16:48, 8:40] = (0, 0, 255)
    canvas[16:48, 24:40] = (96, 0, 255)
    canvas[16:48, 72:120] = (0, 255, 0)
    assert cv2.imwrite(str(folder / name), canvas)
    return canvas
