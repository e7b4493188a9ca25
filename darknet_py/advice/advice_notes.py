"""What to say of a data set and a network beside the lines of the cfg."""

from __future__ import annotations

from collections.abc import Iterator

from darknet_py.advice.advice_report import DataFacts
from darknet_py.advice.advised_cfg import AdvisedParts
from darknet_py.advice.base_choice import EXACT, FINE
from darknet_py.advice.finer_head import finer_head
from darknet_py.advice.input_size import MOST_SMALL
from darknet_py.advice.schedule import ENOUGH_IMAGES

UNEVEN = 10
"""Times as many labels of one class as of another, from which on that is said."""
RAREST = 5
FINE_STRIDE = 8


def notes_on(facts: DataFacts, parts: AdvisedParts) -> Iterator[str]:
    """Sentences, the most important first."""
    yield from _left_out(facts, parts)
    yield from _of_classes(facts)
    yield from _of_small_objects(parts)
    if not parts.memory.fits:
        cure = "make width and height smaller, or use another base"
        yield f"{parts.memory.text()}: too much even one by one; {cure}"
    if facts.empty:
        yield (
            f"{facts.empty} images have no labels: they teach what is none of the objects, if that "
            "is what they show"
        )


def _left_out(facts: DataFacts, parts: AdvisedParts) -> Iterator[str]:
    if facts.unreadable:
        first = parts.measured.first_unreadable
        yield f"{facts.unreadable} images cannot be read and are left out, the first is {first}"
    if facts.refused:
        first = parts.measured.first_refused
        yield f"{facts.refused} labels are no boxes and are left out, the first in {first}"
    if facts.beyond:
        yield f"{facts.beyond} labels are of a class beyond classes={facts.classes}"


def _of_classes(facts: DataFacts) -> Iterator[str]:
    rows = sorted(facts.per_class, key=lambda row: row.images)
    rare = [row for row in rows if row.images < ENOUGH_IMAGES]
    if rare:
        some = ", ".join(f"{row.name} {row.images}" for row in rare[:RAREST])
        some += " ..." if len(rare) > RAREST else ""
        yield (
            f"{len(rare)} of {facts.classes} classes are in fewer than {ENOUGH_IMAGES} images, "
            f"which is the number to aim at: {some}"
        )
    labels = [row.labels for row in rows if row.labels]
    if labels and max(labels) >= UNEVEN * min(labels):
        yield (
            f"the commonest class has {max(labels)} labels, the rarest {min(labels)}: "
            "counters_per_class= in the heads evens that out (calc_anchors writes the line)"
        )


def _of_small_objects(parts: AdvisedParts) -> Iterator[str]:
    after = parts.after
    finest = min(head.stride for head in after.heads)
    under = min(head.under_cell for head in after.heads)
    if finest > FINE_STRIDE and under > MOST_SMALL:
        yield (
            f"{under:.1%} of the objects are smaller than a cell of the finest head (stride "
            f"{finest:g}): {FINE} and {EXACT} have one of stride {FINE_STRIDE}"
        )
        return
    if after.under_16 > MOST_SMALL:
        yield (
            f"{after.under_16:.1%} of the objects are under 16 x 16 pixels even at {after.width} x "
            f"{after.height}: train on cut-outs of the images, and find them with `detect --tile`"
        )
        if lines := finer_head(parts.graph):
            words = "; ".join(f"line {one.line}: {one.key}={one.old} -> {one.new}" for one in lines)
            yield f"or give the finest head a stride of 4, and then make new anchors: {words}"
