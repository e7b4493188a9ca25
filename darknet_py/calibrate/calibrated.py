"""int8 measured on a data set: the ranges of its values, the mAP before and after."""

from __future__ import annotations

import logging
from dataclasses import replace

from darknet_py.calibrate.calibration_set import CalibrationSet, calibration_set
from darknet_py.calibrate.value_ranges import value_ranges
from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.calibration import Calibration
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.fixed_batch import BatchEngine, onnx_file
from darknet_py.engines.int8 import keep_calibration, kept_calibration
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DataError
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.interchange.given_data import read_given_data
from darknet_py.network.network import Network

logger = logging.getLogger(__name__)


def calibrated(network: Network, config: EngineConfig) -> Calibration:
    """What `config.calibrate` says of int8 on `config.engine`: measured now, and kept; or from
    before, where data set and network are what they were.

    network: as `for_inference` gives it. Raises DataError for data that cannot be evaluated on or
    on which fp32 finds nothing, and DarknetError where int8 loses more than it may, which leaves no
    file.
    """
    assert config.calibrate is not None
    data = read_given_data(config.calibrate)
    chosen = calibration_set(data, network.graph, config.calibrate_images)
    files = NetworkFiles(network)
    known = kept_calibration(files, config.engine)
    if known is None or known.digest != chosen.digest:
        logger.info("%s: calibrating int8 on %d images", config.calibrate, len(chosen.images))
        known = _measured(files, config, chosen)
        keep_calibration(files, config.engine, known)
    return known


def _measured(files: NetworkFiles, config: EngineConfig, chosen: CalibrationSet) -> Calibration:
    """Raises DarknetError where it loses too much."""
    plain = replace(config, calibrate=None, calibrate_images=None, max_map_loss=None)
    before = _map(_opened(files, replace(plain, precision="fp32")), chosen)
    if not before:
        message = "mAP@0.50 is 0 % in fp32 already, so that int8's loss cannot be seen"
        raise DataError(
            f"{config.calibrate}: {message}; take images and labels that fit the network"
        )
    found = Calibration(config.calibrate or "", chosen.digest, _ranges(files, chosen))
    engine = _opened(files, replace(plain, calibration=found))
    assert isinstance(engine, BatchEngine)
    try:
        after = _map(engine, chosen)
        made = replace(found, images=len(chosen.images), before=before, after=after)
        return made.require_small_loss(config.max_map_loss)
    except BaseException:
        engine.files.discard()
        raise


def _opened(files: NetworkFiles, config: EngineConfig) -> Engine:
    return open_engine(files.network, config, shared=True)


def _ranges(files: NetworkFiles, chosen: CalibrationSet) -> tuple[tuple[str, float, float], ...]:
    images = ReadableImages(chosen.range_images, files.network.graph)
    return value_ranges(onnx_file(files, 1).read_bytes(), images, files.network.graph.path)


def _map(engine: Engine, chosen: CalibrationSet) -> float:
    """mAP@.50 of an engine, in [0, 1]."""
    inputs = chosen.inputs
    result = evaluate(
        engine,
        chosen.images,
        inputs.names,
        difficult=chosen.difficult,
        class_map=inputs.class_map,
    )
    return result.map
