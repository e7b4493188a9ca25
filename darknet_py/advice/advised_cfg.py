"""What of a cfg should change for a data set, and why: each change with its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darknet_py.advice.advice_report import AdvisedChange, ObjectFacts
from darknet_py.advice.anchor_advice import AnchorFit, new_anchors, new_fit, own_fit
from darknet_py.advice.cfg_choices import CfgChoices, edited_cfg
from darknet_py.advice.device_memory import MemoryFit, memory_fit
from darknet_py.advice.facts import object_facts
from darknet_py.advice.measured_set import MeasuredSet
from darknet_py.advice.schedule import (
    BATCHES_PER_CLASS,
    LEAST_BATCHES,
    batches_for,
    sided_names,
    usual_batch,
)
from darknet_py.anchors.cfg_anchors import heads_of
from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.edited_text import OptionChange
from darknet_py.errors import DataError
from darknet_py.network.graph import Graph
from darknet_py.options.advising import SuitedOptions

WORTH = 0.05
"""Of average IoU that new anchors must gain: pre-trained weights know the old ones."""
LONG = 2
"""A training that is up to so many times longer than it need be is left as it is."""


@dataclass(frozen=True, eq=False)
class AdvisedParts:
    """What is known when the changes are worked out; graph: with the recommended input."""

    measured: MeasuredSet
    graph: Graph
    before: ObjectFacts
    after: ObjectFacts
    own: AnchorFit
    new: AnchorFit | None
    anchors: Sizes | None
    memory: MemoryFit

    @property
    def gains(self) -> bool:
        """Whether new anchors are worth it."""
        if self.new is None:
            return False
        return self.new.average_iou - self.own.average_iou >= WORTH


def advised_parts(
    measured: MeasuredSet, graph: Graph, sized: Graph, options: SuitedOptions
) -> AdvisedParts:
    """What the advice on a cfg rests on; sized: the graph with the recommended input.

    Raises DarknetError for a cfg without anchors, and for a device that is not there.
    """
    heads = heads_of(sized)
    boxes = measured.at(sized.net.width, sized.net.height, sized.letter_box)
    try:
        anchors = new_anchors(boxes, heads, options.seed)
    except DataError:  # fewer different boxes than anchors
        anchors = None
    return AdvisedParts(
        measured=measured,
        graph=sized,
        before=object_facts(measured, graph),
        after=object_facts(measured, sized),
        own=own_fit(boxes, heads),
        new=None if anchors is None else new_fit(boxes, heads, anchors),
        anchors=anchors,
        memory=memory_fit(sized, usual_batch(sized.net.batch), options.chosen_device),
    )


def advised_changes(parts: AdvisedParts) -> list[AdvisedChange]:
    """The lines that should change, in their order."""
    edited = edited_cfg(parts.graph, advised_choices(parts))
    reasons = _reasons(parts)
    return [_with_reason(change, reasons) for change in edited.changes]


def advised_choices(parts: AdvisedParts) -> CfgChoices:
    """What the cfg should say, None where it may stay as it is."""
    net, measured = parts.graph.net, parts.measured
    batches = batches_for(measured.classes, measured.images)
    batch = usual_batch(net.batch)
    fits = batch == net.batch and parts.memory.fits_with(net.subdivisions)
    return CfgChoices(
        classes=measured.classes,
        anchors=parts.anchors if parts.gains else None,
        batch=batch,
        subdivisions=None if fits else parts.memory.subdivisions,
        max_batches=None if batches <= net.max_batches <= LONG * batches else batches,
        flip=0 if sided_names(measured.names) else None,
    )


def _with_reason(change: OptionChange, reasons: dict[str, str]) -> AdvisedChange:
    reason = reasons[change.key]
    return AdvisedChange(change.line, change.section, change.key, change.old, change.new, reason)


def _reasons(parts: AdvisedParts) -> dict[str, str]:
    """Key -> why it should have another value."""
    measured, memory = parts.measured, parts.memory
    size, anchors = _of_size(parts), _of_anchors(parts)
    length = f"{BATCHES_PER_CLASS} for each of {measured.classes} classes, at least "
    length += f"{LEAST_BATCHES} and the {measured.images} images"
    return {
        "width": size,
        "height": size,
        "batch": "images of an update; with fewer it does not learn well",
        "subdivisions": memory.text(),
        "max_batches": length,
        "steps": "the learning rate falls at 80 and 90 % of max_batches",
        "scales": "one for each of steps=",
        "flip": f"mirrored they would be others: {', '.join(sided_names(measured.names)[:4])}",
        "classes": f"{measured.path} has {measured.classes}",
        "filters": "anchors of the head x (classes + coordinates + 1)",
        "output": "side x side x (classes + num x (coords + 1))",
        "anchors": anchors,
        "mask": "anchors under 30 pixels to stride 8, under 60 to 16, the rest to 32",
        "num": "how many anchors there are",
    }


def _of_size(parts: AdvisedParts) -> str:
    """Why the input should be another one; it may be what was asked for on the command line."""
    before, after = parts.before, parts.after
    text = f"{before.under_16:.1%} of the objects are under 16 x 16 pixels at {before.width} x "
    text += f"{before.height}, {after.under_16:.1%} at {after.width} x {after.height}"
    if before.width * after.height == after.width * before.height:
        return text
    ratio = float(np.median(parts.measured.image_sizes[:, 0] / parts.measured.image_sizes[:, 1]))
    return f"{text}; the images are {ratio:.2f} times as wide as high"


def _of_anchors(parts: AdvisedParts) -> str:
    if parts.new is None:
        return ""
    return f"average IoU {parts.own.average_iou:.1%} -> {parts.new.average_iou:.1%}"
