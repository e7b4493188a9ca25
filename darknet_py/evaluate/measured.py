"""A network measured on a set by the options of `map`, from the command line and from Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from darknet_py.detect.detector import Detector
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.evaluate.eval_config import EvalConfig
from darknet_py.evaluate.eval_inputs import EvalSet
from darknet_py.evaluate.map import Progress, evaluate
from darknet_py.evaluate.map_result import MapResult
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.network.network import Network
from darknet_py.options.evaluation import MapOptions


def measured(
    network: Network | Detector,
    what: EvalSet,
    options: MapOptions,
    progress: Progress | None = None,
    begin: Callable[[EvalConfig], object] = lambda eval_config: None,
    fitted: ReadableImages | None = None,
    context: DistributedContext = ALONE,
) -> MapResult:
    """The metrics; see `map.evaluate` for the rest."""
    result = evaluate(
        network,
        what.images,
        what.names,
        thresh=options.thresh,
        iou_thresh=options.iou_thresh,
        points=options.points,
        difficult=what.difficult,
        class_map=what.class_map,
        config=options.engine_config(),
        batch=options.batch,
        progress=progress,
        begin=begin,
        fitted=fitted,
        keep=options.needs_boxes,
        context=context,
    )
    origin = {"image_set": what.image_set, "cfg": options.cfg, "weights": options.weights}
    return replace(result, origin=origin)


def with_coco(result: MapResult) -> MapResult:
    """The result with pycocotools' metrics of its boxes, which it must have kept."""
    from darknet_py.evaluate.coco import coco_metrics

    assert result.matched is not None
    metrics = coco_metrics(result.matched, [row.name for row in result.classes])
    return replace(result, coco=metrics)
