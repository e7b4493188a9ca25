"""What `detect` and `detector test` do with a video, a camera, a stream or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.result import Result
    from darknet_py.images.frames import FrameSource
    from darknet_py.video.followed import Following

WRITTEN_AS = ".mp4"
"""Suffix of what is written of videos whose own kind cannot be written."""


def run(options: DetectOptions, sources: Sequence[str]) -> int:
    """Detect on the frames of each source; returns the exit code: 1 if an output failed on the way,
    that of a signal, which ends all.

    What can be refused is refused before torch is imported and before anything is written.
    """
    model = load_detection(options)
    if options.as_darknet and not options.stdout_is_json:
        say(darknet_start(model, options, options.chosen_device))
    work, codes = _Work(options, model, many=len(sources) > 1), [0]
    for source in sources:
        codes.append(work.run(source))
        if codes[-1] > SIGNALLED:
            break
    return max(codes)


@dataclass
class _Work:
    """What all sources have in common."""

    options: DetectOptions
    model: LoadedModel
    many: bool

    @cached_property
    def detector(self) -> Detector:
        from darknet_py.detect.load_detector import from_loaded

        return from_loaded(self.model, self.options.engine_config())

    def run(self, name: str) -> int:
        """The exit code of one source."""
        from darknet_py.images.sources import open_source
        from darknet_py.video.opened_source import capture_options
        from darknet_py.video.outputs import open_outputs, run_outputs
        from darknet_py.video.printing import box_printer

        options, shown = _with_files(self.options, name, self.many), source_name(name)
        source = open_source(name, capture_options(options))
        outputs = open_outputs(options, source, shown)
        import_at_once("torch")

        from darknet_py.video.followed import Following

        following = Following.of(options, source, self.detector)
        for line in settings_lines(self.detector, options, following.tiling):
            print(line, file=sys.stderr)
        results = self._results(source, following)
        printer = box_printer(
            source,
            shown,
            self.detector.fork,
            extended=options.ext_output,
            hidden=options.stdout_is_json,
        )
        seconds, paint = options.time_limit_sec, following.paint
        code = run_outputs(results, source, outputs, printer, seconds, paint)
        if options.out_filename and Path(options.out_filename).exists():
            print(f"{options.out_filename}: boxes of {shown}", file=sys.stderr)
        return code

    def _results(self, source: FrameSource, following: Following) -> Iterator[Result]:
        from darknet_py.detect.pipeline import PipelineOptions
        from darknet_py.images.fitted_images import InputSpec

        options, graph = self.options, self.detector.graph
        pipeline = PipelineOptions(
            thresh=options.least_score,
            nms=options.nms,
            hier=options.hier,
            # Of what may be long in coming one frame does not wait for others.
            batch=options.batch or usual_batch(graph, source.length or 1),
        )
        spec = InputSpec.of(graph, True if options.letter_box else None)
        results = following.results(self.detector, source, pipeline, spec)
        if options.skipclasses is None:
            return results
        return without(results, class_numbers(options.skipclasses))


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
