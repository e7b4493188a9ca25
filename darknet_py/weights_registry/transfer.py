"""A file from one address into a part file, in as many tries as patience allows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing

from darknet_py.progress import MEGA, transferred
from darknet_py.web_request import Answer, RequestFailure, ask
from darknet_py.weights_registry.integrity import impostor, sizes_text
from darknet_py.weights_registry.part_file import PartFile, Source
from darknet_py.weights_registry.patience import Patience
from darknet_py.weights_registry.registry import RegistryFile

logger = logging.getLogger(__name__)

PROGRESS = 1 << 16
"""Bytes that make a try worth it."""


def transfer(url: str, file: RegistryFile, part: PartFile, patience: Patience) -> None:
    """Returns when `part` has one of the file's sizes; raises RequestFailure and OutputError.

    What is in it already is kept where it may be the beginning of the same file.
    """
    if not _usable(part, file, url):
        part.discard()
    if complete(part, file):
        return
    fruitless = 0
    for left in reversed(range(patience.most_tries)):
        before = part.size
        try:
            _one_try(url, file, part, patience)
            return
        except RequestFailure as failure:
            if failure.stale:
                part.discard()
            fruitless = 0 if part.size - before >= PROGRESS else fruitless + 1
            if not (failure.again and left and fruitless < patience.tries):
                raise
            logger.info("%s: %s; another try", file.name, failure)
            time.sleep(patience.pause_before(fruitless, failure.wait))


def complete(part: PartFile, file: RegistryFile) -> bool:
    """Whether all is here, though it was not given its name: as long as the server said."""
    total = part.source.total
    return part.size == total if total else part.size in file.sizes


def _usable(part: PartFile, file: RegistryFile, url: str) -> bool:
    """A part from elsewhere is of use where a checksum tells at the end that they go together."""
    return part.source.url == url or bool(part.source.url and file.checksum)


def _one_try(url: str, file: RegistryFile, part: PartFile, patience: Patience) -> None:
    """All that one answer brings; raises RequestFailure when it is not all that is missing."""
    source = part.source
    validator = source.validator if source.url == url else ""
    with closing(ask(url, part.size, validator, patience.timeout)) as answer:
        first = _first(answer)
        _require_same(answer, file, source if source.url == url else Source())
        if not answer.start:
            part.discard()
        part.begin(Source(url, answer.validator, answer.total or 0))
        _receive(answer, first, file, part, patience)


def _first(answer: Answer) -> bytes:
    """The first bytes of the answer; raises RequestFailure for those of another kind of file."""
    first = answer.read()
    if not answer.start and (told := impostor(first)):
        raise RequestFailure(told)
    return first


def _require_same(answer: Answer, file: RegistryFile, source: Source) -> None:
    """Raises RequestFailure where the answer is no part of the file, or of another version of it
    than what is here. source: of what is here, if it is from the same address."""
    continued = answer.start > 0
    if answer.total is not None and answer.total not in file.sizes:
        told = f"has {answer.total} bytes, expected {sizes_text(file)}"
        raise RequestFailure(told, again=continued, stale=continued)
    was, now = (source.validator, source.total), (answer.validator, answer.total or 0)
    if continued and any(old and new and old != new for old, new in zip(was, now, strict=True)):
        raise RequestFailure("has another version of it now", again=True, stale=True)


def _receive(
    answer: Answer, first: bytes, file: RegistryFile, part: PartFile, patience: Patience
) -> None:
    size, most = part.size, max(file.sizes)
    label = f"{file.name} (from {size / MEGA:.1f} MB)" if size else file.name
    pace = _Pace(patience)
    with transferred((answer.total or most) - size, label) as passed:
        data = first
        while data:
            size += len(data)
            if size > most:
                raise RequestFailure(f"sends more than {sizes_text(file)} bytes", stale=True)
            part.add(data)
            passed(len(data))
            pace.add(len(data))
            data = answer.read()
    if size not in file.sizes or size != (answer.total or size):
        told = f"ended after {size} of {answer.total or sizes_text(file)} bytes"
        raise RequestFailure(told, again=True)


class _Pace:
    """Raises RequestFailure when bytes come too slowly to wait for the rest."""

    def __init__(self, patience: Patience, now: Callable[[], float] = time.monotonic) -> None:
        self.patience, self.now = patience, now
        self.since, self.passed = now(), 0

    def add(self, count: int) -> None:
        self.passed += count
        seconds = self.now() - self.since
        if seconds < self.patience.window:
            return
        if self.passed < seconds * self.patience.slowest:
            told = f"sends {self.passed / seconds:.0f} bytes a second"
            raise RequestFailure(told, again=True)
        self.since, self.passed = self.now(), 0
