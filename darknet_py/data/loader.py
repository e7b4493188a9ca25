"""Batches for training: samples made ahead by worker processes, in an order that can be resumed."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import signal
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from darknet_py.augment.mix_coin import MOST_SAMPLES
from darknet_py.data.bad_lists import ListedFault
from darknet_py.data.worker_processes import fresh_processes, main_left_out
from darknet_py.errors import DarknetError, DataError, ImageError
from darknet_py.system import processors

logger = logging.getLogger(__name__)

ATTEMPTS = 100
"""Samples in a row with unreadable images before training gives up."""
RETRY = MOST_SAMPLES
"""Added to a sample's number for each image that cannot be read: another is drawn."""
AHEAD = 2
"""Batches that are made before they are asked for; each worker makes at least so many parts."""
T = TypeVar("T")


class SampleSource(Protocol):
    """Where samples come from: a pure function of the number, the input's size and the seed."""

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]: ...


@runtime_checkable
class RecordingSource(SampleSource, Protocol):
    """One that can say what is wrong with the files that samples are made of."""

    def recording(self, faults: list[ListedFault]) -> SampleSource:
        """The same samples; making one adds to this list."""


class SampleKey(NamedTuple):
    """Which sample, at which size of the input in pixels."""

    number: int
    width: int
    height: int


class Batch(NamedTuple):
    """images: (N, C, H, W) uint8; truth: (N, truths) float32, Darknet's arrays of labels.

    unreadable: one line an image. faults: what bad.list and bad_label.list name.
    """

    images: Tensor
    truth: Tensor
    unreadable: tuple[str, ...]
    faults: tuple[ListedFault, ...] = ()


@dataclass(frozen=True)
class BatchPlan:
    """Which samples make up which batch, for one of `world` processes.

    images: of one batch in one process. part: samples fetched at once, a divisor of images.
    size_at: width and height of the input at an update, counted from 1. images_at: images of a
    batch, counted from 1, where they are not always as many; never above `images`.
    """

    images: int
    part: int
    size_at: Callable[[int], tuple[int, int]]
    rank: int = 0
    world: int = 1
    images_at: Callable[[int], int] | None = None

    def count(self, batch: int) -> int:
        """Images of the batch-th batch."""
        return self.images_at(batch) if self.images_at else self.images

    def keys(self, batch: int) -> Iterator[list[SampleKey]]:
        """The parts of the batch-th batch, counted from 1."""
        width, height = self.size_at(batch)
        first = ((batch - 1) * self.world + self.rank) * self.images
        numbers = range(first, first + self.count(batch))
        for start in range(0, len(numbers), self.part):
            part = numbers[start : start + self.part]
            yield [SampleKey(number, width, height) for number in part]


class _BatchSampler(Sampler[list[SampleKey]]):
    """The keys of all batches from `first` on, for ever."""

    def __init__(self, plan: BatchPlan, first: int) -> None:
        self.plan, self.first = plan, first

    def __iter__(self) -> Iterator[list[SampleKey]]:
        batch = self.first
        while True:
            yield from self.plan.keys(batch)
            batch += 1


def first_readable(key: SampleKey, make: Callable[[SampleKey], T]) -> tuple[T, tuple[str, ...]]:
    """What `make` gives for a sample, or for one drawn instead where an image cannot be read.

    The second value names the images that could not, a line each. Raises DataError when there is
    no end of them.
    """
    bad: list[str] = []
    for attempt in range(ATTEMPTS):
        try:
            return make(key._replace(number=key.number + attempt * RETRY)), tuple(bad)
        except ImageError as error:
            bad.append(str(error))
    message = f"{ATTEMPTS} samples in a row have unreadable images, the last: {bad[-1]}"
    raise DataError(f"{message}; run `darknet-py check` on the .data file")


LoadedSample = tuple[Tensor, Tensor, tuple[str, ...], tuple[ListedFault, ...]]


class _Samples(Dataset["LoadedSample | DarknetError"]):
    def __init__(self, source: SampleSource, seed: int) -> None:
        self.faults: list[ListedFault] = []
        if isinstance(source, RecordingSource):
            source = source.recording(self.faults)
        self.source = source
        self.seed = seed

    def __getitem__(self, key: SampleKey) -> LoadedSample | DarknetError:
        """An error is handed over as a value: raised here, it would arrive as a traceback."""
        self.faults.clear()
        try:
            (image, truth), bad = first_readable(key, self._sample)
        except DarknetError as error:
            return error
        return torch.from_numpy(image), torch.from_numpy(truth), bad, tuple(self.faults)

    def _sample(self, key: SampleKey) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        return self.source.sample(*key, self.seed)


def _collate(samples: list[LoadedSample | DarknetError]) -> Batch | DarknetError:
    made = [sample for sample in samples if isinstance(sample, tuple)]
    if len(made) < len(samples):
        return next(sample for sample in samples if isinstance(sample, DarknetError))
    images, truth, bad, faults = zip(*made, strict=True)
    return Batch(torch.stack(images), torch.stack(truth), _joined(bad), _joined(faults))


def _joined(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(itertools.chain.from_iterable(parts))


def _start(worker: int) -> None:
    """OpenCV's and torch's threads in every worker would fight for the processors.

    Ctrl-C on a terminal, and `timeout`, signal a whole group of processes; only the main one is to
    know: it ends the others when it is done, and they end when it is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Torch warns of many workers as well, twice, and in its own words."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create")
        yield


def batches(
    source: SampleSource,
    plan: BatchPlan,
    *,
    seed: int,
    first: int = 1,
    workers: int = 0,
    pin: bool = False,
) -> Generator[Batch, None, None]:
    """Endless batches from the first-th on; the same ones whatever the number of workers.

    workers: processes that make samples ahead, 0: none. pin: for copying to a GPU.
    Raises DataError when nothing can be read, DarknetError when a worker dies.
    """
    if workers > processors():
        told = "more than one for each of them make loading slower"
        logger.warning("%d workers on %d processors: %s", workers, processors(), told)
    with _without_advice():
        loader = DataLoader(
            _Samples(source, seed),
            batch_sampler=_BatchSampler(plan, first),
            num_workers=workers,
            collate_fn=_collate,
            worker_init_fn=_start,
            prefetch_factor=_parts_ahead(plan, workers) if workers else None,
            # Parts are pinned as a whole when they are joined.
            pin_memory=pin and plan.part == plan.images,
            multiprocessing_context=fresh_processes() if workers else None,
            # Its own generator: it would take a number from torch's, and a resumed run one more.
            generator=torch.Generator(),
        )
        with main_left_out():
            parts = iter(loader)
    try:
        for batch in itertools.count(first):
            count = -(-plan.count(batch) // plan.part)
            # What a process that is gone has announced cannot be fetched from it: an OSError.
            with worker_failures(OSError, EOFError):
                group = [_raise_errors(next(parts)) for _ in range(count)]
            yield group[0] if len(group) == 1 else _concatenated(group, pin)
    finally:
        _end(parts)


def _end(parts: Any) -> None:
    """Worker processes end now: an error on its way holds on to whoever started them."""
    # Only the iterator with workers has it; else they end when nobody refers to it any more.
    getattr(parts, "_shutdown_workers", lambda: None)()


@contextlib.contextmanager
def worker_failures(*more: type[Exception]) -> Iterator[None]:
    """Turns what torch raises, at any time, when a worker process dies into a DarknetError.

    more: exceptions that mean the same where this is used.
    """
    expected: tuple[type[Exception], ...] = (RuntimeError, *more)
    try:
        yield
    except expected as error:
        text = str(error)
        known = text.startswith(("DataLoader worker", "Too many open files"))
        if isinstance(error, RuntimeError) and not known:
            raise
        cure = "is there enough memory? try fewer --workers, or --workers 0"
        raise DarknetError(f"making samples ahead failed: {text.rstrip('. ')}; {cure}") from None


def _parts_ahead(plan: BatchPlan, workers: int) -> int:
    """Parts that each worker makes ahead."""
    parts = plan.images // plan.part
    return max(AHEAD, -(-AHEAD * parts // workers))


def _raise_errors(part: Batch | DarknetError) -> Batch:
    if isinstance(part, DarknetError):
        raise part
    return part


def _concatenated(group: list[Batch], pin: bool) -> Batch:
    images, truth, bad, faults = zip(*group, strict=True)
    whole = (_whole(images, pin), _whole(truth, pin))
    return Batch(*whole, _joined(bad), _joined(faults))


def _whole(parts: tuple[Tensor, ...], pin: bool) -> Tensor:
    """Parts (n, ...) as one tensor; pin: in pinned memory, which torch.cat by itself leaves."""
    if not pin:
        return torch.cat(parts)
    count = sum(map(len, parts))
    pinned = _pinned((count, *parts[0].shape[1:]), parts[0].dtype)
    return torch.cat(parts, out=pinned)


def _pinned(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Memory that a GPU reads by itself while the host goes on; torch keeps it for the next one."""
    return torch.empty(shape, dtype=dtype, pin_memory=True)
