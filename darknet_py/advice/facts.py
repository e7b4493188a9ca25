"""A data set in numbers that are shown: what it holds, and how large its objects are."""

from __future__ import annotations

import numpy as np

from darknet_py.advice.advice_report import ClassFacts, DataFacts, HeadFacts, ObjectFacts
from darknet_py.advice.input_size import small_share
from darknet_py.advice.measured_set import MeasuredSet
from darknet_py.anchors.cfg_anchors import heads_of
from darknet_py.network.graph import Graph

PERCENTILES = (5, 50, 95)


def data_facts(measured: MeasuredSet) -> DataFacts:
    """What the data set holds, class by class."""
    sides = measured.image_sizes
    order = np.argsort(sides.prod(axis=1), kind="stable")
    some = [sides[order[place]] for place in (len(order) // 2, 0, -1)]
    typical, smallest, largest = ((int(width), int(height)) for width, height in some)
    counts = zip(measured.labels_per_class, measured.images_per_class, strict=True)
    rows = tuple(
        ClassFacts(measured.name(number), labels, images)
        for number, (labels, images) in enumerate(counts)
    )
    return DataFacts(
        path=measured.path,
        images=measured.images,
        labels=measured.labels,
        classes=measured.classes,
        empty=measured.empty,
        unreadable=measured.unreadable,
        refused=measured.refused,
        beyond=measured.beyond,
        typical=typical,
        smallest=smallest,
        largest=largest,
        per_class=rows[: measured.classes],
    )


def object_facts(measured: MeasuredSet, graph: Graph) -> ObjectFacts:
    """The objects at the input of a graph, and over the cells of its heads."""
    width, height = graph.net.width, graph.net.height
    boxes = measured.at(width, height, graph.letter_box)
    low, middle, high = np.percentile(np.sqrt(boxes.prod(axis=1)), PERCENTILES).tolist()
    heads = tuple(
        HeadFacts(
            layer=head.index,
            line=head.layer.location().line,
            kind=head.layer.kind,
            stride=head.stride,
            under_cell=small_share(boxes, head.stride),
        )
        for head in heads_of(graph)
    )
    return ObjectFacts(width, height, (low, middle, high), small_share(boxes), heads)
