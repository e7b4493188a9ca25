"""A whole data set of drawn shapes on disk: images, labels, lists, names, .data file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import OutputError
from darknet_py.files import encoded, make_folder, replacing
from darknet_py.images.draw import save_image
from darknet_py.options.datasets import ShapesOptions
from darknet_py.progress import follow
from darknet_py.synthetic.backdrop import Canvas, Pixels
from darknet_py.synthetic.shape_images import LEAST_VISIBLE, SMALLEST, draw_image
from darknet_py.synthetic.shapes import NAMES

ROOM = 0.6
"""Radius of a shape that always fits, as a part of the image's shorter side."""
LONGEST_SIDE = 65_500
"""What JPEG files hold."""
MOST_PIXELS = 2**27
"""What `images.io` reads where nobody asks for more."""
FOLDER = "pictures"
"""Not "images": pjreddie's rule would look for the labels in a folder "labels" then."""


def write_dataset(
    folder: str | os.PathLike[str],
    images: int,
    seed: int,
    width: int = ShapesOptions.width,
    height: int = ShapesOptions.height,
    *,
    smallest: float = SMALLEST,
    visible: float = LEAST_VISIBLE,
    valid_every: int = ShapesOptions.valid_every,
) -> Path:
    """Write `images` images with their label files, the lists of a training, and shapes.data.

    smallest: least radius of a shape in pixels. visible: least part of a shape that the shapes
    over it leave. valid_every: every Nth image is for validation, 1: all of them. The same
    seed writes the same files. Returns the path of shapes.data. Raises OutputError when something
    cannot be written, or when shapes do not fit into the images.
    """
    _require_room(width, height, smallest)
    home = Path(folder)
    make_folder(home / FOLDER)
    lists: dict[str, list[str]] = {"train": [], "valid": []}
    drawn = _images(images, seed, (width, height), (smallest, visible))
    for number, (pixels, rows) in enumerate(follow(drawn, images, "drawing")):
        path = home / FOLDER / f"{number:05d}.jpg"
        save_image(path, pixels, 92)
        _write(path.with_suffix(".txt"), [label_line(row) for row in rows], durable=False)
        is_valid = number % valid_every == valid_every - 1
        lists["valid" if is_valid else "train"].append(os.fspath(path))
    for name, paths in lists.items():
        _write(home / f"{name}.txt", paths)
    _write(home / "shapes.names", list(NAMES))
    _write(home / "shapes.data", _data_lines(home))
    return home / "shapes.data"


def _require_room(width: int, height: int, smallest: float) -> None:
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        message = f"images of {width} x {height} pixels cannot be written or read again"
        raise OutputError(f"{message}; take sides of at most {LONGEST_SIDE}, {MOST_PIXELS} pixels")
    most = min(width, height) * ROOM
    if 1 <= smallest <= most:
        return
    message = f"no shape of radius {smallest:g} fits into {width} x {height} pixels"
    raise OutputError(f"{message}; take larger images, or a smallest radius of 1 to {most:g}")


def _images(
    images: int, seed: int, size: tuple[int, int], limits: tuple[float, float]
) -> Iterator[tuple[Pixels, Canvas]]:
    """Each image has its own generator: the first ones do not depend on how many follow."""
    for number in range(images):
        yield draw_image(np.random.default_rng((seed, number)), *size, *limits)


def label_line(row: NDArray[np.float32]) -> str:
    """`class x y w h`, as Darknet's programs read it."""
    return " ".join([str(int(row[0])), *(f"{value:.6f}" for value in row[1:])])


def _data_lines(home: Path) -> list[str]:
    files = (("train", "train.txt"), ("valid", "valid.txt"), ("names", "shapes.names"))
    paths = [f"{key}={home / name}" for key, name in (*files, ("backup", "backup"))]
    return [f"classes={len(NAMES)}", *paths]


def _write(path: Path, lines: list[str], durable: bool = True) -> None:
    with replacing(path, durable=durable) as file:
        file.write(encoded("".join(line + "\n" for line in lines)))
