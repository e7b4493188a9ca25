"""The options of `cifar`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from darknet_py.options.flag import MOST_IMAGES, flag
from darknet_py.options.model import ModelOptions, RunOptions
from darknet_py.options.training import TrainOptions


@dataclass(frozen=True, kw_only=True)
class CifarOptions:
    """Where CIFAR-10 is."""

    batches: str = flag(
        "data/cifar/cifar-10-batches-bin",
        "Folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin.",
        metavar="FOLDER",
    )


@dataclass(frozen=True, kw_only=True)
class CifarRunOptions(CifarOptions, ModelOptions, RunOptions):
    """The options of `cifar test`, `multi`, `csv` and `csvtrain`."""

    batch: int = flag(128, "Images run at once.", least=1, most=MOST_IMAGES)


@dataclass(frozen=True, kw_only=True)
class CifarEvalOptions(CifarOptions):
    """The options of `cifar eval`."""

    predictions: str = flag("results/combined.csv", "What `cifar csv` printed.", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class CifarExtractOptions(CifarOptions):
    """The options of `cifar extract`."""

    out: str = flag("data/cifar", "Where to make the folders train and test.", metavar="FOLDER")


@dataclass(frozen=True, kw_only=True)
class CifarTrainOptions(CifarOptions, TrainOptions):
    """The options of `cifar train`. ensemble: of `distill`."""

    kind: ClassVar[str] = "cifar"
    data: str = "cifar"
    ensemble: str | None = None
    backup: str = flag("backup", "Folder to keep the weights in.", metavar="FOLDER")


@dataclass(frozen=True, kw_only=True)
class CifarDistillOptions(CifarTrainOptions):
    """The options of `cifar distill`."""

    ensemble: str = flag(
        "results/ensemble.csv", "Predictions, printed by `cifar csvtrain`.", metavar="FILE"
    )
