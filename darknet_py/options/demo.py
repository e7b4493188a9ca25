"""The options of Darknet's `demo`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.forks import Fork, fork_named
from darknet_py.options.flag import flag
from darknet_py.options.inference import ClassifierOptions
from darknet_py.options.model import NAMES, LogOptions, ModelOptions, RunOptions
from darknet_py.options.video import (
    FollowOptions,
    FrameOutputOptions,
    OutputOptions,
    SourceOptions,
)
from darknet_py.options.yolov1_words import YoloWordOptions


@dataclass(frozen=True, kw_only=True)
class CameraOptions(SourceOptions):
    """What a demo runs on: source, a video or an address; None: the camera."""

    source: str | None = None
    c: int = flag(0, "Number of the camera, where no video is named.", "-c", least=0)

    @property
    def asked_name(self) -> str:
        """What the source is called."""
        return self.source or f"camera {self.c}"


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """What a demo shows."""

    dont_show: bool = flag(False, "Open no window, even where there is a display.")
    fullscreen: bool = flag(False, "The window takes the whole screen.")
    benchmark: bool = flag(False, "Only run the network: print, draw and show nothing else.")
    s: int = flag(0, "Frames that the window leaves out after each.", "-s", least=0)

    @property
    def wants_window(self) -> bool:
        """Whether frames are to be shown, where that is possible."""
        return not (self.dont_show or self.benchmark)


@dataclass(frozen=True, kw_only=True)
class DemoOptions(
    ModelOptions, CameraOptions, ShowOptions, OutputOptions, FollowOptions, RunOptions, LogOptions
):  # fmt: skip
    """The options of `detector demo`."""

    data: str | None = None
    names: str | None = flag(None, NAMES, metavar="FILE")
    thresh: float | None = flag(None, "Minimum score of a box (default: the fork's).")
    hier: float = flag(0.5, "Minimum product of the scores down a class tree.")
    letter_box: bool = flag(False, "Keep the image's aspect ratio and pad with grey.")
    ext_output: bool = flag(False, "Print each box in pixels as well.")
    dontdraw_bbox: bool = flag(False, "Draw and print no boxes.")
    frames: str | None = flag(
        None, "Write frames to NAME_00000001.jpg, ...", "--prefix", "--frames", metavar="NAME"
    )

    @property
    def nms(self) -> float:
        """Overlap above which the weaker of two boxes is dropped."""
        return self.fork_in_force.detect.demo_nms

    @property
    def wants_window(self) -> bool:
        """As in Darknet, frames that are written as images are not shown."""
        return super().wants_window and self.frames is None

    @property
    def data_file(self) -> DataFile | None:
        """What `data` names, read; raises DataError."""
        return None if self.data is None else read_data_file(self.data)

    @property
    def least_score(self) -> float:
        """What a score must be above."""
        default = self.fork_in_force.detect.test_thresh
        return default if self.thresh is None else self.thresh


@dataclass(frozen=True, kw_only=True)
class ClassifierDemoOptions(ClassifierOptions, CameraOptions, ShowOptions, FrameOutputOptions):
    """The options of `classifier demo`."""

    names: str | None = flag(None, NAMES, metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class YoloDemoOptions(YoloWordOptions, DemoOptions):
    """The options of `yolo demo`."""

    thresh: float = flag(0.2, "Minimum score of a box.")

    @property
    def fork_in_force(self) -> Fork:
        """The fork's own record: the words' demo is that of `detector`."""
        return fork_named(self.fork)

    @property
    def data_file(self) -> DataFile:
        return DataFile(f"{self.word} demo", {}, names=self.built_in.names)


@dataclass(frozen=True, kw_only=True)
class CocoDemoOptions(YoloDemoOptions):
    """The options of `coco demo`."""

    word: ClassVar[str] = "coco"
