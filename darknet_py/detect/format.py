"""Results as text, in the words and digits of the two programs: lines, JSON, label files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.detect.result_text import track_words
from darknet_py.files import encoded, replacing
from darknet_py.forks import Fork
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph

if TYPE_CHECKING:
    from darknet_py.detect.result import Result


def head_lines(graph: Graph) -> list[str]:
    """` Detection layer: 82 - type = 28 ` for each head, as AlexeyAB's program announces them."""
    if not graph.fork.log.announces_heads:
        return []
    layers = ((index, graph.nodes[index].layer) for index in graph.heads)
    return [
        f" Detection layer: {index} - type = {layer.ANNOUNCED} "
        for index, layer in layers
        if isinstance(layer, Head) and layer.ANNOUNCED is not None
    ]


def lines(result: Result, fork: Fork, extended: bool = False) -> Iterator[str]:
    """The time line and a line per object; `extended` adds pixels as -ext_output does."""
    if fork.log.seconds:
        yield f"{result.path}: Predicted in {result.milliseconds / 1000:f} seconds."
    else:
        yield f"{result.path}: Predicted in {result.milliseconds:f} milli-seconds."
    rows: Sequence[int]
    rows = range(len(result)) if fork.log.suppression_order else from_left(result)
    if fork.log.best_class_only:
        rows = sorted(result.best())
    pixels = result.boxes.xywh.tolist()
    for row in rows:
        name = result.name(int(result.boxes.class_id[row]))
        percent = f"{name}{track_words(result, row)}: {result.boxes.confidence[row] * 100:.0f}%"
        yield percent + (_in_pixels(*pixels[row]) if extended else "")


def from_left(result: Result) -> list[int]:
    """AlexeyAB's order: boxes by their left edge, the best class of a box first."""
    left = result.boxes.xywhn[:, 0] - result.boxes.xywhn[:, 2] / 2
    best = {int(result.boxes.box[row]): row for row in result.best()}
    rest: dict[int, list[int]] = {box: [] for box in best}
    for row in sorted(set(result.ranked()), key=lambda row: int(result.boxes.class_id[row])):
        box = int(result.boxes.box[row])
        if row != best[box]:
            rest[box].append(row)
    boxes = sorted(best, key=lambda box: left[best[box]])
    return [row for box in boxes for row in (best[box], *rest[box])]


def _in_pixels(x: float, y: float, w: float, h: float) -> str:
    numbers = [_rounded(value) for value in (x - w / 2, y - h / 2, w, h)]
    left, top, width, height = (f"{number:4.0f}" for number in numbers)
    return f"\t(left_x: {left}   top_y: {top}   width: {width}   height: {height})"


def _rounded(value: float) -> float:
    """C's round: halves away from zero."""
    return math.copysign(math.floor(abs(value) + 0.5), value)


def write_json(path: Path, entries: Sequence[str]) -> None:
    """AlexeyAB's `-out` file; it appears whole or not at all."""
    with replacing(path) as file:
        file.write(encoded("[\n" + ", \n".join(entries) + "\n]"))


def write_labels(path: Path, result: Result) -> None:
    """A YOLO label file of the best class of each box, as -save_labels writes it: also of those
    that are not shown."""
    rows = sorted(result.best(hidden=True))
    with replacing(path, durable=False) as file:  # one for each image of a folder
        for row in rows:
            x, y, w, h = result.boxes.xywhn[row]
            line = f"{result.boxes.class_id[row]} {x:2.4f} {y:2.4f} {w:2.4f} {h:2.4f}\n"
            file.write(encoded(line))
