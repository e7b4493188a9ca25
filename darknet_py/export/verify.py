"""A written file run in its runtimes on images, and compared with our own torch engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget, output_names
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.export.box_difference import BoxDifference, box_difference
from darknet_py.export.box_rows import box_rows, detector_rows
from darknet_py.export.runtimes import RUNTIMES, ExportedFile, Runtime
from darknet_py.images.fitted_images import InputSpec, read_fitted
from darknet_py.images.frames import array_frame, file_frame
from darknet_py.images.io import Pixels
from darknet_py.network.network import Network

TOLERANCE = 1e-3
"""Of values, as a share of the output's largest magnitude if that is above 1; of boxes as well."""


@dataclass(frozen=True)
class RuntimeCheck:
    """What became of a file in one runtime; text: the line to print."""

    text: str
    agrees: bool


@dataclass(frozen=True, eq=False)
class _Expected:
    """The inputs a file is run on, what our engine makes of each, and the detector's boxes.

    boxes: rows (D, 7) for each input; None for a network without detection heads.
    """

    inputs: list[Tensor]
    outputs: list[list[Tensor]]
    boxes: list[Tensor] | None


def input_images(network: Network, paths: Sequence[str]) -> list[Tensor]:
    """Inputs (C, H, W) of these images, as `detect` fits them; of a made one if there are none.

    Raises ImageError for one that cannot be read.
    """
    spec = InputSpec.of(network.graph)
    frames = [file_frame(path) for path in paths] or [array_frame(_made_image(spec.channels))]
    fitted = [read_fitted(frame, spec) for frame in frames]
    return [torch.from_numpy(image.chw).contiguous() for image in fitted]


def _made_image(channels: int) -> Pixels:
    """Soft spots of colour in OpenCV's order, the same each time."""
    spots = np.random.default_rng(1).integers(0, 256, (12, 16, channels), np.uint8)
    image = cv2.resize(spots, (640, 480), interpolation=cv2.INTER_CUBIC)
    return np.asarray(image, np.uint8).reshape(480, 640, channels)[..., ::-1]


def verify(
    network: Network,
    target: ExportTarget,
    path: Path,
    names: Sequence[str],
    images: Sequence[Tensor],
) -> Iterator[RuntimeCheck]:
    """The file in each runtime of these names."""
    inputs = _batches(images, target)
    outputs = [_ours(network, target, x) for x in inputs]
    expected = _Expected(inputs, outputs, _detected(network, target, inputs))
    for name in names:
        yield _checked(network, target, path, name, expected)


def _batches(images: Sequence[Tensor], target: ExportTarget) -> list[Tensor]:
    """As many images at once as the file takes; the last ones are repeated to fill up."""
    size = min(len(images), 2) if target.dynamic_batch else target.batch
    groups = [list(images[start : start + size]) for start in range(0, len(images), size)]
    return [torch.stack([*group, *[group[-1]] * (size - len(group))]) for group in groups]


def _ours(network: Network, target: ExportTarget, x: Tensor) -> list[Tensor]:
    if target.form == "heads":
        return open_engine(network, EngineConfig(compiled=False))(x)
    with torch.no_grad():
        return list(ExportModule(network, target)(x))


def _detected(
    network: Network, target: ExportTarget, inputs: Sequence[Tensor]
) -> list[Tensor] | None:
    if network.graph.head_classes is None:
        return None
    engine = open_engine(network, EngineConfig(compiled=False))
    return [detector_rows(network.graph, target, engine(x)) for x in inputs]


def _checked(
    network: Network, target: ExportTarget, path: Path, name: str, expected: _Expected
) -> RuntimeCheck:
    runtime = RUNTIMES[name]
    if reason := runtime.unfit.get(target.form):
        return RuntimeCheck(f"{name}: left out: {reason}", agrees=True)
    try:
        title = f"{name} {runtime.version}"
    except DarknetError as missing:
        return RuntimeCheck(f"{name}: {missing}", agrees=False)
    try:
        file = ExportedFile(path, network.graph, output_names(network.graph, target.form))
        actual = _run(runtime, file, expected.inputs)
    except Exception as failure:  # noqa: BLE001 - each library raises its own
        return RuntimeCheck(f"{title}: cannot run it: {_one_line(failure)}", agrees=False)
    return _compared(network, target, title, expected, actual)


def _one_line(failure: Exception) -> str:
    return " ".join(str(failure).split())[:300] or type(failure).__name__


def _run(runtime: Runtime, file: ExportedFile, inputs: Sequence[Tensor]) -> list[list[Tensor]]:
    run = runtime.open(file)
    return [[torch.from_numpy(y) for y in run(x.numpy())] for x in inputs]


def _compared(
    network: Network,
    target: ExportTarget,
    title: str,
    expected: _Expected,
    actual: Sequence[list[Tensor]],
) -> RuntimeCheck:
    pairs = list(zip(expected.outputs, actual, strict=True))
    words, agrees = [title], True
    if target.form != "nms":
        compared = ((_values(target, one) for one in pair) for pair in pairs)
        largest = max(_error(a, b) for pair in compared for a, b in zip(*pair, strict=True))
        agrees = largest <= TOLERANCE
        words.append(f"{target.form} differ by at most {largest:.1e}")
    if expected.boxes is not None:
        found = zip(expected.boxes, actual, strict=True)
        boxes = [_boxes(network, target, rows, outputs) for rows, outputs in found]
        agrees = agrees and not sum(one.unmatched for one in boxes)
        words.append(_box_words(boxes))
    limit = "" if agrees else f" (above the tolerance of {TOLERANCE:g})"
    return RuntimeCheck(f"{words[0]}: {', '.join(words[1:])}{limit}", agrees)


def _values(target: ExportTarget, outputs: list[Tensor]) -> list[Tensor]:
    """What is compared number by number: boxes in pixels and scores each by a measure of their own.

    Where two classes of a row have all but equal scores, as in most rows that hold nothing, either
    may be its class: the boxes show whether that matters.
    """
    if target.form == "ultralytics":
        return [outputs[0][:, :4], outputs[0][:, 4:]]
    if target.form == "deepstream":
        return [outputs[0][:, :, :4], outputs[0][:, :, 4:5]]
    return outputs


def _error(expected: Tensor, actual: Tensor) -> float:
    """Largest difference as a share of the largest magnitude (at least 1)."""
    if expected.shape != actual.shape:
        return float("inf")
    error = float((expected - actual).abs().max()) / max(1.0, float(expected.abs().max()))
    return error if error == error else float("inf")


def _boxes(
    network: Network, target: ExportTarget, expected: Tensor, outputs: list[Tensor]
) -> BoxDifference:
    theirs = box_rows(network.graph, target, outputs)
    return box_difference(expected, theirs, target.thresh, TOLERANCE)


def _box_words(differences: Sequence[BoxDifference]) -> str:
    count = sum(one.boxes for one in differences)
    odd = sum(one.unmatched for one in differences)
    largest = max(one.largest for one in differences)
    if odd:
        return f"{count} boxes, {odd} without a partner"
    return f"{count} boxes, the same to {largest:.1e}"
