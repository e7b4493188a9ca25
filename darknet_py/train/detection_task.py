"""Training of detection networks on a .data file."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile, read_names
from darknet_py.data.detection import DetectionSet
from darknet_py.data.listing import read_list
from darknet_py.data.loader import Batch, Key, Plan, batches, first_readable
from darknet_py.errors import DataError, Place
from darknet_py.train.report import Report
from darknet_py.train.sizes import Sizes
from darknet_py.train.trainer import Trainer

LEAST_BETWEEN = 100
"""Updates at least between two evaluations."""


@dataclass(frozen=True)
class Evaluation:
    """When and how `-map` evaluates. epochs: passes over the training list between evaluations."""

    images: list[str]
    names: list[str]
    epochs: int = 4
    thresh: float = 0.25
    iou_thresh: float = 0.5


@dataclass(frozen=True)
class DetectionTask:
    """Pictures with boxes; see `darknet_py.train.loop.Task`."""

    source: DetectionSet
    plan: Plan
    sizes: Sizes
    seed: int
    workers: int
    pin: bool
    burn_in: int
    evaluation: Evaluation | None = None

    def batches(self, first: int) -> Generator[Batch, None, None]:
        return batches(
            self.source, self.plan, seed=self.seed, first=first, workers=self.workers, pin=self.pin
        )

    def size_at(self, step: int) -> tuple[int, int]:
        return self.sizes.at(step)

    def drawn(self, step: int) -> list[str]:
        keys = [key for part in self.plan.keys(step) for key in part]
        drawn = [first_readable(key, self._drawn)[0] for key in keys]
        return [path for paths in drawn for path in paths]

    def _drawn(self, key: Key) -> list[str]:
        return self.source.drawn(*key, self.seed)

    def evaluates_at(self, update: int, last: int) -> bool:
        """AlexeyAB's: every `epochs` passes, not before burn_in, at least 100 updates apart."""
        if self.evaluation is None:
            return False
        passes = self.evaluation.epochs * len(self.source.images) // self.plan.images
        return update >= max(last + max(passes, LEAST_BETWEEN), self.burn_in)

    def evaluate(self, trainer: Trainer, report: Report) -> float:
        from darknet_py.evaluate.run import evaluate

        how = self.evaluation
        assert how is not None
        report.note(f"mAP of {len(how.images)} pictures ...")
        result = evaluate(
            trainer.network,
            how.images,
            how.names,
            thresh=how.thresh,
            iou_thresh=how.iou_thresh,
            device=next(trainer.network.parameters()).device,
        )
        report.note(f"mean average precision (mAP@{how.iou_thresh:.2f}) = {100 * result.map:.2f} %")
        return result.map


def listed(data: DataFile, key: str) -> list[str]:
    """The pictures of train= or valid=; raises DataError when the .data file has none."""
    path = data.file(key)
    if path is None:
        cure = "the list of pictures, one path a line"
        raise DataError(f"has no {key}=, {cure}", Place(data.path))
    return read_list(path)


def evaluation_of(
    data: DataFile, classes: int, epochs: int, thresh: float, iou_thresh: float
) -> Evaluation:
    """What `-map` needs; as in AlexeyAB's program valid= falls back to train=."""
    images = listed(data, "valid" if "valid" in data.options else "train")
    path = data.file("names")
    names = read_names(path) if path else [str(number) for number in range(classes)]
    if len(names) != classes:
        message = f"names= has {len(names)} names, the network has classes={classes}"
        raise DataError(message, Place(data.path))
    return Evaluation(images, names, epochs, thresh, iou_thresh)
