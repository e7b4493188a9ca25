"""`detect` of one image without torch, whose import takes longer than all the rest.

The first run of a network on a machine leaves its program in the cache: what engines/native made of
the cfg and the weights. A later run of the same files finds it, and gives the same boxes. Whatever
is not the usual case (a GPU, another engine or precision, several images, a layer that torch
computes, anything odd in the files) goes by torch as ever.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.detect.array_boxes import boxes_of, decodable
from darknet_py.detect.frame_result import frame_result
from darknet_py.detect.pipeline_options import NOT_FINITE, PipelineOptions, suppression_of
from darknet_py.detect.result import Result
from darknet_py.detect.tiles import Tiling
from darknet_py.distributed.list_share import expected_share
from darknet_py.engines.cache import code_digest, found, kept, key_of
from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.devices import maybe_gpu
from darknet_py.engines.native.stored_program import StoredProgram
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import OutputError
from darknet_py.files import file_digest
from darknet_py.forks import Fork
from darknet_py.images.fitted_images import FittedImage, InputSpec, OnError, fitted_images
from darknet_py.images.frames import FrameSource
from darknet_py.network.graph import Graph
from darknet_py.network.load import LoadedModel
from darknet_py.network.weights_layout import notes_on, uninitialized
from darknet_py.options.inference import DetectOptions
from darknet_py.system import instruction_set, processors

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector

logger = logging.getLogger(__name__)
SUFFIX = ".program"
MOST_WEIGHTS, MOST_BYTES = 64 << 20, 256 << 20
"""Of a file of weights, and of a program, in which Winograd's are four times as large: a larger
network takes about as long as the import of torch, and much room."""
THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class StoredEngine:
    """What an engine says of itself."""

    config: EngineConfig
    device: str = "cpu"
    compiled: bool = True


class StoredDetector:
    """As Detector for what `detect` does with one image."""

    def __init__(
        self, graph: Graph, names: Sequence[str], program: StoredProgram, exact: bool
    ) -> None:
        self.graph = graph
        self.names = names
        self.engine = StoredEngine(EngineConfig(exact=exact))
        self.device = self.engine.device
        self.suppression = suppression_of(graph)
        self._program = program

    @property
    def fork(self) -> Fork:
        return self.graph.fork

    def results(
        self,
        source: FrameSource,
        options: PipelineOptions,
        spec: InputSpec,
        on_error: OnError | None = None,
        tiling: Tiling | None = None,
    ) -> Generator[Result, None, None]:
        """The result of each frame of an open source, in order. tiling: none has a stored key."""
        assert tiling is None
        images = fitted_images(source, spec, 1, keep_pixels=True, on_error=on_error)
        with closing(images):
            for image in images:
                yield self._result(image, options)

    def _result(self, image: FittedImage, options: PipelineOptions) -> Result:
        start = time.perf_counter()
        heads = self._program(image.chw.transpose(1, 2, 0)[None])
        milliseconds = 1000 * (time.perf_counter() - start)
        table, left_out = boxes_of(self.graph, heads, image.placement, options)
        if left_out:
            logger.warning(NOT_FINITE, left_out, image.frame.path)
        return frame_result(image.frame, table.boxes, table.scores, self.names, milliseconds)


def stored_key(model: LoadedModel, options: DetectOptions, images: Sequence[str]) -> str | None:
    """Of the program for one image; None where that is not the usual case."""
    usual = EngineConfig(exact=options.exact)
    asked = EngineConfig(options.engine, options.precision, options.compiled, exact=options.exact)
    if asked != usual or len(images) != 1 or options.tile or not _on_processor(options):
        return None
    graph, plan = model.graph, model.plan
    if expected_share().world > 1:
        return None
    odd = not plan.is_file or uninitialized(graph, plan) or notes_on(graph, plan)
    if odd or plan.bytes > MOST_WEIGHTS or not decodable(graph):
        return None
    machine = instruction_set(), processors(), os.environ.get(THREADS)
    digest = hashlib.sha256(code_digest() + _text(graph) + file_digest(Path(plan.path))).digest()
    return key_of(digest, (*machine, options.exact))


def stored_detector(model: LoadedModel, exact: bool, key: str) -> StoredDetector | None:
    """None until the network has been run here by torch."""
    try:
        path = found(key, SUFFIX)
        program = StoredProgram(path) if path else None
    except (OutputError, CannotBuild, OSError) as failure:
        logger.debug("without a stored program: %s", failure)
        return None
    return StoredDetector(model.graph, model.names, program, exact) if program else None


def keep_program(detector: Detector, key: str) -> None:
    """Leave the program that the detector has run for the next start, which has nothing to warn
    of."""
    record = None if detector.load_warnings else detector.engine.record()
    if record is None or record.bytes > MOST_BYTES:
        return
    try:
        kept(key, SUFFIX, record.write)
    except (OutputError, OSError) as failure:  # such as a full disk
        logger.debug("no program is stored: %s", failure)


def _on_processor(options: DetectOptions) -> bool:
    if options.nogpu or options.device is not None:
        return options.device in (None, "cpu")
    return not options.gpu and not maybe_gpu()


def _text(graph: Graph) -> bytes:
    """All of it but where its cfg lies."""
    return repr((graph.net, graph.fork, graph.nodes)).replace(repr(graph.path), "").encode()
