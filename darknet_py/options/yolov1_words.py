"""The options of `yolo` and `coco`, whose data is built in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from darknet_py.cfg.built_in_data import BUILT_IN, BuiltInData
from darknet_py.cfg.datafile import DataFile
from darknet_py.forks import Fork
from darknet_py.options.evaluation import RecallOptions, ValidOptions
from darknet_py.options.flag import flag
from darknet_py.options.inference import DetectOptions
from darknet_py.options.model import NAMES, ImageOptions
from darknet_py.options.training import DetectorTrainOptions

LIST = "List of images instead of Darknet's own, or a folder of them."


@dataclass(frozen=True, kw_only=True)
class YoloWordOptions(ImageOptions):
    """What all commands of `yolo` have. word: a key of BUILT_IN."""

    word: ClassVar[str] = "yolo"
    names: str | None = flag(None, f"{NAMES[:-1]}, instead of Darknet's own.", metavar="FILE")

    @property
    def built_in(self) -> BuiltInData:
        return BUILT_IN[self.word]

    @property
    def fork_in_force(self) -> Fork:
        """The fork's record with the rules of these words."""
        return super().fork_in_force.yolov1_words(valid_thresh=self.built_in.valid_thresh)


@dataclass(frozen=True, kw_only=True)
class YoloTestOptions(YoloWordOptions, DetectOptions):
    """The options of `yolo test`."""

    thresh: float = flag(0.2, "Minimum score of a box.")
    nms: float = flag(0.4, "Overlap above which the weaker of two boxes is dropped; 0 keeps all.")

    @property
    def data_file(self) -> DataFile:
        return DataFile(f"{self.word} test", {}, names=self.built_in.names)


@dataclass(frozen=True, kw_only=True)
class CocoTestOptions(YoloTestOptions):
    """The options of `coco test`."""

    word: ClassVar[str] = "coco"
    prefix: str = flag("prediction", "Write the image to NAME.jpg.", metavar="NAME")


@dataclass(frozen=True, kw_only=True)
class YoloValidOptions(YoloWordOptions, ValidOptions):
    """The options of `yolo valid`. data: what errors call the data."""

    data: str = "valid"
    valid: str | None = flag(None, LIST, metavar="FILE")
    results: str | None = flag(None, "Folder to write to (default: results).", metavar="FOLDER")

    @property
    def data_file(self) -> DataFile:
        given = {"valid": self.valid, "results": self.results, "names": self.names}
        return self.built_in.data_file("valid", given)


@dataclass(frozen=True, kw_only=True)
class CocoValidOptions(YoloValidOptions):
    """The options of `coco valid`."""

    word: ClassVar[str] = "coco"


@dataclass(frozen=True, kw_only=True)
class YoloRecallOptions(YoloWordOptions, RecallOptions):
    """The options of `yolo recall`, which suppresses nothing."""

    data: str = "recall"
    nms: float = 0.0
    valid: str | None = flag(None, LIST, metavar="FILE")

    @property
    def data_file(self) -> DataFile:
        return self.built_in.data_file("recall", {"valid": self.valid, "names": self.names})


@dataclass(frozen=True, kw_only=True)
class CocoRecallOptions(YoloRecallOptions):
    """The options of `coco recall`."""

    word: ClassVar[str] = "coco"


@dataclass(frozen=True, kw_only=True)
class YoloTrainOptions(YoloWordOptions, DetectorTrainOptions):
    """The options of `yolo train`. train, valid: of what, and on what --map measures."""

    kind: ClassVar[str] = "yolo"
    data: str = "train"
    train: str | None = flag(None, LIST, metavar="FILE")
    valid: str | None = flag(
        None, "List of images that --map measures on (default: those of --train).", metavar="FILE"
    )
    backup: str | None = flag(
        None, "Folder to keep the weights in (default: backup).", metavar="FOLDER"
    )

    @property
    def data_file(self) -> DataFile:
        given = {key: getattr(self, key) for key in ("train", "valid", "backup", "names")}
        return self.built_in.data_file("train", given, "train")


@dataclass(frozen=True, kw_only=True)
class CocoTrainOptions(YoloTrainOptions):
    """The options of `coco train`."""

    word: ClassVar[str] = "coco"
