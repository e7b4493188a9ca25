"""readNetFromDarknet and readNet: from files, or from their bytes, to a net."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from darknet_py.cfg.text import parse
from darknet_py.cfg.text_file import MAX_BYTES, decoded
from darknet_py.dnn.epsilon import use_opencv_epsilon
from darknet_py.dnn.net import DarknetNet
from darknet_py.dnn.opencv_error import OpenCvError, as_opencv_error
from darknet_py.dnn.originals import original
from darknet_py.errors import CfgError, Problems
from darknet_py.forks import fork_named
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, build, read_graph
from darknet_py.network.load import require_memory
from darknet_py.network.network import load_planned

logger = logging.getLogger(__name__)

CFG_BUFFER, WEIGHTS_BUFFER = "cfg (buffer)", "weights (buffer)"
"""What messages call files that came as bytes."""
FRAMEWORK, FORK = "darknet", "alexeyab"
ENDINGS = (".cfg", ".weights")

Source = Any
"""A path (str, bytes, PathLike), or a file's content: bytes, bytearray, memoryview, an array of
uint8, or a list of such numbers."""


def readNetFromDarknet(
    cfgFile: Source = None,
    darknetModel: Source = None,
    *,
    bufferCfg: Source = None,
    bufferModel: Source = None,
) -> DarknetNet:
    """A net from a cfg and a .weights file, each a path or the file's content.

    Without weights the net answers names and numbers of layers, but no `forward`. bufferCfg,
    bufferModel: OpenCV's other names of the same two. Raises OpenCvError.
    """
    cfg = bufferCfg if cfgFile is None else cfgFile
    weights = bufferModel if darknetModel is None else darknetModel
    if cfg is None:
        raise OpenCvError("readNetFromDarknet: no cfg given, expected a path or the file's content")
    with as_opencv_error():
        graph = _graph(cfg)
        require_memory(graph)
        if weights is None or len(weights if isinstance(weights, (str, bytes)) else [1]) == 0:
            return DarknetNet(load_planned(graph, weights_layout.plan(graph, None))[0], False)
        network, report = load_planned(graph, _plan(graph, weights))
        use_opencv_epsilon(network)
        for note in report.warnings:
            logger.warning("%s: %s", report.path, note)
        return DarknetNet(network)


def readNet(model: Source, config: Source = "", framework: Source = "", *more: Any) -> Any:
    """A net by the endings of its files, in either order; other formats are read by OpenCV.

    Also as readNet(framework, bufferModel, bufferConfig). Raises OpenCvError for a Darknet network,
    cv2.error for another.
    """
    if isinstance(model, str) and model.lower() == FRAMEWORK and _is_content(config):
        return readNetFromDarknet(framework if _is_content(framework) else None, config)
    if is_darknet(model, config, framework):
        cfg, weights = _in_order(model, config)
        return readNetFromDarknet(cfg, weights)
    theirs = original("readNet")
    return theirs(*_without_defaults(model, config, framework), *more)


def is_darknet(model: Source, config: Source = "", framework: Source = "") -> bool:
    """Whether files are a Darknet network's, by their endings or by the framework's name."""
    named = isinstance(framework, str) and framework.lower() == FRAMEWORK
    return named or any(_ending(source) in ENDINGS for source in (model, config))


def _ending(source: Source) -> str:
    if _is_content(source) or not isinstance(source, (str, bytes, os.PathLike)):
        return ""
    return os.path.splitext(os.fsdecode(source))[1].lower()


def _in_order(model: Source, config: Source) -> tuple[Source, Source]:
    """cfg and weights: OpenCV takes them as they are given unless an ending says otherwise."""
    swapped = _ending(model) == ".cfg" or _ending(config) == ".weights"
    return (model, config) if swapped else (config or None, model)


def _without_defaults(*values: Source) -> Sequence[Source]:
    """Arguments up to the last one that was given: OpenCV has forms with fewer."""
    count = max(
        (n for n, value in enumerate(values, 1) if not (isinstance(value, str) and not value)),
        default=1,
    )
    return values[:count]


def _is_content(source: Source) -> bool:
    """Whether it is a file's content; a path given as bytes has neither line ends nor zeros."""
    if isinstance(source, bytes):
        return b"\n" in source or b"\0" in source
    return isinstance(source, (bytearray, memoryview, np.ndarray, list, tuple))


def _content(source: Source) -> bytes:
    return (
        bytes(np.asarray(source, np.uint8)) if isinstance(source, (list, tuple)) else bytes(source)
    )


def _graph(source: Source) -> Graph:
    """The graph of a cfg. Recurrent nets see single rows here, as in Darknet's inference."""
    if not _is_content(source):
        return read_graph(os.fsdecode(source), fork=FORK, time_steps=1)
    raw = _content(source)
    if len(raw) > MAX_BYTES:
        raise CfgError(f"{CFG_BUFFER}: has {len(raw)} bytes, expected a cfg; are the two swapped?")
    problems = Problems()
    sections = parse(decoded(raw), CFG_BUFFER, problems)
    return build(sections, fork_named(FORK), problems, time_steps=1)


def _plan(graph: Graph, source: Source) -> weights_layout.Layout:
    if not _is_content(source):
        return weights_layout.plan(graph, os.fsdecode(source))
    return weights_layout.plan(graph, WEIGHTS_BUFFER, content=_content(source))
