"""The options of commands that run a trained network: detect, classify, rnn and export."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.forks import fork_named
from darknet_py.options.flag import MOST_IMAGES, flag
from darknet_py.options.model import (
    NAMES,
    DeviceOptions,
    ForkOptions,
    ImageOptions,
    LogOptions,
    ModelOptions,
    RunOptions,
)
from darknet_py.options.video import FollowOptions, OutputOptions, SourceOptions


@dataclass(frozen=True, kw_only=True)
class DetectOptions(
    ModelOptions, ImageOptions, RunOptions, LogOptions, SourceOptions, OutputOptions, FollowOptions
):  # fmt: skip
    """The options of `detect` and, with data, of `detector test`."""

    images: tuple[str, ...] = ()
    data: str | None = None
    thresh: float | None = flag(None, "Minimum score of a box (default: the fork's).")
    hier: float = flag(0.5, "Minimum product of the scores down a class tree.")
    nms: float = flag(0.45, "Overlap above which the weaker of two boxes is dropped; 0 keeps all.")
    letter_box: bool = flag(False, "Keep the image's aspect ratio and pad with grey.")
    ext_output: bool = flag(False, "Print each box in pixels as well.")
    save_labels: bool = flag(False, "Write a YOLO label file beside each image.")
    out: str | None = flag(
        None,
        "Write the boxes as AlexeyAB's JSON (--fork pjreddie: name of the image).",
        metavar="FILE",
    )
    prefix: str | None = flag(
        None, "Write the image to NAME.jpg instead of predictions.jpg.", metavar="NAME"
    )
    no_pictures: bool = flag(False, "Write no image with boxes.", "--no-pictures")
    names: str | None = flag(None, NAMES, metavar="FILE")
    skipclasses: str | None = flag(
        None, "Leave out boxes whose best class has one of these numbers.", metavar="2,5-8"
    )
    batch: int | None = flag(
        None,
        "Images run at once (default: 4 of many for a small network; else 1).",
        least=1,
        most=MOST_IMAGES,
    )

    @property
    def data_file(self) -> DataFile | None:
        """What `data` names, read; raises DataError."""
        return None if self.data is None else read_data_file(self.data)

    @property
    def least_score(self) -> float:
        """What a score must be above: the two words have thresholds of their own in each fork."""
        if self.thresh is not None:
            return self.thresh
        fork = fork_named(self.fork)
        return fork.detect.detect_thresh if self.data is None else fork.detect.test_thresh


@dataclass(frozen=True, kw_only=True)
class ImageModelOptions(ModelOptions, ImageOptions, RunOptions):
    """What all commands can be told that run a network on images, and find no boxes."""


@dataclass(frozen=True, kw_only=True)
class ClassifierOptions(ImageModelOptions, LogOptions):
    """What all commands of classifiers can be told. top: None for what the .data file says."""

    data: str | None = None
    top: int | None = flag(
        None, "Guesses for each image, instead of top= of DATA.", "-t", least=1, metavar="N"
    )


@dataclass(frozen=True, kw_only=True)
class ListedOptions(ClassifierOptions):
    """The options of `classifier valid`, `test` and others that take a list of DATA."""

    batch: int = flag(8, "Images run at once.", least=1, most=MOST_IMAGES)


@dataclass(frozen=True, kw_only=True)
class PredictOptions(ClassifierOptions):
    """The options of `classifier predict`."""

    images: tuple[str, ...] = ()
    names: str | None = flag(None, NAMES, metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class ClassifyOptions(PredictOptions):
    """The options of `classify`."""

    top: int | None = flag(5, "Classes to print.", "-t", least=1)


@dataclass(frozen=True, kw_only=True)
class SegmentOptions(ImageModelOptions):
    """The options of `segmenter test` and `isegmenter test`. instances: the objects one by one."""

    data: str
    images: tuple[str, ...] = ()
    instances: bool = False
    names: str | None = flag(None, NAMES, metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class RegressOptions(ImageModelOptions):
    """The options of `regressor test`, which has no .data file."""

    images: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecurrentOptions(ForkOptions, DeviceOptions):
    """What the commands of recurrent nets can be told. weights: None for random ones."""

    cfg: str
    weights: str | None = None


@dataclass(frozen=True, kw_only=True)
class TextOptions(RecurrentOptions):
    """The options of those that read a seed first, `rnn vec` among them."""

    seed: str = flag(
        "\n\n",
        "What the network reads first (default: two line ends).",
        metavar="TEXT",
        hidden=True,
    )


@dataclass(frozen=True, kw_only=True)
class DrawOptions:
    """How a text is made up, with Darknet's defaults."""

    length: int = flag(1000, "Symbols to write.", "--len", least=0)
    temp: float = flag(0.7, "Temperature; below 1 likely symbols become likelier.")
    srand: int | None = flag(
        None, "Seed; the same one gives the same text (default: any).", least=0, metavar="N"
    )
    tokens: str | None = flag(None, "Words of a tokenized network, one per line.", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class GenerateOptions(TextOptions, DrawOptions):
    """The options of `rnn generate`."""


@dataclass(frozen=True, kw_only=True)
class TacticOptions(RecurrentOptions, DrawOptions):
    """The options of `rnn generatetactic`, which reads standard input instead of a seed."""


@dataclass(frozen=True, kw_only=True)
class PerplexityOptions(TextOptions):
    """The options of `rnn valid` and `rnn validtactic`."""

    file: str | None = flag(
        None, "The text (default: standard input, as in Darknet).", metavar="FILE"
    )


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ModelOptions):
    """The options of `export`."""

    images: tuple[str, ...] = ()
    format: str = flag("onnx", "What to write.", choices=tuple(FORMATS))
    out: str | None = flag(
        None,
        "File to write (default: named as the cfg, in this folder).",
        "-o",
        "--out",
        metavar="FILE",
    )
    form: str = flag(
        "heads",
        "; ".join(f"{word}: {form.meaning}" for word, form in FORMS.items()) + ".",
        choices=tuple(FORMS),
    )
    dynamic: str = flag(
        "", "Leave the batch size, the input size or both open.", metavar="batch,size", hidden=True
    )
    batch: int = flag(1, "Batch size of the file.", least=1, most=MOST_IMAGES)
    names: str | None = flag(
        None, "Class names, one per line, to keep inside the file.", metavar="FILE"
    )
    thresh: float = flag(0.25, "Minimum score of a box (--form nms, --verify).")
    nms: float = flag(
        0.45, "Overlap above which the weaker of two boxes is dropped (--form nms, --verify)."
    )
    verify: bool = flag(False, "Run the file and compare the results; exit code 1 if they differ.")
