"""What `map` does on the command line: files in, Darknet's table on stdout, files out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from darknet_py.distributed.list_share import expected_share
from darknet_py.evaluate.eval_inputs import EvalInputs, load_network, read_inputs
from darknet_py.evaluate.image_counter import image_counter
from darknet_py.evaluate.map_outputs import refuse_unwritable, remarks, written
from darknet_py.evaluate.readable_images import ReadableImages
from darknet_py.network.darknet_lines import inference_lines, say, told_keys
from darknet_py.options.evaluation import MapOptions
from darknet_py.progress import counted

if TYPE_CHECKING:
    from darknet_py.evaluate.eval_config import EvalConfig
    from darknet_py.evaluate.map_result import MapResult


TOLD = {"valid": "data/train.txt", "names": "data/names.list"}
"""Keys of the .data file that Darknet has defaults of."""


def run(options: MapOptions) -> None:
    """Evaluate, print, write; what can be refused is refused before torch is imported."""
    refuse_unwritable(options)
    inputs = read_inputs(options)
    result = _evaluated(options, inputs)
    if not expected_share().first:
        return
    click.echo(result.table(counter=options.as_darknet), nl=False)
    if options.coco:
        result = _with_coco(result)
    for line in (*_speed(result), *remarks(result)):
        click.echo(line, err=True)
    for line in written(options, result):
        click.echo(line, err=True)


def _evaluated(options: MapOptions, inputs: EvalInputs) -> MapResult:
    share = expected_share()
    fitted = ReadableImages(inputs.images, inputs.model.graph, share=share, batch=options.batch)
    network = load_network(inputs.model)
    if options.as_darknet and share.first:
        model, told = inputs.model, told_keys(inputs.data, TOLD)
        say(inference_lines(model.graph, model.plan, options.chosen_device, told))

    from darknet_py.distributed.process_group import on_own_gpu, sharing
    from darknet_py.evaluate.measured import measured

    with ExitStack() as stack, sharing() as context:
        passed: Callable[[int], object]

        def begin(eval_config: EvalConfig) -> None:
            """Say what decides the metrics, then show how many images are done."""
            nonlocal passed
            if not share.first:
                return
            weights = options.weights or "random weights"
            click.echo(f"{weights} on {inputs.image_set}: {eval_config.line()}", err=True)
            images = len(inputs.images)
            counter = (
                image_counter(images, "\r{}") if options.as_darknet else counted(images, "map")
            )
            passed = stack.enter_context(counter)

        here = on_own_gpu(options)
        return measured(network, inputs, here, lambda count: passed(count), begin, fitted, context)


def _with_coco(result: MapResult) -> MapResult:
    from darknet_py.evaluate.measured import with_coco

    result = with_coco(result)
    text = result.coco.text if result.coco else ""
    click.echo(f"\nCOCO's metrics of the same boxes, areas by boxes:\n{text}", nl=False)
    return result


def _speed(result: MapResult) -> Iterator[str]:
    yield f"Total Detection Time: {int(result.seconds)} Seconds"
    images, steps = result.eval_config.images, asdict(result.timing).items()
    each = ", ".join(f"{name} {1000 * seconds / images:.1f}" for name, seconds in steps)
    rate = f"{images / result.seconds:.1f} images a second"
    yield f"{rate}; milliseconds of a thread for each: {each}"
