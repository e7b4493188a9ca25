"""What `classifier demo` does: what each frame of a video or a camera shows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from darknet_py.cfg.names import class_names
from darknet_py.classify.load_classifier import LoadedClassifier, load_classifier
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.images.fitted_images import InputSpec, fitted_images
from darknet_py.images.frames import FrameSource
from darknet_py.images.io import with_channels
from darknet_py.images.moving_names import source_name
from darknet_py.network.darknet_lines import Said, inference_lines, say, told_keys
from darknet_py.options.demo import ClassifierDemoOptions
from darknet_py.video.class_result import ClassResult, with_classes
from darknet_py.video.opened_source import opened
from darknet_py.video.output import bare
from darknet_py.video.outputs import open_outputs, run_outputs
from darknet_py.video.printing import ClassPrinter, LinePrinter, Printer, class_lines

if TYPE_CHECKING:
    from darknet_py.classify.classifier import Classifier

AHEAD = 4


def run(options: ClassifierDemoOptions) -> int:
    """The exit code: 1 if an output failed on the way."""
    loaded = load_classifier(options)
    names = class_names(options.names, options.cfg, loaded.classes, loaded.data)
    if options.as_darknet:
        say(_darknet_start(loaded))
    source = opened(options)
    outputs = open_outputs(options, source, source_name(options.asked_name))
    results = _results(loaded, loaded.classifier(), source, names)
    printer, paint = _printer(options, source), bare if options.benchmark else with_classes
    return run_outputs(results, source, outputs, printer, options.time_limit_sec, paint)


def _printer(options: ClassifierDemoOptions, source: FrameSource) -> Printer:
    if options.as_darknet:
        return ClassPrinter(options.fork_in_force, options.benchmark)
    lines = None if sys.stdout.isatty() else class_lines(source_name(options.asked_name))
    return LinePrinter(source, source_name(options.asked_name), lines, counts=False)


def _darknet_start(loaded: LoadedClassifier) -> Iterator[Said]:
    told = [Said("Classifier Demo\n")]
    options, keys = loaded.options, {"classes": "2", "top": "1"}
    yield from inference_lines(loaded.graph, loaded.plan, options.chosen_device, told)
    yield from told_keys(loaded.data, keys)


def _results(
    loaded: LoadedClassifier, classifier: Classifier, source: FrameSource, names: Sequence[str]
) -> Iterator[Result]:
    import torch

    from darknet_py.classify.classifier import top

    graph = loaded.graph
    spec = InputSpec.of(graph, graph.fork.classify.demo_letterbox)
    with closing(fitted_images(source, spec, AHEAD, keep_pixels=True)) as images:
        for image in images:
            start = time.perf_counter()
            scores = classifier.scores([[torch.from_numpy(image.chw)]])[0]
            milliseconds = 1000 * (time.perf_counter() - start)
            frame = image.frame
            assert frame.pixels is not None
            yield ClassResult(
                frame.path,
                with_channels(frame.pixels, 3, "bgr"),
                Boxes.none(*frame.size),
                names,
                milliseconds,
                frame.number,
                frame.time,
                scores=scores,
                likeliest=top(scores, loaded.topk),
            )
