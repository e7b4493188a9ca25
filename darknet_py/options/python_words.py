"""The keywords of Python's functions, for type checkers and editors.

Names and types are those of the records, which hold defaults and help; a test compares them.
"""

from __future__ import annotations

import os
from typing import TypedDict

StrPath = str | os.PathLike[str]


class DeviceWords(TypedDict, total=False):
    """Those of DeviceOptions."""

    gpu: int | None
    nogpu: bool
    device: str | None


class TrainWords(DeviceWords, total=False):
    """Those of DetectorTrainOptions."""

    fork: str
    exif: bool | None
    width: int | None
    height: int | None
    max_batches: int | None
    batch: int | None
    subdivisions: int | None
    clear: bool
    resume: bool
    seed: int
    iterations: int
    precision: str
    compiled: bool
    exact: bool
    sync_batchnorm: bool
    chart: StrPath | None
    results: StrPath | None
    tensorboard: StrPath | None
    logger: str | None
    workers: int | None
    saveweights: int | None
    show_imgs: bool
    evaluates: bool
    epochs: int
    thresh: float
    iou_thresh: float
    preview: bool
    cache: bool
    reduced_decode: bool


class MeasureWords(TypedDict, total=False):
    """What of MapOptions is no matter of the network and where it runs."""

    batch: int
    iou_thresh: float
    points: int
    thresh: float
    out: StrPath | tuple[StrPath, ...]
    coco: bool
    curves: StrPath | None
    confusion: StrPath | None
    worst: tuple[int, StrPath] | None


class MapWords(MeasureWords, DeviceWords, total=False):
    """Those of MapOptions."""

    fork: str
    exif: bool | None
    width: int | None
    height: int | None
    precision: str
    engine: str
    compiled: bool | None
    exact: bool
    calibrate: StrPath | None
    calibrate_images: int | None
    max_map_loss: float | None
