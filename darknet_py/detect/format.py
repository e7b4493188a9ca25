"""Results as text, in the words and digits of the two programs: lines, JSON, label files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
    for row in rows:
        name = result.name(int(result.boxes.class_id[row]))
        percent = f"{name}: {result.boxes.confidence[row] * 100:.0f}%"
        yield percent + (_pixels(result, row) if extended else "")


def from_left(result: Result) -> list[int]:
    """AlexeyAB's order: boxes by their left edge, the best class of a box first."""
    left = result.boxes.xywhn[:, 0] - result.boxes.xywhn[:, 2] / 2
    best = {int(result.boxes.box[row]): row for row in result.best()}
    shown = set(result.ranked())
    boxes = sorted(best, key=lambda box: left[best[box]])
    rows = []
    for box in boxes:
        rest = [r for r in shown if result.boxes.box[r] == box and r != best[box]]
        rows += [best[box], *sorted(rest, key=lambda r: result.boxes.class_id[r])]
    return rows


def _pixels(result: Result, row: int) -> str:
    x, y, w, h = (float(value) for value in result.boxes.xywh[row])
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
    """A YOLO label file of the best class of each box, as -save_labels writes it."""
    rows = sorted(result.best())
    with replacing(path, durable=False) as file:  # one for each image of a folder
        for row in rows:
            x, y, w, h = result.boxes.xywhn[row]
            line = f"{result.boxes.class_id[row]} {x:2.4f} {y:2.4f} {w:2.4f} {h:2.4f}\n"
            file.write(encoded(line))
