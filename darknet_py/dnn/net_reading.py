"""readNetFromDarknet and readNet: from files, or from their bytes, to a net."""

from __future__ import annotations

import logging
import os
from typing import Any

import numpy as np

from darknet_py.cfg.text import parse
from darknet_py.cfg.text_file import MAX_BYTES, decoded
from darknet_py.dnn.darknet_net import DarknetNet
from darknet_py.dnn.epsilon import use_opencv_epsilon
from darknet_py.dnn.opencv_error import OpenCvError, as_opencv_error
from darknet_py.dnn.originals import original
from darknet_py.errors import CfgError, Location, Problems
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
    cfg = bufferCfg if _is_empty(cfgFile) else cfgFile
    weights = bufferModel if _is_empty(darknetModel) else darknetModel
    if _is_empty(cfg):
        raise OpenCvError("readNetFromDarknet: no cfg given, expected a path or the file's content")
    with as_opencv_error():
        graph = _graph(cfg)
        require_memory(graph)
        if _is_empty(weights):
            return DarknetNet(load_planned(graph, weights_layout.plan(graph, None))[0], False)
        network, report = load_planned(graph, _plan(graph, weights))
        use_opencv_epsilon(network)
        for note in report.warnings:
            logger.warning("%s: %s", report.path, note)
        return DarknetNet(network)


def readNet(*arguments: Any, **named: Any) -> Any:
    """A net by the endings of its files, in either order; other formats are read by OpenCV.

    As readNet(model, config="", framework="") or readNet(framework, bufferModel, bufferConfig).
    Raises OpenCvError for a Darknet network, cv2.error for another.
    """
    files = darknet_files(*arguments, **named)
    if files is None:
        return original("readNet")(*arguments, **named)
    return readNetFromDarknet(*files)


def darknet_files(
    model: Source = "",
    config: Source = "",
    framework: Source = "",
    *_: Any,
    bufferModel: Source = None,
    bufferConfig: Source = None,
    **__: Any,
) -> tuple[Source, Source] | None:
    """cfg and weights in readNet's arguments, None where they are not a Darknet network's."""
    if bufferModel is not None or _is_content(config):  # the framework's name comes first then
        content = config if bufferModel is None else bufferModel
        text = framework if bufferConfig is None else bufferConfig
        return (text, content) if _names_darknet(model or framework) else None
    if not _names_darknet(framework) and not {_ending(model), _ending(config)} & set(ENDINGS):
        return None
    swapped = _ending(model) == ".cfg" or _ending(config) == ".weights"
    return (model, config) if swapped else (config, model)


def _names_darknet(framework: Source) -> bool:
    return isinstance(framework, str) and framework.lower() == FRAMEWORK


def _ending(source: Source) -> str:
    if _is_content(source) or not isinstance(source, (str, bytes, os.PathLike)):
        return ""
    return os.path.splitext(os.fsdecode(source))[1].lower()


def _is_empty(source: Source) -> bool:
    """OpenCV's signs of a file that is not given: nothing, "", an empty buffer."""
    return source is None or (hasattr(source, "__len__") and len(source) == 0)


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
    text = decoded(raw) if len(raw) <= MAX_BYTES else "\0"
    if "\0" in text:
        message = f"{len(raw)} bytes that are no text, expected a cfg; are cfg and weights swapped?"
        raise CfgError(message, Location(CFG_BUFFER))
    problems = Problems()
    sections = parse(text, CFG_BUFFER, problems)
    return build(sections, fork_named(FORK), problems, time_steps=1)


def _plan(graph: Graph, source: Source) -> weights_layout.Layout:
    if not _is_content(source):
        return weights_layout.plan(graph, os.fsdecode(source))
    return weights_layout.plan(graph, WEIGHTS_BUFFER, content=_content(source))
