"""A segmentation network on a device: an image in, the maps of its pixels out."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darknet_py.cfg.names import class_names
from darknet_py.classify.classifier import Classifier
from darknet_py.classify.load_classifier import read_without_head, start_classifier
from darknet_py.images.class_map import enlarged, of_image
from darknet_py.images.io import Pixels, read_image
from darknet_py.images.letterbox import Placement
from darknet_py.images.tensors import letterbox, to_tensor
from darknet_py.network.output_map import (
    OutputMap,
    output_map,
    require_classes_alone,
    require_instances,
)
from darknet_py.options.inference import SegmentOptions

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]


class Segmented(NamedTuple):
    """pixels: of the image, RGB or grey. first: the network's first value. scores: (classes, h, w)
    and embedding (ids, h, w), of the whole input."""

    pixels: Pixels
    first: float
    scores: Floats
    embedding: Floats


@dataclass(frozen=True)
class Segmenter:
    """Runs a segmentation network. names: of its classes. upright: images are turned by EXIF."""

    classifier: Classifier
    map: OutputMap
    names: list[str]
    channels: int
    upright: bool

    def __call__(self, pixels: Pixels) -> Segmented:
        """The maps of an image (H, W, C), letter-boxed as in C. Raises DarknetError where they are
        not finite."""
        net = self.classifier.graph.net
        fitted = letterbox(to_tensor(pixels), net.width, net.height)
        values = self.classifier.scores([[fitted]])[0].reshape(self.map.shape)
        first = float(values.flat[0])
        return Segmented(pixels, first, values[: self.map.classes], values[self.map.classes :])

    def read(self, path: str) -> Pixels:
        """Raises ImageError."""
        return read_image(path, self.channels, self.upright)

    def on_image(self, score: Floats, pixels: Pixels) -> Floats:
        """What a map (h, w) of the input says of the image in it."""
        net = self.classifier.graph.net
        placement = Placement(pixels.shape[1], pixels.shape[0], net.width, net.height, True)
        return of_image(enlarged(score, self.map.reduction), placement)


def open_segmenter(options: SegmentOptions) -> Segmenter:
    """Raises CfgError, WeightsError or DataError, and DarknetError for a network of another kind or
    an engine that is not there."""
    graph, plan = read_without_head(options)
    (require_instances if options.instances else require_classes_alone)(graph)
    maps = output_map(graph)
    names = class_names(options.names, options.cfg, maps.classes, _data(options))
    classifier = start_classifier(graph, plan, options.engine_config())
    return Segmenter(classifier, maps, names, graph.net.channels, graph.fork.images.upright)


def _data(options: SegmentOptions) -> str | None:
    """The .data file, which C does not open here."""
    if os.path.exists(options.data):
        return options.data
    logger.warning("%s: no such file; classes go by their numbers", Path(options.data))
    return None
