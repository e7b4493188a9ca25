"""`detector recall`: how many labels any box overlaps, whatever its class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import Detections, PipelineOptions
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.distributed.list_order import in_list_order
from darknet_py.engines.table import EngineConfig
from darknet_py.evaluate.eval_pipeline import BATCH, TORCH, open_pipeline
from darknet_py.evaluate.ground_truth import GroundTruth, read_ground_truth
from darknet_py.evaluate.map_result import share
from darknet_py.evaluate.matching import Reals, iou
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.network.load import head_classes
from darknet_py.network.network import Network

NMS = 0.4
OPTIONS = PipelineOptions(thresh=0.001, hier=0.5, nms=NMS, suppression=Suppression("objectness"))
"""Both programs' numbers; suppression goes by objectness, over all classes at once."""
IOU_THRESH = 0.5


@dataclass(frozen=True)
class ImageRecall:
    """Of one image: boxes proposed, labels in all and overlapped, sum of the best overlaps."""

    proposals: int
    labels: int
    correct: int
    iou_sum: float


@dataclass(frozen=True)
class Recall:
    """Counts after an image: boxes proposed, labels in all and overlapped.

    image: its number among those that could be read, from 0; -1 before the first.
    """

    image: int = -1
    proposals: int = 0
    total: int = 0
    correct: int = 0
    iou_sum: float = 0.0

    def and_then(self, one: ImageRecall) -> Recall:
        """The counts with those of one more image."""
        return Recall(
            self.image + 1,
            self.proposals + one.proposals,
            self.total + one.labels,
            self.correct + one.correct,
            self.iou_sum + one.iou_sum,
        )

    def line(self) -> str:
        """The line Darknet prints after each image; shares of nothing are 0."""
        each = share(self.proposals, self.image + 1)
        mean, part = 100 * share(self.iou_sum, self.total), 100 * share(self.correct, self.total)
        counts = f"{self.image:5d} {self.correct:5d} {self.total:5d}"
        return f"{counts}\tRPs/Img: {each:.2f}\tIOU: {mean:.2f}%\tRecall:{part:.2f}%"


def measure_recall(
    network: Network,
    images: Sequence[str],
    *,
    config: EngineConfig = TORCH,
    batch: int = BATCH,
    nms: float = NMS,
    fitted: ReadableImages | None = None,
    context: DistributedContext = ALONE,
) -> Iterator[Recall]:
    """The counts after each image; the last ones are those of all.

    Boxes above an objectness of .001 are proposals; of [region] in AlexeyAB's fork, whose boxes
    have no objectness, those with a class above it. nms: 0 for
    none. context: as in `map.evaluate`; the counts come in the first process alone.
    """
    graph = network.graph
    ground_truth = read_ground_truth(images, head_classes(graph), graph.fork)
    pipeline = open_pipeline(network, replace(OPTIONS, batch=batch, nms=nms), config)
    readable = fitted or ReadableImages(images, graph, share=context, batch=batch)
    batches = _measured(pipeline.run(readable, len(readable)), ground_truth)
    so_far = Recall()
    for one in in_list_order(batches, context):
        so_far = so_far.and_then(one)
        yield so_far
    readable.bring_together(context)


def _measured(
    batches: Iterable[Detections], ground_truth: GroundTruth
) -> Iterator[tuple[int, ImageRecall]]:
    """The images by their numbers."""
    for detections in batches:
        yield from _per_image(detections, ground_truth)


def _per_image(batch: Detections, ground_truth: GroundTruth) -> Iterator[tuple[int, ImageRecall]]:
    image = batch.candidates.image.numpy()
    proposed = batch.candidates.objectness.numpy() > np.float32(OPTIONS.thresh)
    boxes = batch.candidates.boxes.numpy()
    for index, number in enumerate(batch.numbers.tolist()):
        labels = ground_truth.objects.boxes[ground_truth.rows(number, number + 1)]
        best = _best_overlaps(boxes[proposed & (image == index)], labels)
        proposals = int((proposed & (image == index)).sum())
        correct = int((best > np.float32(IOU_THRESH)).sum())
        yield number, ImageRecall(proposals, len(labels), correct, float(best.sum()))


def _best_overlaps(boxes: Reals, labels: Reals) -> Reals:
    """(labels,) the largest IoU of each label with any box, 0 without boxes."""
    pairs = iou(np.repeat(labels, len(boxes), axis=0), np.tile(boxes, (len(labels), 1)))
    return pairs.reshape(len(labels), len(boxes)).max(axis=1, initial=0)
