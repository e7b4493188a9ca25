"""`darknet_py.load`: a detector from files, or of a published network by its name."""

from __future__ import annotations

import logging
import os

import torch

from darknet_py.cfg.names import Names
from darknet_py.detect.checked_arguments import (
    ENGINE_WORDS,
    checked_config,
    given_names,
    require_load,
)
from darknet_py.detect.detector import Detector
from darknet_py.engines.table import EngineConfig
from darknet_py.forks import Fork
from darknet_py.network.load import LoadedModel, load_model
from darknet_py.network.network import load_planned
from darknet_py.weights_registry.named_network import named_files

logger = logging.getLogger(__name__)


def load(
    cfg: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    names: Names = None,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    fork: str | Fork = "alexeyab",
    *,
    data: str | None = None,
    width: int | None = None,
    height: int | None = None,
    engine: str = "torch",
    compiled: bool | None = None,
    exact: bool = False,
    calibrate: str | os.PathLike[str] | None = None,
    calibrate_images: int | None = None,
    max_map_loss: float | None = None,
) -> Detector:
    """A detector from a cfg and a .weights file, or of a published network by its name.

    cfg: a file, or a name that `darknet-py download --list` shows, where no file is called so: its
    weights and class names are downloaded once, unless others are given. weights: a file or a
    name; None for those of a named network. names: a names file, a list, or a dict by the class's
    number; None looks into the .data file and then beside the cfg. precision: fp32, bf16, fp16, or
    int8 with onnxruntime and openvino; heads are always computed in fp32. fork: alexeyab or
    pjreddie, whose numbers to give. width, height: override those of [net]. engine: torch, or one
    of engines.table that is installed. compiled: make machine code for this machine first; None:
    where that takes seconds, which is fp32 on a CPU. exact: sums as a direct convolution makes
    them. calibrate: a data set (.data file, folder, zip) that int8 is measured on, needed once;
    calibrate_images: at most so many of its images; max_map_loss: refuse int8 above it (.02).
    Raises CfgError, WeightsError, DataError, DownloadError, DarknetError; ArgumentError for an
    argument of another type.
    """
    require_load(cfg, weights, data, fork, width, height)
    config = checked_config(
        device, precision, engine, compiled, exact, calibrate, calibrate_images, max_map_loss
    )
    cfg, weights, names = named_files(cfg, weights, given_names(names), data)
    model = load_model(cfg, weights, names, data=data, fork=fork, width=width, height=height)
    return from_loaded(model, config)


def from_loaded(model: LoadedModel, config: EngineConfig) -> Detector:
    """A detector from files that have been read and checked already."""
    network, report = load_planned(model.graph, model.plan)
    for note in report.warnings:
        logger.warning("%s: %s", report.path, note)
    own = {name: getattr(config, name) for name in ENGINE_WORDS}
    detector = Detector(network, model.names, **own, shared=True)
    detector.weights = model.plan.path if model.plan.is_file else ""
    detector.load_warnings = report.warnings
    return detector
