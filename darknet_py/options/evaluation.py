"""The options of commands that measure how good a network is, and of `calc_anchors`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.options.flag import MOST_IMAGES, MOST_SIDE, flag, seed_flag
from darknet_py.options.model import (
    ForkOptions,
    ImageOptions,
    LogOptions,
    ModelOptions,
    RunOptions,
)

MOST_ANCHORS = 10_000
"""That calc_anchors makes, as many as a head of a cfg may have."""


@dataclass(frozen=True, kw_only=True)
class EvalOptions(ModelOptions, ImageOptions, RunOptions, LogOptions):
    """What every command of evaluation is told: the files, how to read them, where to run."""

    data: str
    batch: int = flag(4, "Images run at once (on a CPU: by each core).", least=1, most=MOST_IMAGES)

    @property
    def data_file(self) -> DataFile:
        """What `data` names, read; raises DataError."""
        return read_data_file(self.data)


@dataclass(frozen=True, kw_only=True)
class MatchOptions:
    """When a box is right, and what its precision and recall are summed up to."""

    iou_thresh: float = flag(0.5, "Minimum overlap with its label for a box to be right.")
    points: int = flag(
        0, "Recall points of the AP: 0 for the area under the curve, 11 as VOC 2007, 101 as COCO."
    )


@dataclass(frozen=True, kw_only=True)
class MapOptions(EvalOptions, MatchOptions):
    """The options of `map`, with AlexeyAB's defaults."""

    thresh: float = flag(
        0.25, "Minimum score of a box in TP, FP, precision and recall; the AP takes all boxes."
    )
    out: tuple[str, ...] = flag(
        (),
        "Write the metrics as JSON, or as FILE.csv with a line per class; may be given twice.",
        metavar="FILE",
    )
    coco: bool = flag(False, "Print pycocotools' metrics of the same boxes as well.")
    curves: str | None = flag(
        None, "Draw precision over recall, and F1 over the threshold.", metavar="FILE.png"
    )
    confusion: str | None = flag(
        None, "Draw which class is taken for which (confusion matrix).", metavar="FILE.png"
    )
    worst: tuple[int, str] | None = flag(
        None,
        "Draw the N images with the most errors into DIR: labels green (missed: yellow), boxes "
        "blue (wrong: red).",
        metavar="N DIR",
    )

    @property
    def needs_boxes(self) -> bool:
        """Whether the boxes are asked for, beside their metrics."""
        return self.coco or self.confusion is not None or self.worst is not None


@dataclass(frozen=True, kw_only=True)
class ValidOptions(EvalOptions):
    """The options of `valid` and, with mirrored, of `valid2`."""

    mirrored: bool = False
    out: str | None = flag(
        None, "Name of the result files, instead of the usual one.", metavar="NAME"
    )


@dataclass(frozen=True, kw_only=True)
class RecallOptions(EvalOptions):
    """The options of `recall`. nms: overlap above which the weaker box goes; 0: keep all."""

    nms: float = 0.4


@dataclass(frozen=True, kw_only=True)
class VocOptions(MatchOptions, ImageOptions):
    """The options of `eval voc`."""

    data: str
    folder: str | None = None
    prefix: str = flag("comp4_det_test_", "How the names of the files begin.")
    annotations: str | None = flag(
        None, "Folder of VOC's XML files (default: the one beside JPEGImages).", metavar="DIR"
    )
    labels: bool = flag(False, "Score against YOLO labels instead of XML files.")


@dataclass(frozen=True, kw_only=True)
class AnchorOptions(ForkOptions, LogOptions):
    """The options of `calc_anchors`; width and height are the cfg's where it is given."""

    data: str
    cfg: str | None = None
    num_of_clusters: int | None = flag(
        None, "Number of anchors (default: as many as CFG has, else 5).", least=1, most=MOST_ANCHORS
    )
    width: int | None = flag(None, "Input width (default: CFG's).", least=1, most=MOST_SIDE)
    height: int | None = flag(None, "Input height (default: CFG's).", least=1, most=MOST_SIDE)
    show: bool = flag(False, "Draw boxes and anchors to cloud.png; no window is opened.")
    runs: int = flag(10, "Runs of k-means; the best one counts.", least=1)
    seed: int = seed_flag("Same seed, same anchors.")
    write_cfg: str | None = flag(
        None, "Write CFG with the new anchors, masks and filters.", metavar="FILE"
    )


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """The options of `compare`."""

    score: float = flag(0.005, "Scores that differ by at most this are the same.")
    iou: float = flag(0.98, "Boxes that overlap by at least this are the same.")
    show: int = flag(10, "Number of differences to list.", least=0)


@dataclass(frozen=True, kw_only=True)
class CompareRunsOptions:
    """The options of `compare runs`. runs: results.csv of trainings, or the folders with them."""

    runs: tuple[str, ...]
    out: str | None = flag(
        None, "Picture with the curves (default: runs.png).", "-o", "--out", metavar="FILE"
    )
