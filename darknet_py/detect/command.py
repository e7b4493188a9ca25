"""What `detect` and `detector test` do: pictures in, lines on stdout, files written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from darknet_py.detect import report
from darknet_py.detect.detector import Detector, load
from darknet_py.detect.result import Result
from darknet_py.detect.sources import expand
from darknet_py.errors import DarknetError, ImageError, OutputError
from darknet_py.labelpath import label_path

PROMPT = "Enter Image Path: "


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of `detect` and `detector test`, with the forks' defaults filled in."""

    cfg: str
    weights: str
    images: tuple[str, ...] = ()
    data: str | None = None
    names: str | None = None
    fork: str = "alexeyab"
    thresh: float = 0.25
    hier: float = 0.5
    nms: float = 0.45
    letter_box: bool = False
    ext_output: bool = False
    save_labels: bool = False
    out: str | None = None
    prefix: str | None = None
    device: str = "cpu"
    precision: str = "fp32"
    batch: int = 1
    width: int | None = None
    height: int | None = None
    exif: bool = False


@dataclass
class _Written:
    """What has been collected and written so far."""

    entries: list[str] = field(default_factory=list)
    pictures: set[Path] = field(default_factory=set)
    failures: int = 0


def run(job: Job) -> int:
    """Detect on every picture; returns how many could not be read (each named on stderr)."""
    _refuse_unwritable(job)
    detector = load(
        job.cfg,
        job.weights,
        job.names,
        job.device,
        job.precision,
        job.fork,
        data=job.data,
        width=job.width,
        height=job.height,
    )
    _report_settings(detector, job)
    written = _Written()
    many = len(job.images) != 1 or len(_listed(job.images[0], written)) != 1
    for result in _results(detector, job, written):
        _print(detector, job, result)
        _write(job, result, many, written)
    if _json_file(job):
        report.write_json(Path(str(job.out)), written.entries)
    return written.failures


def _listed(image: str, written: _Written) -> list[Path | str]:
    """The pictures an argument names; one that names none is reported and counted."""
    try:
        return [*expand(image)]
    except DarknetError as error:
        _report_failure(error, written)
        return []


def _report_failure(error: DarknetError, written: _Written) -> None:
    written.failures += 1
    print(f"darknet-py: error: {error}", file=sys.stderr)


def _results(detector: Detector, job: Job, written: _Written) -> Iterator[Result]:
    def on_error(path: str, error: ImageError) -> None:
        _report_failure(error, written)

    def stream(pictures: Iterable[Path | str]) -> Iterator[Result]:
        return detector.stream(
            list(pictures),
            job.thresh,
            job.nms,
            True if job.letter_box else None,
            hier=job.hier,
            batch=job.batch,
            honour_exif=job.exif,
            on_error=on_error,
        )

    if job.images:
        written.failures = 0  # the first look at a single argument may have counted it already
        yield from stream(chain.from_iterable(_listed(image, written) for image in job.images))
    elif sys.stdin.isatty():
        for line in _lines():
            yield from stream(_listed(line, written))
    else:
        lines = [line.strip() for line in sys.stdin]
        yield from stream(chain.from_iterable(_listed(line, written) for line in lines if line))
        print(PROMPT)


def _lines() -> Iterator[str]:
    """Paths typed at Darknet's prompt until end of file."""
    while True:
        print(PROMPT, end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def _print(detector: Detector, job: Job, result: Result) -> None:
    if not job.images and not sys.stdin.isatty():
        print(PROMPT, end="")
    heads = report.head_lines(detector.graph)
    print("\n".join([*heads, *report.lines(result, detector.fork, job.ext_output)]), flush=True)


def _write(job: Job, result: Result, many: bool, written: _Written) -> None:
    if _json_file(job):
        written.entries.append(report.json_entry(result, len(written.entries) + 1))
    if job.save_labels:
        report.write_labels(label_path(result.path), result)
    path = _picture_path(job, result, many, written.pictures)
    result.save(path)
    written.pictures.add(path)


def _json_file(job: Job) -> bool:
    """pjreddie's -out names the picture, AlexeyAB's the JSON file."""
    return job.out is not None and not _out_is_picture(job)


def _out_is_picture(job: Job) -> bool:
    return job.fork == "pjreddie" and job.out is not None and not job.out.endswith(".json")


def _picture_path(job: Job, result: Result, many: bool, used: set[Path]) -> Path:
    """predictions.jpg for one picture; predictions_NAME.jpg each for many, numbered if names repeat."""
    base = job.prefix or (job.out if _out_is_picture(job) else None) or "predictions"
    stem = f"{base}_{Path(result.path).stem}" if many else str(base)
    path, number = Path(f"{stem}.jpg"), 1
    while path in used:
        number += 1
        path = Path(f"{stem}_{number}.jpg")
    return path


def _refuse_unwritable(job: Job) -> None:
    """Say so before the network runs when the results could not be written."""
    targets = [Path(name) for name in (job.out, job.prefix or "predictions") if name]
    for target in targets:
        folder = target.parent
        if not folder.is_dir():
            raise OutputError(f"{target}: the folder {folder} does not exist; create it first")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{target}: the folder {folder} cannot be written to")
        if target.is_dir():
            raise OutputError(f"{target}: is a directory, expected a file name")


def _report_settings(detector: Detector, job: Job) -> None:
    """One line on stderr with what decides the numbers: the commonest reason why results differ."""
    graph = detector.graph
    for notice in graph.notices:
        if notice.level == "warning":
            print(notice, file=sys.stderr)
    letter_box = job.letter_box or graph.fork.letter_box or graph.net.letter_box
    words: Sequence[str] = (
        f"{len(graph.nodes)} layers",
        f"input {graph.net.input}",
        "letterbox" if letter_box else "stretch",
        f"thresh {job.thresh:g}",
        f"nms {detector.suppression.kind} {job.nms:g}",
        f"{detector.device} {job.precision}",
        f"fork {graph.fork.name}",
    )
    print(f"{graph.path}: {', '.join(words)}", file=sys.stderr)
