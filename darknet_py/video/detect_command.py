"""What `detect` and `detector test` do with a video, a camera, a stream or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.detect.class_numbers import class_numbers, without
from darknet_py.detect.command_start import (
    darknet_start,
    load_detection,
    settings_lines,
    usual_batch,
)
from darknet_py.images.moving_names import is_video_file, source_name
from darknet_py.lazy import import_at_once
from darknet_py.network.darknet_lines import say
from darknet_py.network.load import LoadedModel
from darknet_py.options.inference import DetectOptions
from darknet_py.signals import SIGNALLED

if TYPE_CHECKING:
    pass

WRITTEN_AS = ".mp4"
"""Suffix of what is written of videos whose own kind cannot be written."""


def run(options: DetectOptions, sources: Sequence[str]) -> int:
    """Detect on the frames of each source; returns the exit code: 1 if an output failed on the way,
    that of a signal, which ends all.

    What can be refused is refused before torch is imported and before anything is written.
    """
    model = load_detection(options)
    if options.as_darknet:
        say(darknet_start(model, options, options.chosen_device))
    import_at_once("torch")
    many = len(sources) > 1
    codes = [0]
    for source in sources:
        codes.append(_run_one(options, model, source, many))
        if codes[-1] > SIGNALLED:
            break
    return max(codes)


def _run_one(options: DetectOptions, model: LoadedModel, name: str, many: bool) -> int:
    from darknet_py.detect.detector import from_loaded
    from darknet_py.detect.pipeline import PipelineOptions
    from darknet_py.images.fitted_images import InputSpec
    from darknet_py.images.sources import open_source
    from darknet_py.video.followed import Following
    from darknet_py.video.opened_source import capture_options
    from darknet_py.video.output import plotted, plotted_by_track
    from darknet_py.video.outputs import open_outputs, run_outputs
    from darknet_py.video.printing import LinePrinter, box_lines

    source = open_source(name, capture_options(options))
    following = Following.of(options, source)
    options = _with_files(options, name, many)
    shown = source_name(name)
    outputs = open_outputs(options, source, shown)
    detector = from_loaded(model, options.engine_config())
    for line in settings_lines(detector, options, following.tiling):
        print(line, file=sys.stderr)
    pipeline = PipelineOptions(
        thresh=options.least_score,
        nms=options.nms,
        hier=options.hier,
        # Of what may be long in coming one frame does not wait for others.
        batch=options.batch or usual_batch(detector.graph, source.length or 1),
    )
    spec = InputSpec.of(detector.graph, True if options.letter_box else None)
    results = following.results(detector, source, pipeline, spec)
    if options.skipclasses is not None:
        results = without(results, class_numbers(options.skipclasses))
    wanted = options.ext_output or not sys.stdout.isatty()
    lines = box_lines(shown, detector.fork, options.ext_output) if wanted else None
    printer = LinePrinter(source, shown, lines)
    paint = plotted_by_track if options.track else plotted
    code = run_outputs(results, source, outputs, printer, options.time_limit_sec, paint)
    if options.out_filename and Path(options.out_filename).exists():
        print(f"{options.out_filename}: boxes of {shown}", file=sys.stderr)
    return code


def _with_files(options: DetectOptions, name: str, many: bool) -> DetectOptions:
    """With the files that are written unless something else is asked for."""
    made = options.out_filename
    if made is None and not options.no_pictures and is_video_file(name):
        made = _predictions(options.prefix or "predictions", name, many)
    json_file = options.json_file_output or options.out
    return replace(options, out_filename=made, json_file_output=json_file)


def _predictions(base: str, name: str, many: bool) -> str:
    """The written video, of the source's kind if such can be written."""
    from darknet_py.video.video_writer import FORMATS

    stem, suffix = os.path.splitext(Path(name).name)
    suffix = suffix if suffix.lower() in FORMATS else WRITTEN_AS
    return f"{base}_{stem}{suffix}" if many else f"{base}{suffix}"
