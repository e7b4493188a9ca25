"""What `yolo` and `coco` have in the C programs instead of a .data file: lists and class names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile
from darknet_py.errors import DataError

VOC_NAMES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
COCO_NAMES = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat"),
    *("dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack"),
    *("umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball"),
    *("kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair"),
    *("couch", "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse"),
    *("remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink"),
    *("refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier"),
    "toothbrush",
)
"""COCO's own spelling, which data/coco.names does not follow."""


@dataclass(frozen=True)
class BuiltInData:
    """A word's data. lists: of each of its commands, the paths of its list of images: that of
    AlexeyAB's program, and of pjreddie's where it is another. form: a word of eval=. valid_thresh:
    what a score must be above in `valid`.
    """

    word: str
    names: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]
    form: str
    valid_thresh: float

    def data_file(
        self, command: str, given: Mapping[str, str | None], images: str = "valid"
    ) -> DataFile:
        """As if read from a .data file. given: options in place of the built-in ones, None: none.

        images: the key of the list that the command needs. Raises DataError where neither an
        option names it nor one of the built-in paths is there.
        """
        options = {key: value for key, value in given.items() if value is not None}
        options.setdefault("eval", self.form)
        if images not in options:
            options[images] = self._list(command, images)
        return DataFile(f"{self.word} {command}", options, names=self.names)

    def _list(self, command: str, key: str) -> str:
        paths = self.lists[command]
        for path in paths:
            if os.path.exists(path):
                return path
        where = " or ".join(paths)
        cure = f"name another list with --{key} FILE"
        message = f"{self.word} {command} reads its list of images from {where}"
        raise DataError(f"{message}, which is not there; {cure}")


YOLO = BuiltInData(
    "yolo",
    VOC_NAMES,
    {
        "train": ("data/voc/train.txt", "/data/voc/train.txt"),
        "valid": ("data/voc/2007_test.txt", "/home/pjreddie/data/voc/2007_test.txt"),
        "recall": ("data/voc.2007.test",),
    },
    "yolo",
    0.001,
)
COCO = BuiltInData(
    "coco",
    COCO_NAMES,
    {
        "train": ("data/coco.trainval.txt",),
        "valid": ("data/coco_val_5k.list",),
        "recall": ("data/voc/test/2007_test.txt", "/home/pjreddie/data/voc/test/2007_test.txt"),
    },
    "coco",
    0.01,
)
BUILT_IN = {data.word: data for data in (YOLO, COCO)}
