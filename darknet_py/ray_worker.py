"""Detection on a cluster: what Ray Data calls with batches of images. It imports no Ray itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.detect.call_options import CallOptions
from darknet_py.detect.class_results import of_classes
from darknet_py.detect.load_detector import load
from darknet_py.detect.result import Result
from darknet_py.detect.wanted_classes import wanted_classes
from darknet_py.errors import ArgumentError, DataError, ImageError
from darknet_py.images.frames import FrameSource, PendingFrame, array_frame, file_frame
from darknet_py.images.image_bytes import bytes_frame, is_bytes

Columns = dict[str, NDArray[Any]]
Row = dict[str, NDArray[Any]]

NOTHING: Row = {
    "boxes": np.zeros((0, 4), np.float32),
    "scores": np.zeros(0, np.float32),
    "classes": np.zeros(0, np.int64),
}
"""What an image without objects has."""
ERROR = "error"
BATCH = 4
"""Images that the network takes at once."""


class DetectBatch:
    """For `ray.data.Dataset.map_batches`: batches of columns in, the same with their boxes out.

        images = ray.data.read_binary_files("s3://bucket/images")
        boxes = images.map_batches(
            DetectBatch,
            fn_constructor_kwargs={"cfg": "yolov4-tiny", "device": "cuda"},
            batch_size=32, concurrency=4, num_gpus=1,
        )

    Each worker loads the network once.
    """

    def __init__(
        self,
        cfg: str | os.PathLike[str],
        weights: str | os.PathLike[str] | None = None,
        *,
        call: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """cfg, weights, options: as for `darknet_py.load` (names, device, precision, engine, ...).
        call: what `Detector` is told besides the images: thresh, nms, letter_box, classes, tile,
        batch (by default 4 at once), ... Raises as `load`, and as the call."""
        self.detector = load(cfg, weights, **options)
        words = {"batch": BATCH, **(call or {})}
        if unknown := sorted(words.keys() - CallOptions.__dataclass_fields__.keys()):
            known = ", ".join(CallOptions.__dataclass_fields__)
            raise ArgumentError(f"call: {unknown[0]} is not known; expected some of {known}")
        self.options = CallOptions(**words)
        self.wanted = wanted_classes(self.options.classes, self.detector.names)

    def __call__(self, batch: Columns) -> Columns:
        """batch: a column of N images: `image`, (N, H, W, 3) or N arrays (H, W, 3), uint8 RGB as
        `ray.data.read_images` gives them (or (H, W), grey); `bytes` of image files; or `path`.

        All columns come back, and for each image `boxes` (n, 4) float32 with left, top, right and
        bottom in pixels, `scores` (n,) float32 in 0..1, `classes` (n,) int64, and `error`, "" where
        the image could be read; one that could not has no boxes. Raises DataError without a column
        of images, and where a column has the name of one of these.
        """
        if taken := sorted(batch.keys() & {*NOTHING, ERROR}):
            raise DataError(f"the batch has a column {taken[0]} already; rename it")
        name = next((name for name in FRAMES if name in batch), None)
        if name is None:
            names = ", ".join(batch) or "no columns"
            raise DataError(f"the batch has {names}; expected a column {' or '.join(FRAMES)}")
        frames = [FRAMES[name](image, number) for number, image in enumerate(batch[name])]
        rows, errors = self._found(frames)
        columns = {name: ragged([row[name] for row in rows]) for name in NOTHING}
        return {**batch, **columns, ERROR: np.array(errors, object)}

    def _found(self, frames: Sequence[PendingFrame]) -> tuple[list[Row], list[str]]:
        """The boxes of each image, and what is wrong with it."""
        rows, failures = dict[int, Row](), list[str]()
        options, graph = self.options, self.detector.graph

        def left_out(path: str, error: ImageError) -> None:
            failures.append(str(error))

        results = self.detector.results(
            FrameSource(frames, len(frames)),
            options.pipeline,
            options.spec(graph),
            left_out,
            options.tiling,
        )
        for result in of_classes(results, self.wanted):
            rows[result.frame] = _row(result)
        # They are told of in the order of the images.
        told = iter(failures)
        numbers = range(len(frames))
        errors = ["" if number in rows else next(told) for number in numbers]
        return [rows.get(number, NOTHING) for number in numbers], errors


def ragged(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """(N,) of arrays whose lengths may differ, also where they do not."""
    column = np.empty(len(arrays), object)
    for number, array in enumerate(arrays):
        column[number] = array
    return column


def _row(result: Result) -> Row:
    boxes = result.boxes
    return {
        "boxes": boxes.xyxy.astype(np.float32),
        "scores": boxes.confidence,
        "classes": boxes.class_id,
    }


def _of_pixels(image: Any, number: int) -> PendingFrame:
    """Ray's are RGB, numpy's here BGR as OpenCV has them."""
    pixels = np.asarray(image)
    return array_frame(pixels[:, :, ::-1] if pixels.ndim == 3 else pixels, number)


def _of_bytes(data: Any, number: int) -> PendingFrame:
    if not is_bytes(data):
        kind = type(data).__name__
        raise ArgumentError(f"column bytes holds {kind}, expected the contents of image files")
    return bytes_frame(data, number)


def _of_path(path: Any, number: int) -> PendingFrame:
    return file_frame(str(path), number)


FRAMES: dict[str, Callable[[Any, int], PendingFrame]] = {
    "image": _of_pixels,
    "bytes": _of_bytes,
    "path": _of_path,
}
"""Column of images -> what makes a frame of one; the first that is there counts, as Ray keeps a
column `path` beside the bytes."""
