"""The bodies of `data import`, `data export` and `data split`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.errors import DataError
from darknet_py.files import new_folder
from darknet_py.interchange.darknet_reader import read_darknet_set
from darknet_py.interchange.darknet_writer import (
    DATA_NAME,
    NAMES_NAME,
    write_darknet_set,
    write_lines,
)
from darknet_py.interchange.export_set import export_set
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.layouts import read_labelled_set
from darknet_py.interchange.set_builder import ImportRules
from darknet_py.interchange.splitting import split_images
from darknet_py.options.datasets import DataExportOptions, DataImportOptions, DataSplitOptions

logger = logging.getLogger(__name__)


def import_data(options: DataImportOptions) -> str:
    """Import; gives what is printed: the .data file, how much there is, what was left out."""
    names = tuple(read_names(options.names)) if options.names else ()
    rules = ImportRules(options.polygons, options.difficult, names)
    found = read_labelled_set(options.path, rules, options.layout, options.images)
    out = options.out or default_folder(options.path)
    data, remarks = write_darknet_set(found, Path(out), options.place)
    return "\n".join([f"{data}: {counts(found)}", *remarks])


def default_folder(path: str) -> str:
    """Of `data import` without -o: in the working folder, named after what is imported."""
    name = Path(path).resolve()
    return f"{name.name if name.is_dir() else name.stem}-darknet"


def counts(found: LabelledSet) -> str:
    """`30 train, 10 valid images, 81 boxes of 3 classes`."""
    images = ", ".join(f"{len(found.of_split(split))} {split}" for split in found.splits)
    return f"{images} images, {found.box_count} boxes of {len(found.names)} classes"


def export_data(options: DataExportOptions) -> str:
    """Export; gives what is printed."""
    fork = options.fork_in_force
    found = read_darknet_set(read_data_file(options.data), fork)
    remarks = export_set(
        found, Path(options.out), options.format, options.place, fork.images.upright
    )
    return "\n".join([f"{options.out}: {counts(found)}", *remarks])


def split_data(options: DataSplitOptions) -> str:
    """New lists of the images of train= and valid=; their files stay where they are.

    test= stays as it is where --test gives it no share. Raises DataError for shares beyond 1.
    """
    train = 1 - options.valid - options.test
    if train < 0:
        message = f"read {options.valid:g} and {options.test:g}, which are more than 1"
        raise DataError(f"--valid, --test: {message}")
    data = read_data_file(options.data)
    found = read_darknet_set(data, options.fork_in_force)
    keeps_test = options.test == 0
    rows = [
        (image.file.name, [box.class_id for box in image.boxes])
        for image in found.images
        if not (keeps_test and image.split == "test")
    ]
    shares = {"train": train, "valid": options.valid, "test": options.test}
    lists = split_images(rows, len(found.names), shares, options.seed, options.group)
    if keeps_test:
        lists["test"] = [image.file.name for image in found.of_split("test")]
    return "\n".join([_write_lists(found, lists, options), *found.remarks])


def _write_lists(found: LabelledSet, lists: dict[str, list[str]], options: DataSplitOptions) -> str:
    out = Path(options.out)
    there = {name: paths for name, paths in lists.items() if paths}
    backup = read_data_file(options.data).options.get("backup", "backup")
    keys = [f"{name}={out}/{name}.txt" for name in there]
    with new_folder(out) as home:
        for name, paths in there.items():
            write_lines(home / f"{name}.txt", _absolute(paths))
        write_lines(home / NAMES_NAME, found.names)
        lines = [f"classes={len(found.names)}", *keys, f"names={out}/{NAMES_NAME}"]
        write_lines(home / DATA_NAME, [*lines, f"backup={backup}"])
    told = ", ".join(f"{len(paths)} {name}" for name, paths in there.items())
    return f"{out}/{DATA_NAME}: {told} images\n{_class_table(found, there)}"


def _absolute(paths: Iterable[str]) -> list[str]:
    """The images lie elsewhere than the lists, which may be read from any folder."""
    return [str(Path(path).absolute()) for path in paths]


def _class_table(found: LabelledSet, lists: dict[str, list[str]]) -> str:
    """A line a class: how many boxes each split has."""
    boxes = {image.file.name: image.boxes for image in found.images}
    rows = []
    for number, name in enumerate(found.names):
        numbers = (
            sum(box.class_id == number for path in paths for box in boxes[path])
            for paths in lists.values()
        )
        told = ", ".join(f"{count} {split}" for count, split in zip(numbers, lists, strict=True))
        rows.append(f"  {name}: {told} boxes")
    return "\n".join(rows)
