"""What `classifier valid`, `valid10`, `validcrop`, `validfull` and `validmulti` print."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from darknet_py.classify.load_classifier import LoadedClassifier, load_classifier
from darknet_py.data.class_labels import ClassLabels, read_class_labels
from darknet_py.network.darknet_lines import Said, inference_lines, say, told_keys
from darknet_py.options.inference import ListedOptions

if TYPE_CHECKING:
    from darknet_py.classify.accuracy import RunningAccuracy

TOLD = {"labels": "data/labels.list", "valid": "data/train.list", "classes": "2"}
"""Keys of the .data file that Darknet has defaults of."""
SPLIT = 1000
"""Images between two lines of `validcrop`."""


def validate(options: ListedOptions, way: str) -> int:
    """Print how often the network is right; returns 1 where not one image could be read, else 0.

    Each that cannot be read is named, and left out.
    """
    loaded = load_classifier(options)
    assert loaded.data is not None
    labels = read_class_labels(loaded.data, None)
    images = loaded.images("valid", "data/train.list")
    leaves = loaded.leaves() if way == "valid" else None

    from darknet_py.classify.accuracy import running_accuracy

    classifier = loaded.classifier(tree=way != "validcrop", leaves=leaves)
    if options.as_darknet:
        say(_start(loaded, way))
    report = loaded.failures.report
    results = running_accuracy(
        classifier, images, labels, loaded.topk, way, batch=options.batch, on_error=report
    )
    lines = _by_splits if way == "validcrop" else _by_images
    unclear = list[str]()
    for text in lines(_noting(results, labels, unclear), loaded, way, len(images)):
        click.echo(text, nl=False)
    _warn(unclear, len(images))
    left_out = loaded.failures.count
    if left_out:
        message = f"{left_out} of {len(images)} images could not be read and do not count"
        click.echo(f"warning: {message}", err=True)
    return int(left_out == len(images))


def _start(loaded: LoadedClassifier, way: str) -> Iterator[Said]:
    """All but `valid` read the cfg as for a training, with its batch."""
    net = loaded.graph.net
    alone = way == "valid"
    yield from inference_lines(
        loaded.graph,
        loaded.plan,
        loaded.options.chosen_device,
        batch=1 if alone else net.mini_batch,
        train=not alone,
    )
    yield from told_keys(loaded.data, {**TOLD, **({} if loaded.options.top else {"top": "1"})})


def _noting(
    results: Iterable[RunningAccuracy], labels: ClassLabels, unclear: list[str]
) -> Iterator[RunningAccuracy]:
    """The results; what is unclear about their labels is added to a list."""
    for one in results:
        complaint = labels.unclear(one.path)
        if complaint:
            unclear.append(complaint)
        yield one


def _by_images(
    results: Iterable[RunningAccuracy], loaded: LoadedClassifier, way: str, images: int
) -> Iterator[str]:
    from darknet_py.classify.classifier_lines import accuracy_lines

    plain = loaded.graph.fork.log.valid_names_images
    # AlexeyAB's `valid` breaks the line before its numbers, so that training can rewrite them.
    alexeyab = way == "valid" and not plain
    if alexeyab:
        yield " TOP calculation...\n"
    for one in results:
        lines = accuracy_lines(one, loaded.topk, names_image=way == "valid" and plain)
        yield "".join(f"\n{line}" if alexeyab else f"{line}\n" for line in lines)
    if alexeyab and not loaded.options.as_darknet:
        yield "\n"


def _by_splits(
    results: Iterable[RunningAccuracy], loaded: LoadedClassifier, way: str, images: int
) -> Iterator[str]:
    """A line about every thousand images; the C programs divide by 0 for fewer in all."""
    from darknet_py.classify.classifier_lines import part_line

    splits = max(1, images // SPLIT)
    number, before, start = 1, 0, time.perf_counter()
    one = None
    for one in results:
        if one.count == number * images // splits:
            yield part_line(
                one, loaded.topk, number, time.perf_counter() - start, one.count - before
            )
            number, before, start = number + 1, one.count, time.perf_counter()
    if one and one.count > before:  # some could not be read
        yield part_line(one, loaded.topk, number, time.perf_counter() - start, one.count - before)


def _warn(unclear: list[str], images: int) -> None:
    if unclear:
        message = f"{len(unclear)} of {images} images have not just one label, the first is"
        click.echo(f"warning: {message} {unclear[0]}", err=True)
