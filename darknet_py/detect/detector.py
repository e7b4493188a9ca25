"""A network, its class names and a device: images in, results out."""

from __future__ import annotations

import copy
import importlib
import logging
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import torch

from darknet_py.detect.call_options import (
    FOREIGN_WORDS,
    NMS,
    THRESH,
    CallOptions,
    call_words,
)
from darknet_py.detect.checked_arguments import (
    checked_config,
    refuse_keywords,
    require_switch,
    require_type,
)
from darknet_py.detect.class_results import of_classes
from darknet_py.detect.decode import suppression_of
from darknet_py.detect.detector_words import detector_words
from darknet_py.detect.embedding_engine import EmbeddingEngine, track_rule
from darknet_py.detect.embedding_tracking import EmbeddingTracker, tracked_by_embeddings
from darknet_py.detect.image_results import batch_results, results_of_all
from darknet_py.detect.pipeline import Pipeline, PipelineOptions
from darknet_py.detect.result import Result
from darknet_py.detect.tiled_detection import TiledPipeline
from darknet_py.detect.tiles import Tiling
from darknet_py.detect.tracking import Tracker, tracked
from darknet_py.detect.wanted_classes import Classes, wanted_classes
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.errors import DataError
from darknet_py.forks import Fork
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.fitted_images import InputSpec, OnError, fitted_images
from darknet_py.images.frames import FrameSource
from darknet_py.images.sources import open_source
from darknet_py.network.load import head_classes
from darknet_py.network.network import Network
from darknet_py.network.sequence_parts import lists_are_films, remembers

logger = logging.getLogger(__name__)

_Found = Callable[[FrameSource], Generator[Result, None, None]]

EXPORTING = "darknet_py.export.detector_export"
"""By its name: that room imports this one."""
IMAGES_AHEAD = 4
"""With tiles, images that are decoded before they are wanted."""


class Detector:
    """Runs a detection network on images. Build it with `darknet_py.load`."""

    def __init__(
        self,
        network: Network,
        names: Sequence[str],
        device: str | torch.device = "cpu",
        precision: str = "fp32",
        engine: str = "torch",
        compiled: bool | None = None,
        *,
        exact: bool = False,
        calibrate: str | os.PathLike[str] | None = None,
        calibrate_images: int | None = None,
        max_map_loss: float | None = None,
        shared: bool = False,
    ) -> None:
        """network: as it is now; training on it later changes nothing here. The rest as for `load`.
        `weights` is the path of the file that `load` read, "" without one.

        shared: nobody changes the network from here on, so that no tensor need be copied.
        Raises DarknetError for a network without detection head, and for
        an engine, a precision or a device that is not there.
        """
        require_type("network", network, (Network,), "a darknet_py.Network")
        config = checked_config(
            device, precision, engine, compiled, exact, calibrate, calibrate_images, max_map_loss
        )
        head_classes(network.graph)
        self.graph = network.graph
        self.weights = ""
        self.load_warnings: tuple[str, ...] = ()
        self.names = list(names)
        self.engine = open_engine(network, config, shared=shared)
        self.device = self.engine.device
        self._timed_engine = TimedEngine(self.engine)
        self.suppression = suppression_of(network.graph)

    @property
    def fork(self) -> Fork:
        return self.graph.fork

    def __repr__(self) -> str:
        """Network, input, classes, engine, precision, device and weights."""
        return detector_words(self.graph, len(self.names), self.engine, self.weights)

    def __call__(
        self,
        source: Any,
        thresh: float = THRESH,
        nms: float = NMS,
        letter_box: bool | None = None,
        *,
        conf: float | None = None,
        iou: float | None = None,
        classes: Classes | None = None,
        hier: float = 0.5,
        batch: int = 1,
        honour_exif: bool | None = None,
        tile: str | None = None,
        overlap: float = 0.2,
        **others: NoReturn,
    ) -> Result | list[Result]:
        """The Result of one image, or a list for a folder, glob, list file or list of images.

        source: path, address of an image, folder, glob, .txt list, numpy BGR image (uint8, uint16,
        float in [0, 1]), torch tensor (C, H, W) RGB (uint8, float in [0, 1]; (N, C, H, W): a list),
        image of PIL's, bytes of an image file, or a list or generator of these. thresh: scores must
        be above it; conf is the same. nms: IoU above which the weaker box goes, 0 keeps all; iou is
        the same. letter_box: pad instead of stretch; None does as the fork and the cfg do. classes:
        numbers or names, whose boxes alone are wanted. hier: least product down a class tree.
        batch: images run at once. honour_exif: turn images upright as their EXIF says; None does as
        the fork. tile: "2x2", columns x rows, or "auto", tiles about as large as the network's
        input: it sees these too, for small objects; `batch` counts them. overlap: of neighbouring
        tiles, as a share of one, up to 0.9.
        Raises ImageError, DataError, which a camera or a stream is as well: `stream` takes those;
        ArgumentError for arguments of other types and for keywords that are none.
        """
        if others:
            refuse_keywords("detector()", others, call_words(Detector.__call__), FOREIGN_WORDS)
        options = CallOptions(
            thresh=thresh,
            nms=nms,
            conf=conf,
            iou=iou,
            classes=classes,
            hier=hier,
            batch=batch,
            letter_box=letter_box,
            honour_exif=honour_exif,
            tile=tile,
            overlap=overlap,
        )
        found = self._asked(options)
        frames = open_source(source)
        if frames.endless:
            frames.close()
            raise DataError(
                "a camera or stream never ends, so that no list holds its results; use "
                "stream() and take them one by one"
            )
        results = list(found(frames))
        return results[0] if frames.single else results

    def stream(
        self,
        source: Any,
        thresh: float = THRESH,
        nms: float = NMS,
        letter_box: bool | None = None,
        *,
        conf: float | None = None,
        iou: float | None = None,
        classes: Classes | None = None,
        hier: float = 0.5,
        batch: int = 1,
        honour_exif: bool | None = None,
        on_error: OnError | None = None,
        every_frame: bool = False,
        rotate: str | None = None,
        track: bool | Tracker = False,
        tile: str | None = None,
        overlap: float = 0.2,
        **others: NoReturn,
    ) -> Iterator[Result]:
        """The same results one by one: the next images are decoded while a batch runs.

        A generator is asked for a few more images than there are results so far, and may go on for
        ever. on_error: called with path and error for an image that cannot be read, which is then
        left out; without it the error is raised. source: also a video, the number of a camera, a
        stream's address, "-" or an open file (MJPEG). The address of an image, given alone, is a
        camera that shows one image at a time: it is asked again, every second and without end.
        every_frame: all frames of a camera or stream, late ones too, instead of the newest. rotate:
        90_CLOCKWISE, 180 or 90_COUNTERCLOCKWISE turns the frames first. track: give
        `boxes.track_id`, from a new Tracker or from one that goes on with what it knows; it needs
        the package trackers, but for networks with embedding_layer=, whose embeddings tell objects
        again as in AlexeyAB's `demo`. Raises ImageError, DataError, ArgumentError.
        """
        if others:
            refuse_keywords("stream()", others, call_words(Detector.stream), FOREIGN_WORDS)
        options = CallOptions(
            thresh=thresh,
            nms=nms,
            conf=conf,
            iou=iou,
            classes=classes,
            hier=hier,
            batch=batch,
            letter_box=letter_box,
            honour_exif=honour_exif,
            tile=tile,
            overlap=overlap,
        )
        require_switch("every_frame", every_frame)
        require_type("track", track, (bool, Tracker), "True, False or a Tracker")
        capture = CaptureOptions(every_frame=every_frame, rotate=rotate, snapshots=True)
        rule = track_rule(self.engine) if track is True and options.tiling is None else None
        detector = self.on(EmbeddingEngine(self.engine)) if rule else self
        tracker = EmbeddingTracker(rule) if rule else track
        return _streamed(source, capture, detector._asked(options, on_error), tracker)

    def _asked(self, options: CallOptions, on_error: OnError | None = None) -> _Found:
        """What finds the results of an open source; raises as `__call__` for the options."""
        wanted = wanted_classes(options.classes, self.names)
        pipeline, tiling, spec = options.pipeline, options.tiling, options.spec(self.graph)

        def found(frames: FrameSource) -> Generator[Result, None, None]:
            return of_classes(self.results(frames, pipeline, spec, on_error, tiling), wanted)

        return found

    def results(
        self,
        source: FrameSource,
        options: PipelineOptions,
        spec: InputSpec,
        on_error: OnError | None = None,
        tiling: Tiling | None = None,
    ) -> Generator[Result, None, None]:
        """The result of each frame of an open source, in order.

        tiling: None sees each as a whole only. Of a live source a frame is taken when its result is
        asked for, and runs on all threads.
        """
        pipeline = self.pipeline(options) if tiling else self._pipeline_for(source, options)
        pool = replace(pipeline.workers(source.length, source.live), eager=source.waits)
        ahead = pool.ahead if tiling is None else IMAGES_AHEAD
        images = fitted_images(source, spec, ahead, keep_pixels=True, on_error=on_error)
        if tiling is None:
            found = pipeline.map(partial(batch_results, names=self.names), images, pool)
        else:
            tiled = TiledPipeline(pipeline, spec, tiling).run(images, source)
            found = results_of_all(tiled, self.names)
        with closing(images), closing(found), ExitStack() as stack:
            stack.callback(source.stop)  # first of all: threads may be waiting for a frame
            for results in found:
                yield from results

    def _pipeline_for(self, source: FrameSource, options: PipelineOptions) -> Pipeline:
        """With memory of its own for a film, which a video is, and a list where [net] says so."""
        film = (source.moving and remembers(self.graph)) or lists_are_films(self.graph)
        if not film or self.engine.in_order:
            return self.pipeline(options)
        # It takes torch's engine with it, which other engines do without.
        from darknet_py.engines.film_engine import film_engine

        return Pipeline(TimedEngine(film_engine(self.engine)), options)

    def pipeline(self, options: PipelineOptions) -> Pipeline:
        """The steps that find boxes by these options; all pipelines of a detector, from whatever
        threads, share its one engine."""
        return Pipeline(self._timed_engine, options)

    def export(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Path:
        """Write a file of another format, as `darknet-py export` does, and return its path.

        path: whose end says the format: .onnx, .torchscript, .pt2, .xml (OpenVINO; a .bin lies
        beside it), .param (ncnn; .bin and .json), .safetensors; None: the cfg's name and .onnx.
        options: those of the command with its defaults: format, form ("heads", "boxes", "nms",
        "ultralytics", "deepstream", "raw"), dynamic ("batch,size"), batch, thresh, nms, verify
        (run it where that can be done, and raise DarknetError if the results differ), images to
        verify with. Raises DarknetError for what cannot be exported, OutputError, ArgumentError.
        """
        written: Path = importlib.import_module(EXPORTING).export_detector(self, path, options)
        return written

    def on(self, engine: Engine) -> Detector:
        """The same detector on another engine for its network."""
        other = copy.copy(self)
        other.engine, other._timed_engine = engine, TimedEngine(engine)
        return other


def _streamed(
    source: Any, capture: CaptureOptions, found: _Found, track: bool | Tracker | EmbeddingTracker
) -> Generator[Result, None, None]:
    """Of a source that is opened when the first result is asked for."""
    opened = open_source(source, capture)
    with closing(found(opened)) as results:
        if isinstance(track, EmbeddingTracker):
            yield from tracked_by_embeddings(results, track)
            return
        tracker = Tracker(opened.fps) if track is True else track
        yield from tracked(results, tracker) if tracker else results
