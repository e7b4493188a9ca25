"""What `map` writes beside its table: metrics, curves, confusion, the worst images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.options.evaluation import MapOptions

if TYPE_CHECKING:
    from darknet_py.evaluate.map_result import MapResult


def refuse_unwritable(options: MapOptions) -> None:
    """Raises DarknetError, before anything runs, for what could not be written afterwards."""
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


def written(options: MapOptions, result: MapResult) -> Iterator[str]:
    """Write all that is asked for; a line on each of the files when it is there."""
    from darknet_py.evaluate.map_files import write

    for name in options.out:
        write(Path(name), result)
        yield f"{name}: the metrics of {len(result.classes)} classes"
    if options.curves:
        yield _curves(options.curves, result)
    if options.confusion:
        yield _confusion(options, options.confusion, result)
    if options.worst:
        yield _worst(options, *options.worst, result)


def _curves(path: str, result: MapResult) -> str:
    from darknet_py.evaluate.curve_plot import draw_curves

    draw_curves(Path(path), result)
    return f"{path}: precision, recall and F1"


def _confusion(options: MapOptions, path: str, result: MapResult) -> str:
    from darknet_py.evaluate.confusion import confusion, draw_confusion

    assert result.matched is not None
    names = [row.name for row in result.classes]
    iou_thresh = result.eval_config.iou_thresh
    counts = confusion(result.matched, len(names), options.thresh, iou_thresh)
    title = f"boxes above {options.thresh:g} and labels they overlap by more than {iou_thresh:g}"
    draw_confusion(Path(path), counts, names, title)
    return f"{path}: which class is taken for which"


def _worst(options: MapOptions, count: int, folder: str, result: MapResult) -> str:
    from darknet_py.evaluate.worst_images import draw_worst

    assert result.matched is not None
    names = [row.name for row in result.classes]
    upright = options.fork_in_force.images.upright
    drawn = draw_worst(result.matched, names, options.thresh, count, Path(folder), upright)
    return f"{folder}: the {len(drawn)} images with most errors"


def remarks(result: MapResult) -> Iterator[str]:
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
