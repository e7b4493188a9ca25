"""What `eval coco` and `eval voc` do on the command line: files against files, no network."""

from __future__ import annotations

from pathlib import Path

import click

from darknet_py.cfg.datafile import read_data_file, required_file
from darknet_py.cfg.names import read_names
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError
from darknet_py.evaluate.eval_inputs import results_folder
from darknet_py.options.evaluation import VocOptions


def eval_coco(annotations: str, results: str, named_only: bool) -> None:
    """Print pycocotools' twelve metrics of a result file."""
    from darknet_py.evaluate.coco import coco_metrics_of_files

    metrics = coco_metrics_of_files(annotations, results, named_only)
    left = f"; it names {metrics.named} of {metrics.images} images"
    rule = "the others are left out" if named_only else "nothing was found in the others"
    missing = metrics.named < metrics.images
    click.echo(f"{results}{left}{', ' + rule if missing else ''}", err=True)
    click.echo(metrics.text, nl=False)


def eval_voc(options: VocOptions) -> None:
    """Print the AP of each class and their mean, from comp4 files."""
    if options.labels and options.annotations:
        raise DataError("score against labels or against annotations, not both")
    data = read_data_file(options.data)
    names = read_names(required_file(data, "names"))
    images = read_list(required_file(data, "valid"))
    folder = Path(options.folder) if options.folder else results_folder(data)

    from darknet_py.evaluate.voc import from_labels, from_xml, score_files

    annotation = (
        from_labels(len(names), options.fork_in_force)
        if options.labels
        else from_xml(names, options.annotations)
    )
    result = score_files(
        folder,
        names,
        images,
        annotation,
        prefix=options.prefix,
        iou_thresh=options.iou_thresh,
        points=options.points,
    )
    labels = "YOLO labels" if options.labels else "VOC's annotations"
    rule = f"{options.points} recall points" if options.points else "area under the curve"
    words = f"{len(images)} images, {labels}, hits above IoU {options.iou_thresh:g}, {rule}"
    click.echo(f"{folder}/{options.prefix}*.txt: {words}", err=True)
    click.echo(result.text())
