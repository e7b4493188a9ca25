"""The options of the training commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.engines.table import RUN_PRECISIONS
from darknet_py.options.flag import MOST_IMAGES, MOST_WORKERS, flag, seed_flag
from darknet_py.options.model import (
    LIVE,
    DeviceOptions,
    ForkOptions,
    ImageOptions,
    LogOptions,
    SizeOptions,
    log_style_set,
)

NET_OPTIONS = ("width", "height", "batch", "subdivisions", "max_batches")
"""What of [net] can be given on the command line."""
EXPERIMENT_PROGRAMS = ("tensorboard", "wandb", "mlflow", "clearml")
SHOWN_ITERATIONS = 4
"""Of which -show_imgs writes the images: 256 at batch=64."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ForkOptions, DeviceOptions, LogOptions):
    """What every training can be told.

    kind: what is trained, one of `session.KINDS`. data: the .data file, or the text of a recurrent
    net.
    """

    kind: ClassVar[str]
    data: str
    cfg: str
    weights: str | None = None
    max_batches: int | None = flag(
        None,
        "Where the schedule ends: iterations in all, instead of the cfg's.",
        least=1,
        metavar="N",
    )
    batch: int | None = flag(
        None, "Samples of an iteration instead of the cfg's.", least=1, most=MOST_IMAGES
    )
    subdivisions: int | None = flag(
        None,
        "Parts that an iteration is computed in, instead of the cfg's; more take less memory.",
        least=1,
        most=MOST_IMAGES,
    )
    clear: bool = flag(False, "Count iterations from 0, whatever WEIGHTS say.")
    resume: bool = flag(False, "Continue exactly where the last run stopped.")
    seed: int = seed_flag("Same seed, same run.")
    iterations: int = flag(
        0,
        "Stop this run early, after N iterations, and save; the schedule stays as it is and "
        "--resume goes on (default: run to the end).",
        least=0,
        hidden=True,
        metavar="N",
    )
    precision: str = flag(
        "fp32",
        "Precision of the arithmetic; weights, heads and losses are fp32.",
        choices=RUN_PRECISIONS,
    )
    compiled: bool = flag(False, "Compile the network with torch.compile.", "--compile")
    exact: bool = flag(
        False, "On the CPU sums in the usual order, without Winograd's fewer products."
    )
    sync_batchnorm: bool = flag(False, "Compute batch statistics over all processes.", "--sync_bn")
    log_style: str = flag(
        "auto",
        "live: one line that changes; plain: a line every 10 iterations; darknet: all lines that "
        "Darknet prints; auto: live on a terminal, elsewhere darknet.",
        "--log-style",
        choices=("auto", LIVE, "plain", "darknet"),
        usual=log_style_set,
    )
    chart: str | None = flag(
        None,
        "Go on drawing on this old chart; chart.png and chart_NAME.png are then written to the "
        "working folder, as in Darknet, instead of the folder of the weights.",
        metavar="FILE",
    )
    results: str | None = flag(
        None,
        "Table with a row for each iteration (default: results.csv in the folder of the weights).",
        metavar="FILE",
    )
    tensorboard: str | None = flag(
        None, "Write the metrics for TensorBoard as well.", metavar="FOLDER"
    )
    logger: str | None = flag(
        None,
        "Tell this program of the metrics as well: tensorboard (its files lie beside the weights), "
        "or the one of W&B, MLflow, ClearML, as its own settings say. None is ever told unasked.",
        choices=EXPERIMENT_PROGRAMS,
    )

    @property
    def net_values(self) -> dict[str, Any]:
        """Option of [net] -> the whole number that counts, None for the cfg's own value."""
        return {name: getattr(self, name, None) for name in NET_OPTIONS}


@dataclass(frozen=True, kw_only=True)
class ImageTrainOptions(TrainOptions, ImageOptions, SizeOptions):
    """What a training on images can be told beside."""

    evaluates: bool = False
    workers: int | None = flag(
        None,
        "Processes that prepare images (default: as the processors allow).",
        least=0,
        most=MOST_WORKERS,
    )
    saveweights: int | None = flag(
        None,
        "Keep weights under their number every N iterations, whatever DATA says.",
        least=1,
        metavar="N",
    )
    show_imgs: bool = flag(
        False,
        f"Write the images of the first {SHOWN_ITERATIONS} iterations as aug_*.jpg, as the network "
        "gets them (Darknet writes those of all, until it is stopped); a page of samples: data "
        "sheet.",
    )

    @property
    def data_file(self) -> DataFile:
        """What `data` names, read; raises DataError."""
        return read_data_file(self.data)


@dataclass(frozen=True, kw_only=True)
class DetectorTrainOptions(ImageTrainOptions):
    """The options of `train` and `detector train`. quiet: no bar shows how far --cache has come."""

    kind: ClassVar[str] = "detector"
    quiet: bool = False
    evaluates: bool = flag(
        False, "Measure the mAP now and then; keep the best weights as NAME_best.weights.", "--map"
    )
    epochs: int = flag(
        4, "Passes over the images between two evaluations of -map.", "--mAP_epochs", least=1
    )
    thresh: float = flag(
        0.25, "Minimum score of a box that -map counts in TP, FP, precision, recall; not in the AP."
    )
    iou_thresh: float = flag(0.5, "Minimum overlap with its label that makes a box right for -map.")
    preview: bool = flag(
        False,
        "After each evaluation of -map draw a page of images with labels and the boxes found: "
        "NAME_preview_N.jpg beside the weights, always of the same images, which --seed chooses.",
    )
    cache: bool = flag(False, "Keep all decoded images in memory.")
    reduced_decode: bool = flag(
        False,
        "Decode images at 1/2, 1/4 or 1/8 if that is still as large as needed: faster, and less "
        "memory for --cache, but textures are smoother than Darknet's and than in tests.",
        "--reduced-decode",
    )


@dataclass(frozen=True, kw_only=True)
class ClassifierTrainOptions(ImageTrainOptions):
    """The options of `classifier train`."""

    kind: ClassVar[str] = "classifier"
    evaluates: bool = flag(
        False,
        "Measure now and then how often the right class is among the top= best (default: 5, of "
        "5 classes or fewer 1); keep the best weights.",
        "--topk",
    )


@dataclass(frozen=True, kw_only=True)
class PageTrainOptions(ImageTrainOptions):
    """What pjreddie's programs for segmenters and regressors can be told."""

    show_imgs: bool = flag(False, "Write a page of the first samples: aug_NAME.jpg.")


@dataclass(frozen=True, kw_only=True)
class SegmenterTrainOptions(PageTrainOptions):
    """The options of `segmenter train`."""

    kind: ClassVar[str] = "segmenter"


@dataclass(frozen=True, kw_only=True)
class InstanceTrainOptions(PageTrainOptions):
    """The options of `isegmenter train`."""

    kind: ClassVar[str] = "isegmenter"


@dataclass(frozen=True, kw_only=True)
class RegressorTrainOptions(PageTrainOptions):
    """The options of `regressor train`."""

    kind: ClassVar[str] = "regressor"


@dataclass(frozen=True, kw_only=True)
class TextTrainOptions(TrainOptions):
    """The options of `rnn train`, which has no .data file."""

    kind: ClassVar[str] = "rnn"
    data: str = flag("data/shakespeare.txt", "Text to learn.", "--file", metavar="FILE")
    batch: int | None = flag(
        None,
        "Pieces of the text in an iteration, each of time_steps symbols, instead of the cfg's.",
        least=1,
        most=MOST_IMAGES,
    )
    tokenized: bool = flag(False, "The text holds the numbers of its words.")
    backup: str = flag("backup", "Folder to keep the weights in.", metavar="FOLDER")


@dataclass(frozen=True, kw_only=True)
class GoTrainOptions(TrainOptions):
    """The options of `go train`, which has no .data file."""

    kind: ClassVar[str] = "go"
    data: str = flag("backup/go.train", "Moves to learn.", "--file", metavar="FILE")
    backup: str = flag("backup", "Folder to keep the weights in.", metavar="FOLDER")
