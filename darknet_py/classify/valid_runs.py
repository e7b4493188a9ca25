"""What `classifier valid`, `valid10`, `validcrop`, `validfull` and `validmulti` print."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from darknet_py.classify.load_classifier import Opened, open_classifier
from darknet_py.data.class_labels import ClassLabels, read_class_labels
from darknet_py.options.classifying import ListedOptions

if TYPE_CHECKING:
    from darknet_py.classify.accuracy import Judged

SPLIT = 1000
"""Images between two lines of `validcrop`."""


def validate(options: ListedOptions, way: str) -> int:
    """Print how often the network is right; returns how many images could not be read."""
    opened = open_classifier(options)
    assert opened.data is not None
    labels = read_class_labels(opened.data, None)
    images = opened.images("valid", "data/train.list")
    leaves = opened.leaves() if way == "valid" else None

    from darknet_py.classify.accuracy import judge

    classifier = opened.classifier(tree=way != "validcrop", leaves=leaves)
    report = opened.failures.report
    results = judge(
        classifier, images, labels, opened.topk, way, batch=options.batch, on_error=report
    )
    lines = _by_splits if way == "validcrop" else _by_images
    unclear = list[str]()
    for text in lines(_noting(results, labels, unclear), opened, way, len(images)):
        click.echo(text, nl=False)
    _warn(unclear, len(images))
    return opened.failures.count


def _noting(results: Iterable[Judged], labels: ClassLabels, unclear: list[str]) -> Iterator[Judged]:
    """The results; what is unclear about their labels is added to a list."""
    for one in results:
        complaint = labels.unclear(one.path)
        if complaint:
            unclear.append(complaint)
        yield one


def _by_images(results: Iterable[Judged], opened: Opened, way: str, images: int) -> Iterator[str]:
    from darknet_py.classify.class_lines import judged

    plain = opened.graph.fork.log.valid_names_images
    # AlexeyAB's `valid` breaks the line before its figures, so that training can rewrite them.
    alexeyab = way == "valid" and not plain
    if alexeyab:
        yield " TOP calculation...\n"
    for one in results:
        lines = judged(one, opened.topk, names_image=way == "valid" and plain)
        yield "".join(f"\n{line}" if alexeyab else f"{line}\n" for line in lines)
    if alexeyab:
        yield "\n"


def _by_splits(results: Iterable[Judged], opened: Opened, way: str, images: int) -> Iterator[str]:
    """A line about every thousand images; the C programs divide by 0 for fewer in all."""
    from darknet_py.classify.class_lines import split

    splits = max(1, images // SPLIT)
    number, before, start = 1, 0, time.perf_counter()
    one = None
    for one in results:
        if one.count == number * images // splits:
            yield split(one, opened.topk, number, time.perf_counter() - start, one.count - before)
            number, before, start = number + 1, one.count, time.perf_counter()
    if one and one.count > before:  # some could not be read
        yield split(one, opened.topk, number, time.perf_counter() - start, one.count - before)


def _warn(unclear: list[str], images: int) -> None:
    if unclear:
        message = f"{len(unclear)} of {images} images have not just one label, the first is"
        click.echo(f"warning: {message} {unclear[0]}", err=True)
