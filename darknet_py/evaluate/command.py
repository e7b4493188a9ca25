"""What `map` does on the command line: files in, Darknet's table on stdout, files out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.data.listing import read_list
from darknet_py.evaluate.inputs import Inputs, Setup, device_of, load, read_inputs, required_file
from darknet_py.evaluate.pictures import start_reading
from darknet_py.progress import counted
from darknet_py.replacement import require_writable

if TYPE_CHECKING:
    from darknet_py.evaluate.coco import CocoFigures
    from darknet_py.evaluate.conditions import Conditions
    from darknet_py.evaluate.result import MapResult


@dataclass(frozen=True, kw_only=True)
class Job(Setup):
    """The options of `map`, with AlexeyAB's defaults."""

    thresh: float = 0.25
    iou_thresh: float = 0.5
    points: int = 0
    out: tuple[str, ...] = ()
    coco: bool = False


def run(job: Job) -> None:
    """Evaluate, print, write; what can be refused is refused before torch is imported."""
    _refuse_unwritable(job)
    inputs = read_inputs(job)
    result = _evaluated(job, inputs)
    click.echo(result.table(), nl=False)
    figures = _coco(result, inputs) if job.coco else None
    _report(result)
    _write(job, inputs, result, figures)


def _refuse_unwritable(job: Job) -> None:
    from darknet_py.evaluate.report import require_known_format

    for name in job.out:
        require_known_format(Path(name))
        require_writable(Path(name))


def _evaluated(job: Job, inputs: Inputs) -> MapResult:
    listed = "difficult" in inputs.data.options
    difficult = required_file(inputs.data, "difficult") if listed else None
    pictures = start_reading(inputs.images, inputs.opened.graph)
    network = load(inputs.opened)

    from darknet_py.evaluate.run import evaluate

    with counted(len(inputs.images), "map") as passed:
        return evaluate(
            network,
            inputs.images,
            inputs.names,
            thresh=job.thresh,
            iou_thresh=job.iou_thresh,
            points=job.points,
            difficult=read_list(difficult) if difficult else None,
            class_map=inputs.class_map,
            device=device_of(job),
            batch=job.batch,
            progress=passed,
            announce=partial(_announce, job, inputs),
            pictures=pictures,
            keep=job.coco,
        )


def _announce(job: Job, inputs: Inputs, conditions: Conditions) -> None:
    click.echo(f"{job.weights} on {inputs.image_set}: {conditions.line()}", err=True)


def _coco(result: MapResult, inputs: Inputs) -> CocoFigures:
    from darknet_py.evaluate.coco import figures_of

    assert result.evidence is not None
    figures = figures_of(result.evidence, [row.name for row in result.classes])
    click.echo(f"\nCOCO's figures of the same boxes, areas by boxes:\n{figures.text}", nl=False)
    return figures


def _report(result: MapResult) -> None:
    pictures = result.conditions.pictures
    if result.unlabelled:
        count = f"{len(result.unlabelled)} of {pictures} pictures have no label file"
        first = f"the first is {result.unlabelled[0]}"
        click.echo(f"warning: {count} and count as empty; {first}", err=True)
    if not result.detections_count:
        floor = result.conditions.score_floor
        message = f"not one box has a score over {floor:g}: are these the trained weights?"
        click.echo(f"warning: {message}", err=True)
    if result.labelled and len(result.labelled) < len(result.classes):
        bare = len(result.classes) - len(result.labelled)
        mean = sum(row.ap for row in result.labelled) / len(result.labelled)
        rest = f"over the other {len(result.labelled)} the mAP is {mean * 100:.2f} %"
        click.echo(f"{bare} classes have no labels and count as 0; {rest}", err=True)
    click.echo(f"Total Detection Time: {int(result.seconds)} Seconds", err=True)
    each = [
        f"{name} {1000 * seconds / pictures:.1f}" for name, seconds in asdict(result.timing).items()
    ]
    rate = f"{pictures / result.seconds:.1f} pictures a second"
    click.echo(f"{rate}; milliseconds of a thread for each: {', '.join(each)}", err=True)


def _write(job: Job, inputs: Inputs, result: MapResult, figures: CocoFigures | None) -> None:
    from darknet_py.evaluate.report import write

    extra = {"image_set": inputs.image_set, "cfg": job.cfg, "weights": job.weights}
    for name in job.out:
        write(Path(name), result, **extra, **({"coco": figures.values} if figures else {}))
        click.echo(f"{name}: the figures of {len(result.classes)} classes", err=True)
