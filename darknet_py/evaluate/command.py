"""What `map` does on the command line: files in, Darknet's table on stdout."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from darknet_py.cfg.datafile import DataFile, read_data_file, read_names
from darknet_py.cfg.options import atoi
from darknet_py.cfg.text import read_text
from darknet_py.data.listing import read_list
from darknet_py.deferred import import_at_once
from darknet_py.detect.device import chosen_device
from darknet_py.errors import DataError, Place
from darknet_py.evaluate.pictures import start_reading
from darknet_py.opening import Opened, open_network

if TYPE_CHECKING:
    from darknet_py.evaluate.conditions import Conditions
    from darknet_py.evaluate.result import MapResult
    from darknet_py.evaluate.run import Progress


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of `map`, with AlexeyAB's defaults."""

    data: str
    cfg: str
    weights: str
    thresh: float = 0.25
    iou_thresh: float = 0.5
    points: int = 0
    fork: str = "alexeyab"
    width: int | None = None
    height: int | None = None
    device: str | None = None
    gpu: int | None = None
    nogpu: bool = False
    batch: int = 4


@dataclass(frozen=True)
class Inputs:
    """What a .data file, a cfg and a weights file say, read before torch is imported."""

    opened: Opened
    names: Sequence[str]
    images: list[str]
    difficult: list[str] | None
    class_map: tuple[int, ...] | None


def run(job: Job) -> MapResult:
    """Evaluate and print; what can be refused is refused before torch is imported."""
    inputs = _read(job)
    pictures = start_reading(inputs.images, inputs.opened.graph)
    import_at_once("torch")

    from darknet_py.evaluate.run import evaluate
    from darknet_py.network import load_planned

    network, report = load_planned(inputs.opened.graph, inputs.opened.plan)
    for note in report.notes:
        warnings.warn(f"{report.path}: {note}", stacklevel=2)
    with progress(len(inputs.images), "map") as told:
        result = evaluate(
            network,
            inputs.images,
            inputs.names,
            thresh=job.thresh,
            iou_thresh=job.iou_thresh,
            points=job.points,
            difficult=inputs.difficult,
            class_map=inputs.class_map,
            device=chosen_device(job.device, job.gpu, job.nogpu),
            batch=job.batch,
            progress=told,
            announce=partial(_announce, job),
            pictures=pictures,
        )
    _report(result)
    return result


@contextmanager
def progress(total: int, label: str) -> Iterator[Progress | None]:
    """A bar on stderr with pictures, pictures a second and the time left; only on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = click.progressbar(length=total, label=label, show_pos=True, file=sys.stderr)
    bar.item_show_func = lambda _: f"{1 / bar.time_per_iteration:.1f}/s" if bar.avg else None
    with bar:
        yield bar.update


def _read(job: Job) -> Inputs:
    data = read_data_file(job.data)
    class_map = _class_map(data)
    # The names of a class map are counted by `evaluate`: they may be of the map or of the cfg.
    opened = open_network(
        job.cfg,
        job.weights,
        data=None if class_map else job.data,
        fork=job.fork,
        width=job.width,
        height=job.height,
    )
    names = opened.names if class_map is None else read_names(_file(data, "names"))
    difficult = read_list(_file(data, "difficult")) if "difficult" in data.options else None
    images = require_pictures(read_list(_file(data, "valid")), data)
    return Inputs(opened, names, images, difficult, class_map)


def require_pictures(images: list[str], data: DataFile) -> list[str]:
    """The paths, when all of them are there; raises DataError with the first that is not."""
    missing = [path for path in images if not os.path.isfile(path)]
    if missing:
        message = f"{len(missing)} of {len(images)} pictures are not there, the first is"
        cure = "paths are looked for from the working folder and from the list's"
        raise DataError(f"{message} {missing[0]}; {cure}", Place(data.options["valid"]))
    return images


def _file(data: DataFile, key: str) -> os.PathLike[str]:
    path = data.file(key)
    if path is None:
        raise DataError(f"has no {key}=; `map` needs it", Place(data.path))
    return path


def _class_map(data: DataFile) -> tuple[int, ...] | None:
    """YOLO9000's `map=`: the network's class of each class that is evaluated."""
    path = data.file("map")
    if path is None:
        return None
    lines = read_text(path, "a map", DataError).split()
    if not lines:
        raise DataError("is empty, expected one class number a line", Place(os.fspath(path)))
    return tuple(map(atoi, lines))


def _announce(job: Job, conditions: Conditions) -> None:
    valid = read_data_file(job.data).options["valid"]
    click.echo(f"{job.weights} on {valid}: {conditions.line()}", err=True)


def _report(result: MapResult) -> None:
    click.echo(result.table(), nl=False)
    pictures = result.conditions.pictures
    if result.unlabelled:
        count = f"{len(result.unlabelled)} of {pictures} pictures have no label file"
        first = f"the first is {result.unlabelled[0]}"
        click.echo(f"warning: {count} and count as empty; {first}", err=True)
    click.echo(f"Total Detection Time: {int(result.seconds)} Seconds", err=True)
    each = [
        f"{name} {1000 * seconds / pictures:.1f}" for name, seconds in asdict(result.timing).items()
    ]
    rate = f"{pictures / result.seconds:.1f} pictures a second"
    click.echo(f"{rate}; milliseconds of a thread for each: {', '.join(each)}", err=True)
