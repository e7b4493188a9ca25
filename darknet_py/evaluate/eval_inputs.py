"""The files an evaluation starts from, read and checked before torch is imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.cfg.datafile import DataFile, required_file
from darknet_py.cfg.names import class_names, read_names
from darknet_py.cfg.options import atoi
from darknet_py.cfg.text_file import read_text
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError, Location
from darknet_py.lazy import import_at_once
from darknet_py.network.graph import Graph
from darknet_py.network.load import LoadedModel, head_classes, load_model
from darknet_py.options.evaluation import EvalOptions

if TYPE_CHECKING:
    from darknet_py.network.network import Network

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvalSet:
    """image_set: what valid= names; images: its images, some of them there. class_map: see map=.

    names: one per class of the network, or of the class map.
    """

    data: DataFile
    names: Sequence[str]
    image_set: str
    images: list[str]
    class_map: tuple[int, ...] | None

    @property
    def difficult(self) -> list[str] | None:
        """The list that difficult= names."""
        listed = "difficult" in self.data.options
        return read_list(required_file(self.data, "difficult")) if listed else None


@dataclass(frozen=True)
class EvalInputs(EvalSet):
    """The same with the network."""

    model: LoadedModel


def read_inputs(options: EvalOptions) -> EvalInputs:
    """Raises DataError, CfgError or WeightsError for what is missing or does not fit, and
    DarknetError for an engine that is not there."""
    options.require_engine()
    file = options.data_file
    class_map = read_class_map(file)
    model = load_model(
        options.cfg,
        options.weights,
        # The names of a class map may be its own or the cfg's; they are counted where it is used.
        data=None if class_map else file,
        fork=options.fork_in_force,
        width=options.width,
        height=options.height,
    )
    return EvalInputs(**vars(_set_of(file, class_map, model.names)), model=model)


def read_set(file: DataFile, graph: Graph) -> EvalSet:
    """What a network that is there already is measured on; its names as `load_model` finds them.

    Raises DataError.
    """
    class_map, classes = read_class_map(file), head_classes(graph)
    names = [] if class_map else class_names(None, graph.path, classes, file)
    return _set_of(file, class_map, names)


def _set_of(
    file: DataFile, class_map: tuple[int, ...] | None, model_names: Sequence[str]
) -> EvalSet:
    names = model_names if class_map is None else read_names(required_file(file, "names"))
    image_set = os.fspath(required_file(file, "valid"))
    images = require_images(read_list(image_set), image_set)
    return EvalSet(file, names, image_set, images, class_map)


def results_folder(data: DataFile) -> Path:
    """The folder results= names, or Darknet's own."""
    return Path(data.options.get("results", "results"))


def require_images(images: list[str], image_set: str) -> list[str]:
    """The paths, when any of them is there; raises DataError with the first when none is."""
    if images and not any(map(os.path.isfile, images)):
        message = f"none of {len(images)} images is there, the first is"
        cure = "paths are looked for from the working folder and from the list's"
        raise DataError(f"{message} {images[0]}; {cure}", Location(image_set))
    return images


def read_class_map(data: DataFile) -> tuple[int, ...] | None:
    """YOLO9000's `map=`: the network's class of each class that is evaluated, one a line."""
    path = data.file("map")
    if path is None:
        return None
    words = read_text(path, "a map", DataError).split()
    strange = next((word for word in words if not word.isdigit()), None)
    if strange or not words:
        message = f"read '{strange}'" if strange else "is empty"
        raise DataError(f"{message}, expected one class number a line", Location(os.fspath(path)))
    return tuple(map(atoi, words))


def load_network(model: LoadedModel) -> Network:
    """The network with its weights; what a user should know about them is logged."""
    import_at_once("torch")

    from darknet_py.network.network import load_planned

    network, report = load_planned(model.graph, model.plan)
    for note in report.warnings:
        logger.warning("%s: %s", report.path, note)
    return network
