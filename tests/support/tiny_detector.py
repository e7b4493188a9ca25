"""A small random network that finds something in every image, and images for it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from darknet_py import Network

CFG = """[net]
width=64
height=32
channels={channels}
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=16
size=1
activation=linear
[yolo]
classes=3
num=2
mask=0,1
anchors=10,10,20,16
"""


def files(folder: Path, channels: int = 3) -> tuple[Path, Path]:
    """A small network with random weights that finds something in every image."""
    cfg, weights = folder / "n.cfg", folder / "n.weights"
    cfg.write_text(CFG.format(channels=channels))
    network = Network.from_cfg(cfg, seed=1)
    for name, tensor in network.named_buffers():
        if name.endswith("rolling_variance"):
            tensor.fill_(1.0)
    network.save_weights(weights)
    return cfg, weights


def noise_image(seed: int = 0, width: int = 50, height: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for seed, path in enumerate(paths):
        assert cv2.imwrite(str(path), noise_image(seed))
    return paths
