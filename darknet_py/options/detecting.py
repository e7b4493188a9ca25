"""The options of `detect` and `detector test`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.forks import fork_named
from darknet_py.options.common import NAMES, ModelOptions, RunOptions
from darknet_py.options.flag import flag


@dataclass(frozen=True, kw_only=True)
class DetectOptions(ModelOptions, RunOptions):
    """The options of `detect` and, with data, of `detector test`."""

    images: tuple[str, ...] = ()
    data: str | None = None
    thresh: float | None = flag(None, "Score a box must be over (default: the fork's).")
    hier: float = flag(0.5, "Least product down a class tree.")
    nms: float = flag(0.45, "Overlap over which the weaker box goes; 0: keep all.")
    letter_box: bool = flag(False, "Keep the image's aspect, pad with grey.")
    ext_output: bool = flag(False, "Print each box in pixels as well.")
    save_labels: bool = flag(False, "Write a YOLO label file beside each image.")
    out: str | None = flag(
        None, "Write AlexeyAB's JSON (--fork pjreddie: name of the image).", metavar="FILE"
    )
    prefix: str | None = flag(
        None, "Write images as NAME.jpg instead of predictions.jpg.", metavar="NAME"
    )
    names: str | None = flag(None, NAMES, metavar="FILE")
    batch: int | None = flag(
        None, "Images run at once (default: 4 of many for a small network; else 1).", least=1
    )
    exif: bool = flag(False, "Turn images as their EXIF says (Darknet does not).")

    @property
    def least_score(self) -> float:
        """What a score must be over: the two words have thresholds of their own in each fork."""
        if self.thresh is not None:
            return self.thresh
        fork = fork_named(self.fork)
        return fork.detect.detect_thresh if self.data is None else fork.detect.test_thresh
