"""Images with one rectangle each, in a colour that tells its class; samples made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.pixels import Pixels
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.images.reduced_images import Decoded, Image
from darknet_py.network.graph import Graph, read_graph

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
GROUND = 100
CFG = """[net]
width={width}
height={height}
channels={channels}
{net}
[convolutional]
filters={filters}
size=1
activation=linear
{head}
"""
HEADS = {
    "yolo": "[yolo]\nclasses=4\nnum=1\nmask=0\nanchors=4,4\n",
    "region": "[region]\nclasses=4\nnum=1\ncoords=4\nanchors=1,1\n",
    "detection": "[connected]\noutput=144\nactivation=linear\n"
    "[detection]\nclasses=4\nside=4\nnum=1\ncoords=4\n",
}

LARGE = 3
"""Pixels of a side from which on a box is to be seen and labelled."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def graph(
    folder: Path,
    net: str = "",
    head: str = "jitter=0",
    kind: str = "yolo",
    fork: str = "alexeyab",
    channels: int = 3,
    size: tuple[int, int] = (64, 48),
) -> Graph:
    """A network of one layer; net and head: more options of both, a line each."""
    text = CFG.format(
        width=size[0],
        height=size[1],
        channels=channels,
        net=net,
        filters=9,
        head=f"{HEADS[kind]}{head}",
    )
    path = folder / f"{kind}.cfg"
    path.write_text(text)
    return read_graph(path, fork=fork)


@dataclass(frozen=True)
class RectangleImage:
    """An image of width x height with a rectangle (left, top, right, bottom) of class `number`."""

    number: int
    size: tuple[int, int]
    corners: tuple[int, int, int, int]

    @property
    def label(self) -> str:
        (width, height), (left, top, right, bottom) = self.size, self.corners
        values = [
            (left + right) / 2 / width,
            (top + bottom) / 2 / height,
            (right - left) / width,
            (bottom - top) / height,
        ]
        return " ".join([str(self.number), *(f"{value:.8f}" for value in values)]) + "\n"

    def pixels(self, channels: int = 3) -> Pixels:
        """RGB; grey is white on GROUND."""
        left, top, right, bottom = self.corners
        image = np.full((self.size[1], self.size[0], channels), GROUND, np.uint8)
        colour = COLOURS[self.number] if channels == 3 else 255
        image[top:bottom, left:right] = colour
        return image


def random_rectangles(
    rng: np.random.Generator, sizes: list[tuple[int, int]]
) -> list[RectangleImage]:
    """A rectangle of at least a sixth of the sides in each, of classes 0, 1, 2, ..."""
    made = []
    for number, (width, height) in enumerate(sizes):
        spans = []
        for side in (width, height):
            length = int(rng.integers(max(1, side // 6), max(2, side * 3 // 4)))
            start = int(rng.integers(0, side - length + 1))
            spans.append((start, start + length))
        (left, right), (top, bottom) = spans
        made.append(RectangleImage(number, (width, height), (left, top, right, bottom)))
    return made


@dataclass(frozen=True)
class InOrder(DetectionSet):
    """Takes its images one after the other."""

    asked: list[str] = field(default_factory=list)

    def _path(self, index: int) -> str:
        self.asked.append(self.images[len(self.asked) % len(self.images)])
        return self.asked[-1]


def in_memory(folder: Path, made: list[RectangleImage], config: AugmentConfig) -> InOrder:
    """The label files on disk, the images not."""
    cached = {}
    for rectangle in made:
        path = folder / f"{rectangle.number}.png"
        path.with_suffix(".txt").write_text(rectangle.label)
        cached[str(path)] = Decoded(rectangle.pixels(config.channels), rectangle.size)
    return InOrder(list(cached), config, cached)


def write(
    folder: Path, rectangle: RectangleImage, suffix: str = ".png", name: str | None = None
) -> str:
    """The image and its label file; returns the path."""
    path = folder / f"{rectangle.number if name is None else name}{suffix}"
    assert cv2.imwrite(str(path), rectangle.pixels()[..., ::-1])
    path.with_suffix(".txt").write_text(rectangle.label)
    return str(path)


def seen(pixels: Pixels, number: int) -> Box | None:
    """The box around the pixels (H, W, C) that are more than half of a class's colour."""
    colour = np.array(COLOURS[number] if pixels.shape[2] == 3 else (255,), float) - GROUND
    away = pixels.astype(float) - GROUND
    part = away @ colour / (colour @ colour)
    strange = np.linalg.norm(away - part[..., None] * colour, axis=2)
    rows, columns = np.nonzero((part > 0.5) & (strange < 60))
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def labelled(truth: np.ndarray, config: AugmentConfig, size: tuple[int, int]) -> dict[int, Box]:
    """Class -> box in pixels of a sample's truth."""
    boxes = {}
    for number, x, y, w, h in rows_of(truth, config):
        box = (x - w / 2) * size[0], (y - h / 2) * size[1], w * size[0], h * size[1]
        assert int(number) not in boxes
        boxes[int(number)] = (box[0], box[1], box[0] + box[2], box[1] + box[3])
    return boxes


def rows_of(truth: np.ndarray, config: AugmentConfig) -> list[tuple[float, ...]]:
    """class x y w h of a sample's truth, from rows or from YOLOv1's cells."""
    if not config.cells:
        rows = truth.reshape(config.boxes, config.fork.samples.truth_size)
        return [(row[4], *row[:4]) for row in rows if row[0]]
    cells = truth.reshape(config.cells, config.cells, -1)
    labels = []
    for y, x in zip(*np.nonzero(cells[..., 0]), strict=True):
        cell = cells[y, x]
        centre = (x + cell[-4]) / config.cells, (y + cell[-3]) / config.cells
        labels.append((int(cell[1:-4].argmax()), *centre, *cell[-2:]))
    return labels


def tell_pixels(cached: Image, line: Connection) -> None:
    """In another process: the image's greatest value, whenever asked."""
    while line.recv():
        line.send(int(cached.pixels(3, cached.size).max()))


def config_of(
    folder: Path, net: str = "", head: str = "jitter=0", **where: object
) -> AugmentConfig:
    return AugmentConfig.of(graph(folder, net, head, **where))  # type: ignore[arg-type]


def sample(
    source: DetectionSet, number: int, size: tuple[int, int], seed: int = 0
) -> tuple[Pixels, np.ndarray]:
    """The image as (H, W, C), and the truth."""
    pixels, truth = source.sample(number, *size, seed)
    assert (pixels.dtype, truth.dtype) == (np.uint8, np.float32)
    assert pixels.shape == (source.config.channels, size[1], size[0])
    assert pixels.flags.c_contiguous
    assert np.isfinite(truth).all()
    return pixels.transpose(1, 2, 0), truth


def is_large(box: Box | None) -> bool:
    return box is not None and box[2] - box[0] >= LARGE and box[3] - box[1] >= LARGE


def require_alike(pixels: Box | None, label: Box | None, tolerance: float) -> None:
    if is_large(pixels) or is_large(label):
        assert pixels is not None and label is not None, (pixels, label)
        np.testing.assert_allclose(pixels, label, atol=tolerance)
