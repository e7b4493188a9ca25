"""What `detector valid`, `valid2` and `recall` do on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from darknet_py.detect.format import head_lines
from darknet_py.evaluate.eval_inputs import load_network, read_inputs, results_folder
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.options.evaluation import RecallOptions, ValidOptions
from darknet_py.progress import counted

if TYPE_CHECKING:
    from darknet_py.evaluate.recall import Recall


def valid(options: ValidOptions) -> None:
    """Write result files; says where they are."""
    inputs = read_inputs(options)
    fitted = ReadableImages(inputs.images, inputs.model.graph)
    network = load_network(inputs.model)

    from darknet_py.evaluate.valid import write_results

    for line in head_lines(network.graph):
        click.echo(line)
    with counted(len(inputs.images), "valid") as passed:
        written = write_results(
            network,
            inputs.images,
            inputs.names,
            results_folder(inputs.data),
            form=inputs.data.options.get("eval", "voc"),
            out=options.out,
            mirrored=options.mirrored,
            class_map=inputs.class_map,
            config=options.engine_config(),
            batch=options.batch,
            progress=passed,
            fitted=fitted,
        )
    click.echo(f"Total Detection Time: {written.seconds:f} Seconds", err=True)
    click.echo(f"{written.folder}: {written.entries} boxes in {written.images} images", err=True)
    _report_left_out(fitted)


def recall(options: RecallOptions) -> None:
    """Print Darknet's line after each image, to stderr as it does, and the last one to stdout."""
    inputs = read_inputs(options)
    fitted = ReadableImages(inputs.images, inputs.model.graph)
    network = load_network(inputs.model)

    from darknet_py.evaluate.recall import measure_recall

    last: Recall | None = None
    for last in measure_recall(
        network,
        inputs.images,
        config=options.engine_config(),
        batch=options.batch,
        nms=options.nms,
        fitted=fitted,
    ):
        click.echo(last.line(), err=True)
    if last:
        click.echo(last.line())
    _report_left_out(fitted)


def _report_left_out(fitted: ReadableImages) -> None:
    """How many images could not be read, each of which has been named."""
    if count := len(fitted.unreadable):
        listed = len(fitted.images)
        click.echo(
            f"warning: {count} of {listed} images could not be read and do not count", err=True
        )
