"""What `map` does on the command line: files in, Darknet's table on stdout, files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.cfg.datafile import required_file
from darknet_py.data.listing import read_list
from darknet_py.errors import DarknetError
from darknet_py.evaluate.eval_inputs import EvalInputs, load_network, read_inputs
from darknet_py.evaluate.image_counter import image_counter
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.files import require_writable
from darknet_py.network.darknet_lines import inference_lines, say, told_keys
from darknet_py.options.evaluation import MapOptions
from darknet_py.progress import counted

if TYPE_CHECKING:
    from darknet_py.evaluate.coco import CocoMetrics
    from darknet_py.evaluate.eval_config import EvalConfig
    from darknet_py.evaluate.map_result import MapResult


TOLD = {"valid": "data/train.txt", "names": "data/names.list"}
"""Keys of the .data file that Darknet has defaults of."""


def run(options: MapOptions) -> None:
    """Evaluate, print, write; what can be refused is refused before torch is imported."""
    _refuse_unwritable(options)
    inputs = read_inputs(options)
    result = _evaluated(options, inputs)
    click.echo(result.table(counter=options.as_darknet), nl=False)
    metrics = _coco_metrics(result, inputs) if options.coco else None
    _report(result)
    _write(options, inputs, result, metrics)
    _draw(options, result)


def _refuse_unwritable(options: MapOptions) -> None:
    for name in options.out:
        require_writable(Path(name))
    drawn = {"--curves": options.curves, "--confusion": options.confusion}
    for option, image in drawn.items():
        if image:
            _require_drawable(option, Path(image))
    if options.worst and options.worst[0] < 1:
        raise DarknetError(f"--worst is {options.worst[0]}, expected 1 image or more")


def _require_drawable(option: str, path: Path) -> None:
    from darknet_py.plots import require_image, require_matplotlib

    require_matplotlib(option)
    require_image(path)
    require_writable(path)


def _evaluated(options: MapOptions, inputs: EvalInputs) -> MapResult:
    listed = "difficult" in inputs.data.options
    difficult = required_file(inputs.data, "difficult") if listed else None
    fitted = ReadableImages(inputs.images, inputs.model.graph)
    network = load_network(inputs.model)
    if options.as_darknet:
        model, told = inputs.model, told_keys(inputs.data, TOLD)
        say(inference_lines(model.graph, model.plan, options.chosen_device, told))

    from darknet_py.evaluate.map import evaluate

    with ExitStack() as stack:
        passed: Callable[[int], object]

        def begin(eval_config: EvalConfig) -> None:
            """Say what decides the metrics, then show how many images are done."""
            nonlocal passed
            weights = options.weights or "random weights"
            click.echo(f"{weights} on {inputs.image_set}: {eval_config.line()}", err=True)
            images = len(inputs.images)
            counter = (
                image_counter(images, "\r{}") if options.as_darknet else counted(images, "map")
            )
            passed = stack.enter_context(counter)

        return evaluate(
            network,
            inputs.images,
            inputs.names,
            thresh=options.thresh,
            iou_thresh=options.iou_thresh,
            points=options.points,
            difficult=read_list(difficult) if difficult else None,
            class_map=inputs.class_map,
            config=options.engine_config(),
            batch=options.batch,
            progress=lambda count: passed(count),
            begin=begin,
            fitted=fitted,
            keep=options.needs_boxes,
        )


def _coco_metrics(result: MapResult, inputs: EvalInputs) -> CocoMetrics:
    from darknet_py.evaluate.coco import coco_metrics

    assert result.matched is not None
    metrics = coco_metrics(result.matched, [row.name for row in result.classes])
    click.echo(f"\nCOCO's metrics of the same boxes, areas by boxes:\n{metrics.text}", nl=False)
    return metrics


def _report(result: MapResult) -> None:
    for line in (*_speed(result), *_remarks(result)):
        click.echo(line, err=True)


def _remarks(result: MapResult) -> Iterator[str]:
    """What makes these metrics differ from those of other tools, and what looks wrong."""
    images, rows, labelled = result.eval_config.images, result.classes, result.labelled
    if count := len(result.left_out):
        yield f"warning: {count} of {count + images} images could not be read and do not count"
    if count := len(result.unlabelled):
        yield (
            f"warning: {count} of {images} images have no label file and count as images without "
            f"objects; the first is {result.unlabelled[0]}"
        )
    if not result.detections_count:
        floor = result.eval_config.score_floor
        yield f"warning: not one box has a score above {floor:g}: are these the trained weights?"
    if bare := len(rows) - len(labelled):
        mean = f"{100 * sum(row.ap for row in labelled) / len(labelled):.2f} %"
        yield (
            f"{bare} of the {len(rows)} classes never appear in the labels; their AP is 0 and "
            f"lowers the mAP, as in Darknet. The mean of the other {len(labelled)} is {mean}"
        )
    tp, fp = result.counts_by_score
    if (tp, fp) != (result.tp, result.fp):
        yield (
            "In Darknet's TP and FP a label may be used up by a box whose score is below -thresh. "
            f"Counted as other tools do it, TP = {tp}, FP = {fp}, "
            f"FN = {result.unique_truth_count - tp}"
        )
    thresh, f1 = result.by_threshold.best
    yield f"With -thresh {thresh:.3f} the F1-score would be highest: {f1:.2f}"


def _speed(result: MapResult) -> Iterator[str]:
    yield f"Total Detection Time: {int(result.seconds)} Seconds"
    images, steps = result.eval_config.images, asdict(result.timing).items()
    each = ", ".join(f"{name} {1000 * seconds / images:.1f}" for name, seconds in steps)
    rate = f"{images / result.seconds:.1f} images a second"
    yield f"{rate}; milliseconds of a thread for each: {each}"


def _write(
    options: MapOptions, inputs: EvalInputs, result: MapResult, metrics: CocoMetrics | None
) -> None:
    from darknet_py.evaluate.map_files import write

    extra = {"image_set": inputs.image_set, "cfg": options.cfg, "weights": options.weights}
    for name in options.out:
        write(Path(name), result, **extra, **({"coco": metrics.values} if metrics else {}))
        click.echo(f"{name}: the metrics of {len(result.classes)} classes", err=True)


def _draw(options: MapOptions, result: MapResult) -> None:
    names = [row.name for row in result.classes]
    if options.curves:
        from darknet_py.evaluate.curve_plot import draw_curves

        draw_curves(Path(options.curves), result)
        click.echo(f"{options.curves}: precision, recall and F1", err=True)
    if options.confusion:
        from darknet_py.evaluate.confusion import confusion, draw_confusion

        assert result.matched is not None
        iou_thresh = result.eval_config.iou_thresh
        counts = confusion(result.matched, len(names), options.thresh, iou_thresh)
        title = (
            f"boxes above {options.thresh:g} and labels they overlap by more than {iou_thresh:g}"
        )
        draw_confusion(Path(options.confusion), counts, names, title)
        click.echo(f"{options.confusion}: which class is taken for which", err=True)
    if options.worst:
        from darknet_py.evaluate.worst_images import draw_worst

        assert result.matched is not None
        count, folder = options.worst
        drawn = draw_worst(
            result.matched,
            names,
            options.thresh,
            count,
            Path(folder),
            options.fork_in_force.images.upright,
        )
        click.echo(f"{folder}: the {len(drawn)} images with most errors", err=True)
