"""A page of the images that have issues."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from darknet_py.errors import ImageError
from darknet_py.images.contact_sheet import BoxMark, SheetTile, contact_sheet
from darknet_py.images.io import Pixels, read_image, to_bgr
from darknet_py.validate.dataset_report import DatasetReport
from darknet_py.validate.inspection import Inspection, inspect_image
from darknet_py.validate.issues import KINDS, Issue

TILES = 32
"""Images on a page at most."""
NAMED = 8
"""More boxes than this, and those without an issue bear no name."""
GOOD, BAD = (90, 160, 40), (40, 40, 220)
"""Colours (blue, green, red) of labels without and with an issue."""


def draw_page(reports: Sequence[DatasetReport], tiles: int = TILES) -> Pixels | None:
    """A BGR page (H, W, 3): images with all their boxes, the faulty ones red, and what is wrong.

    All kinds of issues have their turn before the second image of one kind. None where no image
    has a fault.
    """
    chosen = [(report, image) for report in reports for image in _faulty(report)]
    shown = [_tile(report, image) for report, image in chosen[:tiles]]
    names = ", ".join(report.path for report in reports)
    if not shown:
        return None
    title = f"{names}: {len(shown)} images with faults (red)"
    more = len(chosen) - len(shown)
    return contact_sheet(shown, f"{title}, {more} more are not shown" if more else title)


def _faulty(report: DatasetReport) -> list[str]:
    """Images with kept issues, each once."""
    kinds = [kind for kind in report.issues.kinds() if report.issues.level(kind) != "note"]
    columns = (report.issues.kept[kind] for kind in kinds)
    turns: Iterator[Issue | None] = chain.from_iterable(zip_longest(*columns))
    images = (issue.image for issue in turns if issue is not None and issue.image)
    return list(dict.fromkeys(images))


def _tile(report: DatasetReport, image: str) -> SheetTile:
    inspection = inspect_image(image, report.rules)
    others = (
        issue
        for kind in ("listed-twice", "overlap", "shared-label")
        for issue in report.issues.kept[kind]
        if issue.image == image
    )
    issues = [
        issue
        for issue in (*inspection.issues, *others)
        if report.issues.level(issue.kind) != "note"
    ]
    captions = (os.path.basename(image), *_captions(issues))
    try:
        pixels = to_bgr(read_image(image, honour_exif=report.rules.fork.images.upright))
    except ImageError:
        return SheetTile(None, caption=captions)
    return SheetTile(pixels, tuple(_marks(inspection, issues, report)), captions)


def _captions(issues: Sequence[Issue]) -> Iterator[str]:
    """A line for each kind; the file's name is said above."""
    for kind in dict.fromkeys(issue.kind for issue in issues):
        cases = (
            f"line {issue.location.line}: {issue.message}" if issue.location.line else issue.message
            for issue in issues
            if issue.kind == kind
        )
        yield f"{KINDS[kind].title}: {'; '.join(cases)}"


def _marks(
    inspection: Inspection, issues: Sequence[Issue], report: DatasetReport
) -> Iterator[BoxMark]:
    faulty = {issue.location.line for issue in issues}
    crowded = len(inspection.rows) > NAMED
    for line, row in zip(inspection.lines.tolist(), inspection.rows.tolist(), strict=True):
        class_id, *xywh = row
        bad = line in faulty
        words = report.name(int(class_id)) or f"{class_id:.0f}"
        if all(map(math.isfinite, row)):
            shown = words if bad or not crowded else ""
            yield BoxMark.of_label(xywh, BAD if bad else GOOD, shown, bad)
