"""The images of a data set that int8 is calibrated with and measured on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.label_paths import label_path
from darknet_py.engines.calibration import MAP_IMAGES
from darknet_py.evaluate.eval_inputs import EvalSet, read_set
from darknet_py.images.fitted_images import InputSpec
from darknet_py.network.graph import Graph

RANGE_IMAGES = 128
"""More of them change the ranges of values no more."""


@dataclass(frozen=True)
class CalibrationSet:
    """inputs: the whole of valid=. images: those that the mAP is measured on, some of them there.
    digest: differs when one of these or its labels do, and when they are seen differently."""

    inputs: EvalSet
    images: list[str]
    digest: str

    @property
    def range_images(self) -> list[str]:
        """Those whose values say the ranges."""
        return spread(self.images, RANGE_IMAGES)

    @property
    def difficult(self) -> list[str] | None:
        """Of each image another path, where the data says which; a list of another length stays,
        which `evaluate` refuses."""
        whole = self.inputs.difficult
        if whole is None or len(whole) != len(self.inputs.images):
            return whole
        return spread(whole, len(self.images))


def calibration_set(data: DataFile, graph: Graph, most: int | None = None) -> CalibrationSet:
    """most: so many images at most, None: MAP_IMAGES. Raises DataError as `map` does."""
    inputs = read_set(data, graph)
    images = spread(inputs.images, MAP_IMAGES if most is None else most)
    return CalibrationSet(inputs, images, _digest(inputs, images, graph))


def spread(paths: Sequence[str], most: int) -> list[str]:
    """At most so many of them, in equal steps over all, in their order."""
    count = min(len(paths), most)
    return [paths[number * len(paths) // count] for number in range(count)]


def _digest(inputs: EvalSet, images: list[str], graph: Graph) -> str:
    words = (InputSpec.of(graph), inputs.class_map, [_facts(path, graph) for path in images])
    return hashlib.sha256(repr(words).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _facts(path: str, graph: Graph) -> list[tuple[str, int, int]]:
    """Of an image and of its labels."""
    files = (os.path.abspath(path), os.path.abspath(label_path(path, graph.fork)))
    return [(file, *_stat(file)) for file in files]


def _stat(path: str) -> tuple[int, int]:
    """Bytes, and when it was changed last; of one that is not there -1."""
    try:
        found = os.stat(path)
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns
