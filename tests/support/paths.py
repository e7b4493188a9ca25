"""Boxes that move as somebody drew it, for whoever gives objects their numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

Detections = tuple[np.ndarray, np.ndarray, np.ndarray]
"""xyxy (K, 4), confidence (K,), class_id (K,)."""

WIDTH, HEIGHT = 640, 480
SIDE = 40


@dataclass(frozen=True)
class Scene:
    """For each frame what was found, which object each row is, and its time in seconds."""

    fps: float
    detections: list[Detections]
    objects: list[np.ndarray]
    times: list[float]

    def frames(self, kept: Sequence[int]) -> Scene:
        """Only these frames, as of a source that drops the others."""
        return replace(
            self,
            detections=[self.detections[frame] for frame in kept],
            objects=[self.objects[frame] for frame in kept],
            times=[self.times[frame] for frame in kept],
        )

    def without(self, hidden: int, frames: Collection[int]) -> Scene:
        """One object is not found in these frames."""
        masks = [
            (objects != hidden) | (frame not in frames)
            for frame, objects in enumerate(self.objects)
        ]
        return self.found(masks)

    def found(self, masks: Sequence[np.ndarray]) -> Scene:
        """Only these rows of each frame."""
        pairs = list(zip(self.detections, masks, strict=True))
        detections = [(boxes[m], sure[m], ids[m]) for (boxes, sure, ids), m in pairs]
        objects = [rows[mask] for rows, mask in zip(self.objects, masks, strict=True)]
        return replace(self, detections=detections, objects=objects)


Path = tuple[int, tuple[float, float], tuple[float, float]]
"""Class, and the centre at the beginning and at the end."""


def straight(paths: Sequence[Path], seconds: float, fps: float) -> Scene:
    """Squares of SIDE pixels on straight paths, always found."""
    times = np.arange(round(seconds * fps)) / fps
    classes = np.array([path[0] for path in paths], np.int64)
    start, end = (np.array([path[part] for path in paths], float) for part in (1, 2))
    centres = [start + (end - start) * share for share in np.linspace(0, 1, len(times))]
    sizes = np.full((len(paths), 2), SIDE)
    sure = np.full(len(paths), 0.8, np.float32)
    found = [(corners(centre, sizes), sure, classes) for centre in centres]
    return Scene(fps, found, [np.arange(len(paths))] * len(times), times.tolist())


def bounced(seed: int, objects: int, frames: int, missed: float) -> Scene:
    """Boxes of one class that turn back at the image's edges, with the errors of a detector.

    missed: share of rows that are not found. Positions are off by 1.5 pixels, sizes by 3 %.
    """
    rng = np.random.default_rng(seed)
    limits = np.array([WIDTH, HEIGHT])
    centres, sizes = rng.uniform(0, limits, (objects, 2)), rng.uniform(30, 80, (objects, 2))
    speed = rng.uniform(-4, 4, (objects, 2))
    found, masks = [], []
    for _ in range(frames):
        centres = centres + speed
        speed = np.where((centres < 0) | (centres > limits), -speed, speed)
        seen = centres + rng.normal(0, 1.5, centres.shape)
        boxes = corners(seen, sizes * (1 + rng.normal(0, 0.03, sizes.shape)))
        sure = rng.uniform(0.3, 0.95, objects).astype(np.float32)
        found.append((boxes, sure, np.zeros(objects, np.int64)))
        masks.append(rng.random(objects) >= missed)
    times = [frame / 30 for frame in range(frames)]
    return Scene(30, found, [np.arange(objects)] * frames, times).found(masks)


def corners(centres: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.hstack([centres - sizes / 2, centres + sizes / 2]).astype(np.float32)


def switches(scene: Scene, numbers: Sequence[np.ndarray]) -> int:
    """How often an object has another number than the last time it had one, and how often two
    objects have had the same."""
    last, owner, count = dict[int, int](), dict[int, int](), 0
    for objects, given in zip(scene.objects, numbers, strict=True):
        for thing, number in zip(objects.tolist(), given.tolist(), strict=True):
            if number:
                count += last.setdefault(thing, number) != number
                count += owner.setdefault(number, thing) != thing
                last[thing], owner[number] = number, thing
    return count
