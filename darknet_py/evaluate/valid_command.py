"""What `detector valid`, `valid2` and `recall` do on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from darknet_py.detect.format import head_lines
from darknet_py.distributed.list_share import expected_share
from darknet_py.evaluate.eval_inputs import (
    EvalInputs,
    load_network,
    read_inputs,
    results_folder,
)
from darknet_py.evaluate.image_counter import image_counter
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.network.darknet_lines import (
    Said,
    inference_lines,
    learning_line,
    say,
    told_keys,
)
from darknet_py.options.evaluation import RecallOptions, ValidOptions
from darknet_py.progress import counted

if TYPE_CHECKING:
    from darknet_py.evaluate.recall import Recall


def valid(options: ValidOptions) -> None:
    """Write result files; says where they are."""
    inputs, share = read_inputs(options), expected_share()
    fitted = ReadableImages(inputs.images, inputs.model.graph, share=share, batch=options.batch)
    network = load_network(inputs.model)
    if share.first:
        _say_valid_start(inputs, options)

    from darknet_py.distributed.process_group import on_own_gpu, sharing
    from darknet_py.evaluate.valid import write_results

    images = len(inputs.images)
    counter = image_counter(images, "{}\n") if options.as_darknet else counted(images, "valid")
    with counter as passed, sharing() as context:
        here = on_own_gpu(options)
        written = write_results(
            network,
            inputs.images,
            inputs.names,
            results_folder(inputs.data),
            form=inputs.data.options.get("eval", "voc"),
            out=options.out,
            mirrored=options.mirrored,
            class_map=inputs.class_map,
            config=here.engine_config(),
            batch=options.batch,
            progress=passed,
            fitted=fitted,
            context=context,
        )
    if not share.first:
        return
    click.echo(f"Total Detection Time: {written.seconds:f} Seconds", err=True)
    click.echo(f"{written.folder}: {written.entries} boxes in {written.images} images", err=True)
    _report_left_out(fitted)


def _say_valid_start(inputs: EvalInputs, options: ValidOptions) -> None:
    if options.as_darknet:
        say(_valid_start(inputs, options.chosen_device))
    for line in head_lines(inputs.model.graph):
        click.echo(line)
    if options.as_darknet:
        say(told_keys(inputs.data, {"eval": "voc"}))


def _valid_start(inputs: EvalInputs, device: str) -> Iterator[Said]:
    keys = {"valid": "data/train.list", "names": "data/names.list", "results": "results"}
    graph = inputs.model.graph
    yield from inference_lines(graph, inputs.model.plan, device, told_keys(inputs.data, keys))
    yield Said(f"{learning_line(graph.net)}\n", True)


def recall(options: RecallOptions) -> None:
    """Print Darknet's line after each image, to stderr as it does; the last one to stdout as well
    where not every line is to be Darknet's."""
    inputs, share = read_inputs(options), expected_share()
    fitted = ReadableImages(inputs.images, inputs.model.graph, share=share, batch=options.batch)
    network = load_network(inputs.model)
    if options.as_darknet and share.first:
        say(inference_lines(inputs.model.graph, inputs.model.plan, options.chosen_device))
        say(told_keys(inputs.data, {"valid": "data/train.txt"}))

    from darknet_py.distributed.process_group import on_own_gpu, sharing
    from darknet_py.evaluate.recall import measure_recall

    last: Recall | None = None
    with sharing() as context:
        here = on_own_gpu(options)
        for last in measure_recall(
            network,
            inputs.images,
            config=here.engine_config(),
            batch=options.batch,
            nms=options.nms,
            fitted=fitted,
            context=context,
        ):
            click.echo(last.line(), err=True)
    if last and not options.as_darknet:
        click.echo(last.line())
    if share.first:
        _report_left_out(fitted)


def _report_left_out(fitted: ReadableImages) -> None:
    """How many images could not be read, each of which has been named."""
    if count := len(fitted.unreadable):
        listed = len(fitted.images)
        click.echo(
            f"warning: {count} of {listed} images could not be read and do not count", err=True
        )
