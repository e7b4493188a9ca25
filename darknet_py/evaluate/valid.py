"""`detector valid` and `valid2`: what a network finds, in files other programs score."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darknet_py.detect.pipeline import Detections, PipelineOptions
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.distributed.list_order import in_list_order
from darknet_py.engines.table import EngineConfig
from darknet_py.evaluate.eval_pipeline import BATCH, TORCH, entries_of, open_pipeline
from darknet_py.evaluate.formats.writing import FORMS, ImageDetections, ResultFiles, form_of
from darknet_py.evaluate.map import evaluated_names
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.network.network import Network

HIER = 0.5
Progress = Callable[[int], object]


@dataclass(frozen=True)
class WrittenResults:
    """The folder that was written to, how many boxes in how many images, and the seconds."""

    folder: Path
    entries: int
    images: int
    seconds: float


def write_results(
    network: Network,
    images: Sequence[str],
    names: Sequence[str],
    folder: Path,
    *,
    form: str = "voc",
    out: str | None = None,
    mirrored: bool = False,
    class_map: Sequence[int] | None = None,
    config: EngineConfig = TORCH,
    batch: int = BATCH,
    progress: Progress | None = None,
    fitted: ReadableImages | None = None,
    context: DistributedContext = ALONE,
) -> WrittenResults:
    """Write what is found in the images as `detector valid` does.

    form: a key of formats.writing.FORMS. out: a name instead of the form's own. mirrored: average
    with the mirror images, as `valid2`. Score floor and NMS are the fork's. The rest is as in
    `evaluate`; of several processes the first writes. All files appear when the last image is
    done, or none does (kitti: per image).

    Images that cannot be read are named in the log and left out. Raises OutputError, or DataError
    for an image without the number COCO needs, and when not one image can be read.
    """
    start, fork = time.perf_counter(), network.graph.fork
    names = evaluated_names(network.graph, names, class_map)
    chosen = None if class_map is None else tuple(class_map)
    options = PipelineOptions(
        thresh=fork.detect.valid_thresh,
        hier=HIER,
        nms=fork.detect.valid_nms,
        # get_network_boxes(..., relative=0): both programs have made pixels of them before.
        nms_in_pixels=True,
        class_map=chosen,
        batch=batch,
    )
    pipeline = open_pipeline(network, options, config, mirrored)
    results, entries = ResultFiles(folder, out, names, fork), 0
    files = FORMS[form_of(form)](results) if context.first else nullcontext(_never)
    with files as write:
        readable = fitted or ReadableImages(images, network.graph, share=context, batch=batch)
        batches = _found(pipeline.run(readable, len(readable)), images)
        for one in in_list_order(batches, context):
            write(one)
            entries += len(one.score)
            if progress:
                progress(1)
        readable.bring_together(context)
    read = len(images) - len(readable.unreadable)
    seconds = time.perf_counter() - start
    return context.from_first(WrittenResults(folder, entries, read, seconds))


def _never(detections: ImageDetections) -> None:
    raise AssertionError("only the first process has something to write")


def _found(
    batches: Iterable[Detections], images: Sequence[str]
) -> Iterator[tuple[int, ImageDetections]]:
    """The images by their numbers."""
    for detections in batches:
        for one in per_image(detections, images):
            yield one.number, one


def per_image(batch: Detections, images: Sequence[str]) -> Iterator[ImageDetections]:
    """The entries of each image of a batch, with corners in pixels."""
    entries = entries_of(batch)
    for number, size in zip(batch.numbers.tolist(), batch.sizes, strict=True):
        rows = entries.image == number
        pixels = entries.boxes[rows] * np.array(size * 2, np.float32)
        middle, half = pixels[:, :2].astype(np.float64), pixels[:, 2:].astype(np.float64) / 2
        corners = np.concatenate([middle - half, middle + half], axis=1)
        class_id, score = entries.class_id[rows], entries.score[rows]
        yield ImageDetections(images[number], number, size, class_id, score, corners)
