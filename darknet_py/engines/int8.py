"""int8: the ranges of a network's values, measured once on a data set and kept in the cache."""

from __future__ import annotations

import importlib
import logging
from dataclasses import replace

from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.calibration import Calibration
from darknet_py.engines.table import INT8, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

logger = logging.getLogger(__name__)

CALIBRATING = "darknet_py.calibrate.calibrated"
"""By its name: that room measures mAP, and imports this one."""
SUFFIX = ".int8.json"


def with_calibration(network: Network, config: EngineConfig) -> EngineConfig:
    """The config with the ranges it needs; one of another precision stays.

    network: as `for_inference` gives it. Those of `config.calibrate` are measured where they are
    not known; without, those of the last calibration are taken. Raises DarknetError where there is
    none, and where it loses more mAP than is allowed.
    """
    if config.precision != INT8 or config.calibration is not None:
        return config
    if config.calibrate is not None:
        found: Calibration = importlib.import_module(CALIBRATING).calibrated(network, config)
    else:
        found = _known(network, config)
    logger.info("%s", found.line())
    found.require_small_loss(config.max_map_loss)
    return replace(
        config, calibrate=None, calibrate_images=None, max_map_loss=None, calibration=found
    )


def _known(network: Network, config: EngineConfig) -> Calibration:
    known = kept_calibration(NetworkFiles(network), config.engine)
    if known is None:
        cure = "--calibrate DATA does, with the labelled images of valid= of a .data file"
        message = f"nothing has calibrated it for int8 on {config.engine} yet"
        raise DarknetError(f"{network.graph.path}: {message}; {cure}, a folder or a zip")
    return known


def kept_calibration(files: NetworkFiles, engine: str) -> Calibration | None:
    """That of the last calibration of the network for the engine."""
    path = files.find(_words(engine), SUFFIX)
    return None if path is None else Calibration.from_json(path.read_bytes())


def keep_calibration(files: NetworkFiles, engine: str, calibration: Calibration) -> None:
    """In the place of one that was kept before."""
    files.remove(_words(engine), SUFFIX)
    files.get(_words(engine), SUFFIX, lambda path: path.write_bytes(calibration.to_json()))


def _words(engine: str) -> list[object]:
    return ["int8", engine]
