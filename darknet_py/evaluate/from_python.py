"""`darknet_py.evaluate`: what `detector map` measures, for programs and notebooks."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from darknet_py.distributed.list_share import expected_share
from darknet_py.errors import DarknetError
from darknet_py.evaluate.map_outputs import refuse_unwritable, remarks, written
from darknet_py.options.evaluation import MapOptions
from darknet_py.options.from_python import GivenMapOptions, checked_words, with_keywords
from darknet_py.options.python_words import MeasureWords, StrPath

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from darknet_py.detect.detector import Detector
    from darknet_py.evaluate.map_result import MapResult
    from darknet_py.interchange.given_data import DataSource
    from darknet_py.options.python_words import MapWords

logger = logging.getLogger(__name__)
EvaluateCallback = Callable[[int, int], object]
OF_A_DETECTOR = tuple(MeasureWords.__annotations__)
"""What can be said of a network that is loaded already."""
ACCEPTED = "a Detector, the name of a published network, or a pair of cfg and weights"
WARNING = "warning: "


@with_keywords(MapOptions)
def evaluate(
    detector: Detector | StrPath | tuple[StrPath, StrPath | None],
    data: DataSource,
    *,
    callback: EvaluateCallback | None = None,
    **words: Unpack[MapWords],
) -> MapResult:
    """Measure a detector on the images of valid=, as `darknet-py detector map` does.

    detector: a Detector, which runs as it is, on its engine and in its precision; or cfg and
    weights, files or names, which run as the options say. A Detector was loaded with fork, exif,
    width, height, device, gpu, nogpu, precision, engine and compiled, which are refused beside it.
    data: a .data file, a folder, zip or data.yaml of another program, or a dict of the keys valid,
    names (a file or a list), difficult, map. callback: called with how many images are done and
    how many there are; what it raises ends the evaluation. In a group of processes (torchrun) all
    of them call this function; each measures its share of the images, only the first calls
    `callback` and writes files, and the result is the same in all.

    The numbers are those of the command, and `to_dict()` is the JSON of its -out. Nothing is
    printed: what there is to say goes to the logger `darknet_py`.
    Raises DarknetError: CfgError, WeightsError, DataError, OutputError, DownloadError, and for
    options that cannot be.
    """
    from darknet_py.interchange.given_data import read_given_data

    choices = checked_words("evaluate", MapOptions, words)
    run: Callable[[Any, GivenMapOptions, EvaluateCallback | None], MapResult]
    files = _pair(detector)
    if files is None:
        options = _loaded_options(detector, choices)
        run = _measured_detector
    else:
        options = choices | dict(zip(("cfg", "weights"), _named(*files), strict=True))
        run = _measured_files
    given = read_given_data(data)
    made = GivenMapOptions(data=given.path, given=given, **options)
    refuse_unwritable(made)
    return _reported(made, run(detector, made, callback))


def _pair(detector: Any) -> tuple[Any, Any] | None:
    """Cfg and weights, where these were given."""
    if isinstance(detector, (str, os.PathLike)):
        return detector, None
    if isinstance(detector, (tuple, list)) and len(detector) == 2:
        return detector[0], detector[1]
    return None


def _named(cfg: StrPath, weights: StrPath | None) -> tuple[str, str]:
    from darknet_py.weights_registry.named_network import named_files

    for path in (cfg, weights):
        if path is not None and not isinstance(path, (str, os.PathLike)):
            raise DarknetError(f"detector is {path!r} in part, expected {ACCEPTED}")
    network, known, _ = named_files(cfg, weights, None, None)
    return os.fspath(network), os.fspath(known)


def _loaded_options(detector: Any, choices: dict[str, Any]) -> dict[str, Any]:
    """The options for a Detector; raises DarknetError for another type, and for those it has."""
    from darknet_py.detect.detector import Detector

    if not isinstance(detector, Detector):
        kind = type(detector).__name__
        raise DarknetError(f"detector is of type {kind}, expected {ACCEPTED}")
    if own := [name for name in choices if name not in OF_A_DETECTOR]:
        cure = "give it to darknet_py.load, or evaluate (cfg, weights)"
        raise DarknetError(f"{own[0]}: a Detector has its own since it was loaded; {cure}")
    fork = detector.fork
    known = {"cfg": detector.graph.path, "weights": detector.weights or None}
    return choices | known | {"fork": fork.name, "exif": fork.images.upright}


def _measured_detector(
    detector: Any, options: GivenMapOptions, callback: EvaluateCallback | None
) -> MapResult:
    from darknet_py.distributed.process_group import sharing
    from darknet_py.evaluate.eval_inputs import read_set
    from darknet_py.evaluate.measured import measured

    what = read_set(options.given, detector.graph)
    progress = _counting(callback, len(what.images))
    with sharing() as context:
        return measured(detector, what, options, progress, context=context)


def _measured_files(
    _: Any, options: GivenMapOptions, callback: EvaluateCallback | None
) -> MapResult:
    from darknet_py.distributed.process_group import on_own_gpu, sharing
    from darknet_py.evaluate.eval_inputs import load_network, read_inputs
    from darknet_py.evaluate.measured import measured
    from darknet_py.evaluate.readable_images import ReadableImages

    inputs = read_inputs(options)
    share, batch = expected_share(), options.batch
    fitted = ReadableImages(inputs.images, inputs.model.graph, share=share, batch=batch)
    progress, network = _counting(callback, len(inputs.images)), load_network(inputs.model)
    with sharing() as context:
        here = on_own_gpu(options)
        return measured(network, inputs, here, progress, fitted=fitted, context=context)


def _counting(callback: EvaluateCallback | None, total: int) -> Callable[[int], object] | None:
    """What is told how many more images are done, and tells `callback` how many in all."""
    if callback is None:
        return None
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        callback(done, total)

    return count


def _reported(options: GivenMapOptions, result: MapResult) -> MapResult:
    """The result with all that was asked for beside it; the files are written."""
    from darknet_py.evaluate.measured import with_coco

    if options.coco:
        result = with_coco(result)
    if not expected_share().first:
        return result
    for line in (*remarks(result), *written(options, result)):
        level = logging.WARNING if line.startswith(WARNING) else logging.INFO
        logger.log(level, "%s", line.removeprefix(WARNING))
    return result
