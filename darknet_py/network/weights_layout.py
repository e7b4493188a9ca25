"""Where each layer lies in a .weights file, worked out from the cfg and the file's size alone.

Nothing here allocates tensors or imports torch: a file that does not fit is refused first.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from darknet_py.errors import DarknetError, WeightsError
from darknet_py.layers.base import Stored
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.network.weights_header import Header, measured

Content = bytes
"""Of a whole file."""


@dataclass(frozen=True)
class Layout:
    """A file that fits: its layers, where it stops, and how many floats that takes.

    starts: of each of the layers, floats before it in the file. covered: layers before this index
    are in it. partial: the file ends there, at a layer boundary. misfit: why layers are left out of
    a file that does not fit, "" for one that does. missing: layers with tensors that are left out.
    content: the file's bytes where they are in memory already.
    """

    path: str
    header: Header
    layers: tuple[int, ...]
    starts: tuple[int, ...]
    covered: int
    floats: int
    partial: bool
    bytes: int
    missing: tuple[int, ...] = ()
    misfit: str = ""
    content: Content | None = field(default=None, repr=False, compare=False)

    @property
    def is_file(self) -> bool:
        """False where no file was given; path is the cfg's then."""
        return self.bytes > 0

    def opened(self) -> BinaryIO:
        """The file, at its beginning."""
        return open(self.path, "rb") if self.content is None else io.BytesIO(self.content)


def loaded(graph: Graph, index: int) -> Iterator[Stored]:
    """The tensors of a layer that loading takes from the file."""
    layer = graph.nodes[index].layer
    if layer.dontload:
        return
    for stored in graph.stored(index):
        skipped = layer.dontloadscales and stored.name in NORMALIZATION
        if stored.in_file and not skipped:
            yield stored


def uninitialized(graph: Graph, plan: Layout) -> list[int]:
    """Layers of which the file leaves some value open: beyond its end, or told not to load."""
    covered = set(plan.layers)
    return [
        index
        for index in range(len(graph.nodes))
        if (tensors := graph.stored(index))
        and (index not in covered or sum(map(floats_of, loaded(graph, index))) < _values(tensors))
    ]


def _values(tensors: list[Stored]) -> int:
    return sum(stored.size for stored in tensors)


NORMALIZATION = ("scales", "rolling_mean", "rolling_variance")


def floats_of(stored: Stored) -> int:
    if stored.rows is None:
        return stored.size
    return stored.size // stored.shape[0] * stored.rows


def transposed(stored: Stored, header: Header) -> tuple[int, int] | None:
    """The shape a matrix has in the file where it lies there transposed, else None."""
    if stored.transposed == "always" or (stored.transposed == "old" and header.transposed):
        outputs = stored.shape[0] if stored.rows is None else stored.rows
        return floats_of(stored) // outputs, outputs
    return None


def plan(
    graph: Graph,
    path: str | os.PathLike[str] | None,
    cutoff: int | None = None,
    start: int = 0,
    content: bytes | None = None,
) -> Layout:
    """Compare the file with the cfg; raises WeightsError that says what each has, and where.

    path: None for no file, of which Darknet's programs make random weights. start: the layer that
    the file begins with. content: the file's bytes, so that `path` is but what messages call it.
    """
    if path is None:
        return _without_file(graph)
    name = os.fspath(path)
    end = layers_before(graph, cutoff)
    size, header, have = measured(name, content)
    counts = [0] * start + counts_of(graph)[start:end]
    covered, floats = covered_by(counts, have)
    fits = floats == have or (cutoff is not None and covered == end)
    if not fits:
        raise WeightsError(f"{name}: {_mismatch(graph, counts, have, header)}")
    layers, missing = _with_tensors(counts, 0, covered), _with_tensors(counts, covered, end)
    starts = tuple(sum(counts[:index]) for index in layers)
    partial = sum(counts) > floats
    if partial and not floats:
        message = f"has a header and no weights; the cfg needs {sum(counts)} floats"
        raise WeightsError(f"{name}: {message}")
    reached = covered if partial else end
    return Layout(
        name, header, layers, starts, reached, floats, partial, size, missing, content=content
    )


RANDOM_SEED = 0
"""Of the weights of a network that is run without a file, so that they are the same each time."""


def _without_file(graph: Graph) -> Layout:
    revision = graph.fork.weights.revision
    missing = _with_tensors(counts_of(graph), 0, len(graph.nodes))
    why = f"no WEIGHTS given (seed {RANDOM_SEED})"
    return Layout(graph.path, Header(0, 2, revision, 0), (), (), 0, 0, True, 0, missing, why)


def counts_of(graph: Graph) -> list[int]:
    """Floats of each layer in a file that fits."""
    return [sum(map(floats_of, loaded(graph, index))) for index in range(len(graph.nodes))]


def _with_tensors(counts: list[int], start: int, end: int) -> tuple[int, ...]:
    return tuple(index for index in range(start, end) if counts[index])


def layers_before(graph: Graph, cutoff: int | None) -> int:
    """How many layers a cutoff leaves; Darknet takes one beyond the end as all of them."""
    if cutoff is not None and cutoff < 0:
        message = f"cutoff={cutoff}, expected a number of layers, 0 to {len(graph.nodes)}"
        raise DarknetError(f"{graph.path}: {message}")
    return len(graph.nodes) if cutoff is None else min(cutoff, len(graph.nodes))


def covered_by(counts: list[int], have: float) -> tuple[int, int]:
    """How many whole layers the file covers, and their floats."""
    total = 0
    for index, count in enumerate(counts):
        if total + count > have:
            return index, total
        total += count
    return len(counts), total


def _mismatch(graph: Graph, counts: list[int], have: float, header: Header) -> str:
    """One line: what the cfg needs, what the file has, where it runs out, what would fit."""
    need = sum(counts)
    line = f"the cfg needs {need} floats, the file has {_number(have)}"
    if have > need:
        line += f": {_number(have - need)} too many after the last layer"
    else:
        index, floats = covered_by(counts, have)
        layer = graph.nodes[index].layer
        line += f": it ends inside layer {index} [{layer.kind}] (line {layer.section.line}), "
        line += f"{_number(have - floats)} of {counts[index]} floats"
    return line + _cure(graph, have, header, have > need)


def _number(count: float) -> str:
    return (
        str(int(count)) if count == int(count) else f"{int(count)} and {int(count % 1 * 4)} bytes"
    )


NO_VERSION = (0, 0, 0)
"""Darknet's first files are of version 0.1."""
SHIFTED = (
    "its header is 4 bytes longer than its version 0.0 says, as pytorchyolo (PyTorch-YOLOv3) "
    "writes it: `darknet-py convert --repair IN OUT`"
)


def _cure(graph: Graph, have: float, header: Header, too_long: bool) -> str:
    fitting = fitting_classes(graph, have)
    if header.version == NO_VERSION and covered_by(counts_of(graph), have - 1)[1] == have - 1:
        return f"; {SHIFTED}"
    if fitting is not None:
        return f"; it fits classes={fitting[0]} in the heads (and filters= above them)"
    if header.transposed:
        return "; its version marks an old transposed file"
    return f"; the file {'' if too_long else 'is cut off, or '}belongs to another cfg"


def fitting_classes(graph: Graph, have: float) -> tuple[int, dict[int, int]] | None:
    """The class count that explains the difference, when only the heads' convolutions differ.

    Also the index of each of these convolutions, and its floats in the file. One class more or less
    changes it by anchors * (inputs + 1) floats.
    """
    slopes, classes = dict[int, int](), set[int]()
    for node in graph.nodes:
        layer = node.layer
        if not isinstance(layer, Head) or not layer.filters_per_class or not node.index:
            continue
        above = graph.stored(node.index - 1)
        filters = graph.nodes[node.index - 1].out.c
        per_filter = sum(map(floats_of, above)) // filters if filters else 0
        slopes[node.index - 1] = layer.filters_per_class * per_filter
        classes.add(layer.classes)
    counts, slope = counts_of(graph), sum(slopes.values())
    if not slope or len(classes) != 1 or (have - sum(counts)) % slope:
        return None
    more = int((have - sum(counts)) // slope)
    fitting = classes.pop() + more
    inside = {index: counts[index] + more * each for index, each in slopes.items()}
    return (fitting, inside) if fitting > 0 else None


TINY_SIZES = (35434956, 35434952)
TINY_MD5 = "3bcd6b390912c18924b46b26a9e7ff53"
TINY_NOTE = (
    "these are the published yolov3-tiny weights, trained with mask=1,2,3 in the second head; "
    "the cfg says 0,1,2 as both forks' file does: AP50 is about 19 with it and 33 with mask=1,2,3"
)


def notes_on(graph: Graph, plan: Layout) -> tuple[str, ...]:
    """What is known about exactly this file: the mask question of the published yolov3-tiny."""
    heads = graph.detection_heads
    if plan.bytes not in TINY_SIZES or len(heads) != 2 or heads[1].masks != (0, 1, 2):
        return ()
    with plan.opened() as file:
        digest = hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    return (TINY_NOTE,) if digest == TINY_MD5 else ()
