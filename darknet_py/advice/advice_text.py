"""`advise` in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from darknet_py.advice.advice_report import (
    Advice,
    AdvisedChange,
    BaseFacts,
    ClassFacts,
    DataFacts,
    ObjectFacts,
)
from darknet_py.advice.anchor_advice import AnchorFit

SHOWN_CLASSES = 12
LONG_KEYS = ("anchors",)
"""Whose values are said once where all heads get the same."""


def advice_text(advice: Advice) -> str:
    """Everything, each part under a line that names it."""
    parts = [
        "\n".join(_data_lines(advice.data)),
        "\n".join(_base_lines(advice)) if advice.bases else "",
        "\n".join(_object_lines(advice)),
        "\n".join(_anchor_lines(advice)),
        f"memory: {advice.memory.text()}",
        "\n".join(_change_lines(advice)),
        "\n".join(f"note: {note}" for note in advice.notes),
        f"next: {shlex.join(advice.command)}",
    ]
    return "\n\n".join(part for part in parts if part)


def _data_lines(data: DataFacts) -> Iterator[str]:
    yield (
        f"{data.path}: {data.images} images, {data.labels} labels, {data.classes} classes "
        f"(`darknet-py check {shlex.quote(data.path)}` lists what is wrong with them)"
    )
    typical, smallest, largest = (
        f"{width} x {height}" for width, height in (data.typical, data.smallest, data.largest)
    )
    spread = f"typically {typical}, from {smallest} to {largest}"
    yield f"  image sizes: {typical if smallest == largest else spread}"
    yield "  labels of each class, and images it is in:"
    rows = sorted(data.per_class, key=lambda row: -row.labels)
    half = SHOWN_CLASSES // 2
    left = len(rows) - SHOWN_CLASSES
    for row in rows if left <= 0 else rows[:half]:
        yield _class_line(row)
    if left > 0:
        yield f"    ... {left} more ..."
        yield from map(_class_line, rows[-half:])


def _class_line(row: ClassFacts) -> str:
    return f"    {row.name}: {row.labels} in {row.images}"


def _base_lines(advice: Advice) -> Iterator[str]:
    yield "cfgs to start from, each with the input that suits these objects:"
    for base in advice.bases:
        yield _base_line(base)


def _base_line(base: BaseFacts) -> str:
    mark = "->" if base.chosen else "  "
    parts = base.memory.subdivisions if base.memory.fits else "none fits"
    return (
        f"{mark} {base.name:<15} {base.width} x {base.height}, {base.bflops:6.1f} BFLOPs an image, "
        f"finest stride {base.finest_stride:g} ({base.under_cell:.1%} of the objects are smaller), "
        f"batch={base.memory.batch} needs subdivisions={parts}"
    )


def _object_lines(advice: Advice) -> Iterator[str]:
    yield f"objects in {advice.cfg}:"
    yield from _sizes_at(advice.objects)
    new = advice.advised_objects
    if (new.width, new.height) != (advice.objects.width, advice.objects.height):
        yield from _sizes_at(new)


def _sizes_at(objects: ObjectFacts) -> Iterator[str]:
    low, middle, high = objects.sides
    yield (
        f"  at {objects.width} x {objects.height}: half of them are under {middle:.0f} pixels "
        f"(root of the area), 5 % under {low:.0f}, 5 % over {high:.0f}; "
        f"{objects.under_16:.1%} under 16 x 16"
    )
    for head in sorted(objects.heads, key=lambda head: head.stride):
        yield (
            f"    layer {head.layer} [{head.kind}], stride {head.stride:g}: {head.under_cell:.1%} "
            "are smaller than a cell"
        )


def _anchor_lines(advice: Advice) -> Iterator[str]:
    size = f"{advice.advised_objects.width} x {advice.advised_objects.height}"
    yield f"anchors at {size}:"
    yield f"  those of the cfg: {_fit_text(advice.own_anchors, advice)}"
    if advice.new_anchors is None:
        yield "  new ones: there are fewer different boxes than anchors"
        return
    yield f"  new ones by k-means: {_fit_text(advice.new_anchors, advice)}"


def _fit_text(fit: AnchorFit, advice: Advice) -> str:
    thresh = "" if fit.over_thresh is None else f", {fit.over_thresh:.1%} over iou_thresh"
    heads = zip(advice.advised_objects.heads, fit.by_head, strict=True)
    shares = ", ".join(f"stride {head.stride:g} {share:.1%}" for head, share in heads)
    return (
        f"average IoU {fit.average_iou:.1%}, {fit.over_half:.1%} of the labels over .5{thresh}; "
        f"labels go to {shares}"
    )


def _change_lines(advice: Advice) -> Iterator[str]:
    if not advice.changes:
        yield f"{advice.cfg}: suits the data set as it is"
        return
    yield f"lines of {advice.cfg} that should change:"
    said: dict[tuple[str, str | None, str], int] = {}
    for change in advice.changes:
        same = said.setdefault((change.key, change.old, change.new), change.line)
        yield _change_line(change, same if change.key in LONG_KEYS else change.line)


def _change_line(change: AdvisedChange, same: int) -> str:
    """same: the line where just this has been said, or its own."""
    where = f"  line {change.line}: [{change.section}] "
    if same != change.line:
        return f"{where}{change.key}: as in line {same}"
    if change.old is None:
        return f"{where}add {change.key}={change.new}: {change.reason}"
    return f"{where}{change.key}={change.old} -> {change.new}: {change.reason}"
