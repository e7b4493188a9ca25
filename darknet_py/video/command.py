"""What `detector demo` does: a video, a camera or a stream in; lines, pictures and files out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from darknet_py.detect.command_start import darknet_start, load_detection, settings_lines
from darknet_py.images.moving_names import source_name
from darknet_py.lazy import import_at_once
from darknet_py.network.darknet_lines import Said, say
from darknet_py.network.load import LoadedModel
from darknet_py.options.demo import DemoOptions
from darknet_py.video.demo_lines import Sent, source_line
from darknet_py.video.opened_source import opened

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.pipeline import PipelineOptions
    from darknet_py.images.frames import FrameSource
    from darknet_py.video.outputs import Outputs
    from darknet_py.video.printing import Printer


def run(options: DemoOptions) -> int:
    """The exit code: 1 if an output failed on the way.

    What can be refused is refused before torch is imported and before anything is written.
    """
    model = load_detection(options)
    if _as_darknet(options):
        say(_darknet_start(model, options))
    source = opened(options)

    from darknet_py.video.outputs import open_outputs

    outputs = open_outputs(options, source, source_name(options.asked_name))
    import_at_once("torch")

    from darknet_py.detect.load_detector import from_loaded

    detector = from_loaded(model, options.engine_config())
    return _play(options, detector, source, outputs)


def _as_darknet(options: DemoOptions) -> bool:
    return options.as_darknet and not options.stdout_is_json


def _darknet_start(model: LoadedModel, options: DemoOptions) -> Iterator[Said]:
    title = Said("Demo\n")
    yield from darknet_start(model, options, options.chosen_device, title)
    yield Said(source_line(options.source and source_name(options.source), options.c))


def _play(options: DemoOptions, detector: Detector, source: FrameSource, outputs: Outputs) -> int:
    from darknet_py.detect.mean_engine import MeanEngine
    from darknet_py.images.fitted_images import InputSpec
    from darknet_py.video.followed import Following
    from darknet_py.video.output import bare
    from darknet_py.video.outputs import run_outputs

    rules = detector.fork.detect
    spec = InputSpec.of(
        detector.graph, True if options.letter_box else None, bytewise=rules.demo_bytewise
    )
    following = Following.of(options, source, detector, as_demo=True)
    if not _as_darknet(options):
        for line in settings_lines(detector, options, following.tiling):
            click.echo(line, err=True)
    if rules.demo_mean > 1 and following.tiling is None:
        detector = detector.on(MeanEngine(detector.engine, rules.demo_mean))
    results = following.results(detector, source, _pipeline_options(options), spec)
    paint = bare if options.benchmark or options.dontdraw_bbox else following.paint
    printer = _printer(options, source)
    return run_outputs(results, source, outputs, printer, options.time_limit_sec, paint)


def _pipeline_options(options: DemoOptions) -> PipelineOptions:
    from darknet_py.detect.pipeline import PipelineOptions
    from darknet_py.layers.head import Suppression

    rules = options.fork_in_force.detect
    return PipelineOptions(
        thresh=options.least_score,
        hier=options.hier if rules.demo_hier else options.least_score,
        nms=options.nms,
        suppression=Suppression("objectness") if rules.demo_objectness else None,
    )


def _printer(options: DemoOptions, source: FrameSource) -> Printer:
    from darknet_py.video.printing import DemoPrinter, box_printer

    fork = options.fork_in_force
    quiet = options.benchmark or options.dontdraw_bbox
    if _as_darknet(options):
        sent = Sent(
            json_port=options.json_port is not None,
            mjpeg_port=options.mjpeg_port is not None,
            post=options.http_post_host is not None,
            video=options.out_filename is not None,
        )
        return DemoPrinter(fork, options.ext_output, quiet, sent)
    name, hidden = source_name(options.asked_name), quiet or options.stdout_is_json
    return box_printer(source, name, fork, extended=options.ext_output, hidden=hidden)
