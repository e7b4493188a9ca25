"""Geometry of images (C, H, W) in [0, 1] as `nightmare` needs it."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def cropped(image: Floats, dx: int, dy: int, width: int, height: int) -> Floats:
    """A piece from (dx, dy); beyond the image its edge goes on."""
    rows = np.clip(np.arange(height) + dy, 0, image.shape[1] - 1)
    columns = np.clip(np.arange(width) + dx, 0, image.shape[2] - 1)
    return np.ascontiguousarray(image[:, rows[:, None], columns])


def rotated(image: Floats, radians: float) -> Floats:
    """Turned around its middle, black where it came from beyond the image."""
    height, width = image.shape[1:]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - width / 2, y - height / 2
    cos, sin = math.cos(radians), math.sin(radians)
    columns, rows = cos * x - sin * y + width / 2, sin * x + cos * y + height / 2
    # grid_sample counts from -1 at the first pixel to 1 at the last.
    last = np.maximum([width - 1, height - 1], 1) / 2
    grid = torch.from_numpy(np.stack([columns / last[0] - 1, rows / last[1] - 1], axis=-1)).float()
    source = torch.from_numpy(np.ascontiguousarray(image))[None]
    out = F.grid_sample(source, grid[None], mode="bilinear", align_corners=True)
    return np.asarray(out[0].numpy(), np.float32)


def normalized(values: Floats) -> Floats:
    """Mean 0 and variance 1; values that are all alike become 0, where C divides by 0."""
    deviation = float(values.std())
    if not deviation:
        return np.zeros_like(values)
    return np.asarray((values - values.mean()) / deviation, np.float32)


def pull_of_neighbours(image: Floats, radius: int) -> Floats:
    """For each pixel the sum of what its neighbours within `radius` differ from it by."""
    size = (2 * radius + 1,) * 2

    def summed(plane: Floats) -> Floats:
        # Without normalize it is a sum, in which pixels beyond the edge are 0.
        sums = cv2.boxFilter(plane, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(sums, np.float32)

    count = summed(np.ones_like(image[0]))
    return np.stack([summed(plane) - count * plane for plane in image])
