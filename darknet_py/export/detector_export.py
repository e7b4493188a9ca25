"""A detector as a file of another format: what `Detector.export` does."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.detect.checked_arguments import (
    refuse_keywords,
    require_path,
    require_switch,
    require_type,
    share,
    whole_number,
)
from darknet_py.detect.detector import Detector
from darknet_py.errors import DarknetError, DataError
from darknet_py.export.export_plan import ExportPlan
from darknet_py.network import weights_layout
from darknet_py.network.network import Network, load_planned
from darknet_py.options.inference import ExportOptions

logger = logging.getLogger(__name__)

Check = Callable[[str, Any], Any]
"""From an argument's name and value to the value; may raise ArgumentError and DataError."""


def export_detector(detector: Detector, path: Any, choices: Mapping[str, Any]) -> Path:
    """See Detector.export."""
    plan = ExportPlan.of(export_options(detector.graph.path, path, choices))
    network = _network(detector, plan)
    for written, size in plan.write(network, detector.names):
        logger.info("%s: %.1f MB", written, size / 1e6)
    for check in plan.checks(network) if plan.verifies else ():
        if not check.agrees:
            raise DarknetError(f"{plan.out}: is written, and does not agree: {check.text}")
        logger.info("%s", check.text)
    return plan.out


def export_options(cfg: str, path: Any, choices: Mapping[str, Any]) -> ExportOptions:
    """The command's record. Raises ArgumentError for a keyword that it does not have, or a value of
    another type, DataError for a value that cannot be."""
    refuse_keywords("export()", choices, CHECKS, {})
    if path is not None:
        require_path("path", path, "the name of a file, such as 'net.onnx'")
    given = {name: CHECKS[name](name, value) for name, value in choices.items()}
    format = given.pop("format", None) or _format_of(path)
    out = None if path is None else os.fspath(path)
    return ExportOptions(cfg=cfg, out=out, format=format, **given)


def _row_of(table: Mapping[str, object]) -> Check:
    def checked(name: str, value: Any) -> str:
        expected = f"one of {', '.join(table)}"
        require_type(name, value, (str,), expected)
        if value not in table:
            raise DataError(f"{name} '{value:.60}': expected {expected}")
        return str(value)

    return checked


def _switch(name: str, value: Any) -> bool:
    require_switch(name, value)
    return bool(value)


def _text(name: str, value: Any) -> str:
    require_type(name, value, (str,), "text such as 'batch,size'")
    return str(value)


def _paths(name: str, value: Any) -> tuple[str, ...]:
    paths = [value] if isinstance(value, (str, os.PathLike)) else value
    require_type(name, paths, (Sequence,), "a list of paths")
    for path in paths:
        require_path(name, path, "paths of image files")
    return tuple(map(os.fspath, paths))


CHECKS: Mapping[str, Check] = {
    "format": _row_of(FORMATS),
    "form": _row_of(FORMS),
    "dynamic": _text,
    "batch": whole_number,
    "thresh": share,
    "nms": share,
    "verify": _switch,
    "images": _paths,
}
"""The options of `export` that are not of the network, and what makes sure of their values."""


def _format_of(path: Any) -> str:
    """The format whose files end as this path does; that of the command where there is none."""
    if path is None:
        return ExportOptions.format
    suffix = Path(path).suffix.lower()
    found = [name for name, row in FORMATS.items() if row.suffix == suffix]
    if not found:
        known = ", ".join(f"{row.suffix} ({name})" for name, row in FORMATS.items())
        raise DataError(
            f"export to {os.fspath(path)}: expected a name that ends in {known}; or give format="
        )
    return found[0]


def _network(detector: Detector, plan: ExportPlan) -> Network:
    """The detector's network, in the main memory and float32.

    It is as the engine has it; where that lacks something, the weights are read again. Raises
    DarknetError if they came from no file.
    """
    network = detector.engine.network
    rounded = any(tensor.dtype != torch.float32 for tensor in network.parameters())
    if not (rounded or plan.row.unfolded):
        return copy.deepcopy(network).to("cpu")
    if detector.weights:
        layout = weights_layout.plan(detector.graph, detector.weights)
        return load_planned(detector.graph, layout)[0]
    lost = "batch normalisation is folded in" if plan.row.unfolded else "its weights are rounded"
    cure = "make the detector with darknet_py.load from a .weights file, for fp32"
    raise DarknetError(f"export as {plan.options.format}: {lost}; {cure}")
