"""What classifiers say, in the words and digits of both programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from darknet_py.classify.accuracy import RunningAccuracy
from darknet_py.classify.classifier import Scores, top
from darknet_py.forks import Fork
from darknet_py.layers.tree import Tree
from darknet_py.network.graph import Graph

HUNDREDTHS = 100.0


def header(graph: Graph, classes: int) -> str | None:
    """AlexeyAB's line before the first prediction: the channels its last layer reads."""
    if not graph.fork.log.announces_classes:
        return None
    last = graph.nodes[-1]
    channels = 0 if last.layer.IS_LOSS else last.shapes[0].c
    return f" classes = {classes}, output in cfg = {channels} "


def prediction(
    scores: Scores, names: Sequence[str], count: int, fork: Fork, tree: Tree | None
) -> Iterator[str]:
    """A line for each of the `count` best classes."""
    for number in top(scores, count):
        share, name = float(scores[number]), names[number]
        if fork.log.percents:
            yield f"{share * HUNDREDTHS:5.2f}%: {name}"
        elif tree:
            parent = tree.parents[number]
            above = names[parent] if parent >= 0 else "Root"
            yield f"{number}, {name}: {share:f}, parent: {above} "
        else:
            yield f"{name}: {share:f}"


def timing(path: str, seconds: float, fork: Fork) -> str:
    if fork.log.seconds:
        return f"{path}: Predicted in {seconds:f} seconds."
    return f"{path}: Predicted in {seconds * 1000:f} milli-seconds."


def accuracy_lines(one: RunningAccuracy, topk: int, names_image: bool) -> Iterator[str]:
    """The line of accuracy; before it pjreddie's `valid` names the image and two scores."""
    if names_image:
        first, second = (*one.scores[:2].tolist(), 0.0)[:2]
        yield f"{one.path}, {one.label}, {first:f}, {second:f}, "
    yield f"{one.count - 1}: top 1: {one.top1:f}, top {topk}: {one.topk:f}"


def part_line(one: RunningAccuracy, topk: int, number: int, seconds: float, images: int) -> str:
    """The line of `validcrop` after its number-th part of the images."""
    accuracy = f"{number}: top 1: {one.top1:f}, top {topk}: {one.topk:f}"
    return f"{accuracy}, {seconds:f} seconds, {images} images\n"
