"""What `detect` and `detector test` do: images in, lines on stdout, files written."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.data.label_paths import label_path
from darknet_py.detect.class_numbers import class_numbers, without
from darknet_py.detect.command_start import (
    SMALL,
    darknet_start,
    load_detection,
    operations,
    settings_lines,
    usual_batch,
)
from darknet_py.detect.pipeline_options import PipelineOptions
from darknet_py.detect.predictions import Predictions
from darknet_py.detect.prompt import PipedPaths, typed_paths
from darknet_py.detect.stored_detector import (
    StoredDetector,
    keep_program,
    stored_detector,
    stored_key,
)
from darknet_py.detect.tiles import Tiling
from darknet_py.distributed.context import ALONE, DistributedContext
from darknet_py.distributed.list_share import expected_share
from darknet_py.errors import DarknetError, ImageError
from darknet_py.files import require_writable
from darknet_py.images.image_paths import expand
from darknet_py.images.io import read_image
from darknet_py.images.moving_names import is_address
from darknet_py.images.web_addresses import is_image_address
from darknet_py.lazy import import_at_once
from darknet_py.network.darknet_lines import say
from darknet_py.network.load import LoadedModel
from darknet_py.options.inference import DetectOptions

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.result import Result
    from darknet_py.network.load import LoadedModel


@dataclass
class _Session:
    """A detector at work, and what has been collected and written so far.

    context: the processes that share the images.
    """

    options: DetectOptions
    detector: Detector | StoredDetector
    predictions: Predictions
    context: DistributedContext
    skipped: frozenset[int] = frozenset()
    tiling: Tiling | None = None
    entries: list[str] = field(default_factory=list)
    piped: PipedPaths | None = None
    failures: int = 0

    @property
    def typed(self) -> bool:
        """Whether somebody types paths and waits for each answer."""
        return not self.options.images and self.piped is None


def run(options: DetectOptions) -> int:
    """Detect on every image; returns how many could not be read (each named on stderr).

    Whatever can be refused is refused before torch is imported and before anything is written.
    A single image goes without torch from the second run on, see stored_detector.py.
    """
    _refuse_shared_input(options)
    model = load_detection(options)
    _refuse_unwritable(options)
    skipped = class_numbers(options.skipclasses or "")
    tiling = Tiling.parse(options.tile, options.overlap)
    try:
        images = _only_argument(options, model.graph.net.channels)
    except DarknetError:
        if options.as_darknet:
            say(darknet_start(model, options, options.chosen_device))
        raise

    key = stored_key(model, options, images)
    stored = stored_detector(model, options.exact, key) if key else None
    with nullcontext(ALONE) if stored else _sharing() as context:
        detector = stored or _torch_detector(model, options)
        many = len(options.images) > 1 or len(images) > 1
        predictions = Predictions(_base(options), many)
        session = _Session(options, detector, predictions, context, skipped, tiling)
        if not options.images and not sys.stdin.isatty():
            session.piped = PipedPaths()
        if options.as_darknet and context.first:
            say(darknet_start(model, options, str(detector.device)))
        _detect(session, model, len(images))
    if key and not isinstance(detector, StoredDetector) and not session.failures:
        keep_program(detector, key)
    return session.failures


def _sharing() -> AbstractContextManager[DistributedContext]:
    import_at_once("torch")

    from darknet_py.distributed.process_group import sharing

    return sharing()


def _torch_detector(model: LoadedModel, options: DetectOptions) -> Detector:
    from darknet_py.detect.load_detector import from_loaded
    from darknet_py.distributed.process_group import on_own_gpu

    return from_loaded(model, on_own_gpu(options).engine_config())


def _detect(session: _Session, model: LoadedModel, images: int) -> None:
    """All of it, on so many images of the only argument."""
    context, by_torch = session.context, not isinstance(session.detector, StoredDetector)
    single = images == 1 and session.tiling is None and operations(model.graph) < SMALL
    with _one_thread() if single and by_torch else nullcontext():
        for number, result in enumerate(_results(session)):
            if not number:
                _report_settings(session)
            _print(session, result)
            _write(session, result)
    # Those of all: the exit code is the first process's.
    session.failures = sum(context.at_first(session.failures))
    if context.first:
        _finish(session)


def _one_thread() -> AbstractContextManager[None]:
    """The first pass over a small network is over before a second thread is in step with the first,
    and on a machine with other work the two wait for each other a hundred times as long."""
    from darknet_py.engines.devices import using_threads

    return using_threads(1)


def _only_argument(options: DetectOptions, channels: int) -> list[str]:
    """The images of the only argument, if there is just one; a single image must be readable."""
    images = _images_of(options.images[0]) if len(options.images) == 1 else []
    if len(images) == 1 and not is_address(images[0]):  # those of the web are fetched once
        read_image(images[0], channels)
    return images


def _images_of(argument: str) -> list[str]:
    """Paths of image files, or the address of an image as it is written. Raises DataError."""
    return [argument] if is_image_address(argument) else expand(argument)


def _listed(image: str, session: _Session) -> list[str]:
    """The images an argument names; one that names none is reported and counted."""
    try:
        return _images_of(image)
    except DarknetError as error:
        if session.context.first:
            _report_failure(error, session)
        return []


def _report_failure(error: DarknetError, session: _Session) -> None:
    session.failures += 1
    if session.piped:
        session.piped.answered()
        sys.stdout.flush()
    print(f"darknet-py: error: {error}", file=sys.stderr)


def _results(session: _Session) -> Iterator[Result]:
    images = session.options.images
    if images:
        yield from _stream(session, images)
    elif sys.stdin.isatty():
        for line in typed_paths():
            yield from _stream(session, [line])
    else:
        assert session.piped is not None
        for lines in session.piped:
            yield from _stream(session, lines)


def _stream(session: _Session, images: Iterable[str]) -> Iterator[Result]:
    from darknet_py.images.fitted_images import InputSpec
    from darknet_py.images.sources import open_source

    def on_error(path: str, error: ImageError) -> None:
        _report_failure(error, session)

    options, graph = session.options, session.detector.graph
    paths = [path for image in images for path in _listed(image, session)]
    tiles = session.tiling.most if session.tiling else 1
    batch = options.batch or usual_batch(graph, len(paths) * tiles)
    # Not through `stream`: Darknet takes any number for a threshold.
    pipeline = PipelineOptions(
        thresh=options.least_score,
        nms=options.nms,
        hier=options.hier,
        batch=batch,
    )
    spec = InputSpec.of(graph, True if options.letter_box else None)
    numbers = session.context.numbers(len(paths), batch)
    source = open_source([paths[number] for number in numbers])
    results: Iterator[Result]
    results = session.detector.results(source, pipeline, spec, on_error, session.tiling)
    if options.skipclasses is not None:
        results = without(results, session.skipped)
    return results if session.context.world == 1 else _shared(session, results, paths, numbers)


def _shared(
    session: _Session, results: Iterator[Result], paths: list[str], numbers: list[int]
) -> Iterator[Result]:
    """What all processes find, of which each writes its own files."""
    from darknet_py.detect.shared_images import told_in_order

    # Of the whole list, so that no two processes give one name.
    images = [session.predictions.path_of(path) for path in paths]

    def write(number: int, result: Result) -> None:
        _write_files(session, result, images[number])

    return told_in_order(results, numbers, write, session.detector.names, session.context)


def _print(session: _Session, result: Result) -> None:
    from darknet_py.detect import format

    options, detector = session.options, session.detector
    if session.piped:
        session.piped.answered()
    heads = format.head_lines(detector.graph)
    print("\n".join([*heads, *format.lines(result, detector.fork, options.ext_output)]), flush=True)


def _write(session: _Session, result: Result) -> None:
    if _json_file(session.options):
        session.entries.append(result.to_json(len(session.entries) + 1))
    if session.context.world == 1:
        _write_files(session, result, session.predictions.path_of(result.path))
    if not session.options.no_pictures:
        session.predictions.note(result)
        if session.typed:
            _say_where(session)


def _write_files(session: _Session, result: Result, image: Path) -> None:
    from darknet_py.detect import format

    if session.options.save_labels:
        format.write_labels(label_path(result.path), result)
    if not session.options.no_pictures:
        result.save(image)


def _say_where(session: _Session) -> None:
    for line in session.predictions.lines():
        print(line, file=sys.stderr)


def _finish(session: _Session) -> None:
    from darknet_py.detect import format

    if session.piped:
        print(end="" if session.options.as_darknet else "\n", flush=True)
    if not session.typed:
        _say_where(session)
    if _json_file(session.options) and (session.entries or not session.failures):
        format.write_json(Path(str(session.options.out)), session.entries)


def _json_file(options: DetectOptions) -> bool:
    """pjreddie's -out names the image, AlexeyAB's the JSON file."""
    return options.out is not None and not _out_is_image(options)


def _out_is_image(options: DetectOptions) -> bool:
    if options.out is None or not options.fork_in_force.detect.out_names_image:
        return False
    return not options.out.endswith(".json")


def _base(options: DetectOptions) -> str:
    """Of the names of images."""
    return options.prefix or (options.out if _out_is_image(options) else None) or "predictions"


def _refuse_unwritable(options: DetectOptions) -> None:
    """Say so before the network runs when the results could not be written."""
    for name in (options.out, None if options.no_pictures else _base(options)):
        if name:
            require_writable(Path(name))


def _refuse_shared_input(options: DetectOptions) -> None:
    if not options.images and expected_share().world > 1:
        message = "several processes cannot share the paths on standard input"
        raise DarknetError(f"{message}; name images, a folder or a .txt list")


def _report_settings(session: _Session) -> None:
    for line in settings_lines(session.detector, session.options, session.tiling):
        print(line, file=sys.stderr)
