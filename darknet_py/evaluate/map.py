"""`map`: a network over a list of labelled images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from darknet_py.cfg.names import fitted_names
from darknet_py.detect.detector import Detector
from darknet_py.detect.format import head_lines
from darknet_py.detect.pipeline import Detections, Pipeline, PipelineOptions, Timing
from darknet_py.detect.workers import TimedEngine
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.distributed.list_order import in_list_order
from darknet_py.engines.engine import Engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DataError
from darknet_py.evaluate.accumulator import Accumulator, MatchedBatch
from darknet_py.evaluate.average_precision import (
    average_precisions,
    check_numbers,
    count_above,
    rank,
)
from darknet_py.evaluate.curves import threshold_curves
from darknet_py.evaluate.eval_config import EvalConfig, eval_config_of
from darknet_py.evaluate.eval_pipeline import (
    BATCH,
    MAP_OPTIONS,
    TORCH,
    evaluated_engine,
    open_pipeline,
)
from darknet_py.evaluate.ground_truth import GroundTruth, read_ground_truth
from darknet_py.evaluate.map_result import ClassResult, MapResult
from darknet_py.evaluate.matching import hits
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.forks import Fork
from darknet_py.network.graph import Graph
from darknet_py.network.load import head_classes
from darknet_py.network.network import Network
from darknet_py.network.sequence_parts import lists_are_films

Progress = Callable[[int], object]


def evaluate(
    network: Network | Detector | Engine,
    images: Sequence[str],
    names: Sequence[str],
    *,
    thresh: float = 0.25,
    iou_thresh: float = 0.5,
    points: int = 0,
    difficult: Sequence[str] | None = None,
    class_map: Sequence[int] | None = None,
    config: EngineConfig = TORCH,
    batch: int = BATCH,
    progress: Progress | None = None,
    begin: Callable[[EvalConfig], object] = lambda eval_config: None,
    fitted: ReadableImages | None = None,
    keep: bool = False,
    context: DistributedContext = ALONE,
) -> MapResult:
    """AlexeyAB's `detector map` of a network as it stands; the network is left as it is.

    network: an Engine or that of a Detector runs, whatever config says. images: paths; labels lie
    where data.label_paths says. names: one per class. thresh: for TP, FP, FN, precision, recall and
    IoU; the AP does not depend on it. iou_thresh: a box must overlap its label by more. points: 0
    (area under the curve), 11 (VOC 2007), 101 (COCO) or any other number of recalls. difficult: for
    each image another path, whose labels excuse a box that matches no label. class_map: the
    network's classes that are numbered 0, 1, ... in names and labels (YOLO9000). config: what the
    network runs on. batch: images run at once, on a CPU by each core. progress: told how many more
    images are done. begin: told what decides the metrics, before any is there. fitted: the images,
    where they are being read already. keep: the result has `matched`. context: the processes that
    each measure a share of the images, see ListShare; progress is told by the first one, and the
    result is the same in all.

    Images that cannot be read are named in the log, left out and counted, and their labels do not
    count. Raises DataError before anything runs for labels that do not fit, and when not one image
    can be read.
    """
    start, graph = time.perf_counter(), network.graph
    if lists_are_films(graph):
        # A film cannot be shared: every process sees all of it.
        context = ALONE
    names = evaluated_names(graph, names, class_map)
    check_numbers(points, thresh=thresh, iou_thresh=iou_thresh)
    accumulator = Accumulator(
        iou_thresh,
        read_ground_truth(images, len(names), graph.fork),
        _difficult(difficult, images, len(names), graph.fork),
        keep,
    )
    chosen = None if class_map is None else tuple(class_map)
    options = replace(MAP_OPTIONS, class_map=chosen, batch=batch)
    pipeline = _opened(network, options, config)
    # The engine's own, which may have fallen back to another precision than was asked for.
    in_force = replace(pipeline.engine.config, device=str(pipeline.engine.device))
    eval_config = eval_config_of(graph, options, in_force, len(images), iou_thresh, points)
    begin(eval_config)
    readable = fitted or ReadableImages(images, graph, share=context, batch=batch)
    with closing(pipeline.run(readable, len(readable))) as batches:
        matched_batches = _matched(batches, accumulator)
        timing = _accumulate(in_list_order(matched_batches, context), accumulator, progress)
    readable.bring_together(context)
    accumulator.leave_out(readable.missing)
    eval_config = replace(eval_config, images=len(images) - len(readable.unreadable))
    result = replace(
        _summed_up(accumulator, names, thresh, eval_config),
        heads=tuple(head_lines(graph)),
        matched=accumulator.all_matched(images),
        left_out=tuple(str(error) for error in readable.unreadable),
        timing=timing,
        seconds=time.perf_counter() - start,
    )
    return context.from_first(result)


def _opened(
    network: Network | Detector | Engine, options: PipelineOptions, config: EngineConfig
) -> Pipeline:
    if isinstance(network, Engine):
        return Pipeline(TimedEngine(evaluated_engine(network)), options)
    if isinstance(network, Detector):
        if lists_are_films(network.graph):
            return Pipeline(TimedEngine(evaluated_engine(network.engine)), options)
        return network.pipeline(options)
    return open_pipeline(network, options, config)


def _matched(
    batches: Iterable[Detections], accumulator: Accumulator
) -> Iterator[tuple[int, MatchedBatch]]:
    """Each batch, or part of one, by the number of its first image."""
    for detections in batches:
        for part in accumulator.matched(detections):
            yield int(part.numbers[0]), part


def _accumulate(
    batches: Iterable[MatchedBatch], accumulator: Accumulator, progress: Progress | None
) -> Timing:
    timing = Timing()
    for batch in batches:
        accumulator.add(batch)
        timing += batch.timing
        if progress:
            progress(len(batch.sizes))
    return timing


def evaluated_names(
    graph: Graph, names: Sequence[str], class_map: Sequence[int] | None = None
) -> list[str]:
    """One name per class that is evaluated; raises DataError for a class map that does not fit."""
    classes = head_classes(graph)
    if class_map is not None and not _has_tree(graph):
        message = "a class map chooses from the classes of a tree, and [region] tree= is not set"
        raise DataError(f"{message}; take map= out of the .data file")
    for number in class_map or ():
        if not 0 <= number < classes:
            raise DataError(f"the class map names class {number}, expected 0 to {classes - 1}")
    if class_map is not None and len(names) == classes:
        return [names[number] for number in class_map]
    return fitted_names(list(names), classes if class_map is None else len(class_map), "names")


def _has_tree(graph: Graph) -> bool:
    return any(head.hierarchy is not None for head in graph.detection_heads)


def _difficult(
    difficult: Sequence[str] | None, images: Sequence[str], classes: int, fork: Fork
) -> GroundTruth | None:
    if difficult is None:
        return None
    if len(difficult) != len(images):
        message = f"the difficult list has {len(difficult)} images, the other {len(images)}"
        raise DataError(f"{message}; the lists go line by line")
    return read_ground_truth(difficult, classes, fork, needed=False)


def _summed_up(
    accumulator: Accumulator, names: Sequence[str], thresh: float, eval_config: EvalConfig
) -> MapResult:
    scored = accumulator.scored()
    score, class_id, label = scored.score, scored.class_id, scored.matches.label
    labels = np.bincount(accumulator.ground_truth.objects.class_id, minlength=len(names))
    counts = count_above(score, class_id, scored.matches, len(names), thresh)
    counted = scored.counted
    ranking = rank(score[counted], class_id[counted], label[counted], labels)
    precisions = average_precisions(ranking, eval_config.points)
    columns = zip(names, precisions, counts.tp, counts.fp, labels, strict=True)
    return MapResult(
        classes=tuple(
            ClassResult(number, name, float(ap), int(tp), int(fp), int(count))
            for number, (name, ap, tp, fp, count) in enumerate(columns)
        ),
        map=float(precisions.mean()),
        tp=int(counts.tp.sum()),
        fp=int(counts.fp.sum()),
        average_iou=counts.average_iou,
        detections_count=len(ranking.score),
        unique_truth_count=len(accumulator.ground_truth),
        thresh=thresh,
        eval_config=eval_config,
        unlabelled=accumulator.ground_truth.unlabelled,
        ranking=ranking,
        # The table's own rule of what is a hit, so that -thresh gives what the curve says.
        by_threshold=threshold_curves(score, hits(label), len(accumulator.ground_truth)),
    )
