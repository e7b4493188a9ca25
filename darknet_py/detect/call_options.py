"""What `Detector` is called with, in this package's words and in those of ultralytics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from darknet_py.detect.checked_arguments import require_switch, share, whole_number
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.tiles import USUAL_OVERLAP, Tiling
from darknet_py.detect.wanted_classes import Classes
from darknet_py.errors import ArgumentError, DataError
from darknet_py.images.fitted_images import InputSpec
from darknet_py.network.graph import Graph

FOREIGN_WORDS: Mapping[str, str] = {
    "agnostic_nms": "as the cfg says, class by class",
    "augment": "not done; tile= helps with small objects",
    "confidence": "thresh= or conf=",
    "device": "an argument of load(): load(..., device='cuda')",
    "half": "an argument of load(): load(..., precision='fp16')",
    "image": "the first argument",
    "images": "the first argument",
    "imgsz": "an argument of load(): load(..., width=416, height=416)",
    "iou_threshold": "nms= or iou=",
    "letterbox": "letter_box=",
    "line_width": "an argument of result.plot()",
    "max_det": "done with the result: result.select(result.ranked()[:300])",
    "nms_threshold": "nms= or iou=",
    "persist": "stream(source, track=tracker), with a darknet_py.detect.tracking.Tracker",
    "project": "the path that result.save(path) is given",
    "rect": "letter_box=True",
    "retina_masks": "not there: Darknet's detectors have no masks",
    "save": "done with the result: result.save(path)",
    "save_conf": "an argument of result.save_txt()",
    "save_crop": "done with the result: result.save_crops(folder)",
    "save_txt": "done with the result: result.save_txt(path)",
    "show": "done with the result: result.show()",
    "size": "an argument of load(): load(..., width=416, height=416)",
    "stream": "a method: for result in detector.stream(source)",
    "stream_buffer": "every_frame=True of stream()",
    "threshold": "thresh= or conf=",
    "tracker": "stream(source, track=True)",
    "verbose": "print(result)",
    "vid_stride": "done with the results: itertools.islice(detector.stream(source), 0, None, 2)",
}
"""Words of other libraries' calls, and what is done here instead."""


class UsualNumber(float):
    """A default that can be told from the same number given by the caller."""


THRESH, NMS = UsualNumber(PipelineOptions.thresh), UsualNumber(PipelineOptions.nms)


@dataclass(frozen=True, kw_only=True)
class CallOptions:
    """What `Detector` is told besides the source; see there. conf, iou: other names of thresh and
    nms, None where they are not used.

    Raises ArgumentError for what is of another type, DataError for values that cannot be.
    """

    thresh: float = THRESH
    nms: float = NMS
    conf: float | None = None
    iou: float | None = None
    hier: float = PipelineOptions.hier
    batch: int = PipelineOptions.batch
    letter_box: bool | None = None
    honour_exif: bool | None = None
    tile: str | None = None
    overlap: float = USUAL_OVERLAP
    classes: Classes | None = None

    def __post_init__(self) -> None:
        require_switch("letter_box", self.letter_box, or_none=True)
        require_switch("honour_exif", self.honour_exif, or_none=True)
        share("overlap", self.overlap)
        if not (self.tile is None or isinstance(self.tile, str)):
            expected = "expected columns x rows as text, such as '2x2', or 'auto'"
            raise ArgumentError(f"tile {self.tile!r:.60}: {expected}")

    @property
    def pipeline(self) -> PipelineOptions:
        return PipelineOptions(
            thresh=_one("thresh", self.thresh, "conf", self.conf),
            nms=_one("nms", self.nms, "iou", self.iou),
            hier=share("hier", self.hier),
            batch=whole_number("batch", self.batch),
        )

    @property
    def tiling(self) -> Tiling | None:
        return Tiling.parse(self.tile, self.overlap)

    def spec(self, graph: Graph) -> InputSpec:
        """What a network sees of an image."""
        return InputSpec.of(graph, self.letter_box, self.honour_exif)


def call_words(function: Callable[..., Any]) -> list[str]:
    """The keywords of a function, less those that it only refuses."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]


def _one(name: str, value: Any, other: str, same: Any) -> float:
    """The number that was given by either name."""
    number = share(name, value)
    if same is None:
        return number
    given = share(other, same)
    if not isinstance(value, UsualNumber) and number != given:
        raise DataError(f"{name} {number:g} and {other} {given:g}: both are one number; give one")
    return given
