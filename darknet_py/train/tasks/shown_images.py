"""`-show_imgs`: the images that training gets, as files, under the names of AlexeyAB's program.

That program writes the images of all iterations, until it is stopped; here it is those of the first
ones. Its random numbers in the names are numbers here by which a sample can be found again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.label_boxes import CLASS_ONLY
from darknet_py.data.classifier_samples import ClassifierSet
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.loader import Batch, SampleKey, first_readable
from darknet_py.data.sample_sheet import class_shares
from darknet_py.errors import OutputError
from darknet_py.images.draw import save_image
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.options.training import SHOWN_ITERATIONS

logger = logging.getLogger(__name__)
Floats = NDArray[np.float32]
BOX_COLOUR = (206, 156, 106)
"""Blue, green, red: what the C program's 150, 100, 50 (of at most 1) come to in a byte."""


class ShownKind(Protocol):
    """What is shown of the samples of one kind of training."""

    def name(self, step: int, index: int, key: SampleKey) -> str:
        """Of the file of the index-th sample of a step, without the suffix."""

    def drawn(self, image: Pixels, truth: Floats) -> Pixels:
        """A BGR image with what is drawn on it."""

    def told(self, truth: Floats) -> str:
        """What is said of it."""


@dataclass
class ShownImages:
    """Writes the images of the next `left` steps to the working folder."""

    kind: ShownKind
    left: int = SHOWN_ITERATIONS

    def add(self, step: int, keys: Sequence[SampleKey], batch: Batch) -> None:
        """A folder that cannot be written to is said once, and training goes on."""
        if not self.left:
            return
        self.left -= 1
        try:
            for index, key in enumerate(keys):
                self._write(f"aug_{self.kind.name(step, index, key)}.jpg", batch, index)
        except OutputError as failure:
            logger.warning("%s; no more images of -show_imgs are written", failure)
            self.left = 0

    def _write(self, path: str, batch: Batch, index: int) -> None:
        chw, truth = batch.images[index].numpy(), batch.truth[index].numpy()
        image = to_bgr(np.ascontiguousarray(chw.transpose(1, 2, 0)))
        save_image(Path(path), self.kind.drawn(image, truth))
        if told := self.kind.told(truth):
            logger.info("%s: %s", path, told)


@dataclass(frozen=True)
class ShownDetections:
    """aug_STEP_INDEX_SAMPLE.jpg with the boxes of the labels."""

    source: DetectionSet

    def name(self, step: int, index: int, key: SampleKey) -> str:
        return f"{step}_{index}_{key.number}"

    def drawn(self, image: Pixels, truth: Floats) -> Pixels:
        canvas = np.array(image, np.uint8, order="C")
        height, width = canvas.shape[:2]
        boxes = self.source.config.labels_of(truth)[:, 1:]
        boxes = boxes[boxes[:, 2] < CLASS_ONLY]
        corners = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
        most = (width - 1, height - 1) * 2
        for x1, y1, x2, y2 in (corners * ((width, height) * 2)).clip(0, most).astype(int).tolist():
            cv2.rectangle(canvas, (x1, y1), (x2, y2), BOX_COLOUR, 1)
        return canvas

    def told(self, truth: Floats) -> str:
        return ""


@dataclass(frozen=True)
class ShownClasses:
    """aug_INDEX_NAME_SAMPLE.jpg, NAME being the file of the first image in it; the classes are
    said."""

    source: ClassifierSet
    seed: int

    def name(self, step: int, index: int, key: SampleKey) -> str:
        first, *_ = first_readable(key, lambda one: self.source.drawn(*one, self.seed))[0]
        return f"{index}_{Path(first).name.partition('.')[0]}_{key.number}"

    def drawn(self, image: Pixels, truth: Floats) -> Pixels:
        return image

    def told(self, truth: Floats) -> str:
        return ", ".join(class_shares(truth, self.source.labels))
