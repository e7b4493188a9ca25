"""A page of the images that a survey found faults with."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from darknet_py.data.contact_sheet import Mark, Tile, contact_sheet
from darknet_py.errors import ImageError
from darknet_py.images.io import Pixels, read_image, to_bgr
from darknet_py.validate.dataset_report import Survey
from darknet_py.validate.inspection import Inspection, inspect
from darknet_py.validate.issues import KINDS, Finding

TILES = 32
"""Images on a page at most."""
NAMED = 8
"""Boxes over which those without a fault bear no name."""
GOOD, BAD = (90, 160, 40), (40, 40, 220)
"""Colours (blue, green, red) of labels without and with a fault."""


def draw_page(surveys: Sequence[Survey], tiles: int = TILES) -> Pixels:
    """A BGR page (H, W, 3): images with all their boxes, the faulty ones red, and what is wrong.

    All kinds of faults have their turn before the second image of one kind.
    """
    chosen = [(survey, image) for survey in surveys for image in _faulty(survey)]
    shown = [_tile(survey, image) for survey, image in chosen[:tiles]]
    names = ", ".join(survey.path for survey in surveys)
    if not shown:
        return contact_sheet([], f"{names}: no image with a fault")
    title = f"{names}: {len(shown)} images with faults (red)"
    more = len(chosen) - len(shown)
    return contact_sheet(shown, f"{title}, {more} more are not shown" if more else title)


def _faulty(survey: Survey) -> list[str]:
    """Images with kept findings, each once."""
    kinds = [kind for kind in survey.findings.found() if survey.findings.level(kind) != "note"]
    columns = (survey.findings.kept[kind] for kind in kinds)
    turns: Iterator[Finding | None] = chain.from_iterable(zip_longest(*columns))
    images = (finding.image for finding in turns if finding is not None and finding.image)
    return list(dict.fromkeys(images))


def _tile(survey: Survey, image: str) -> Tile:
    found = inspect(image, survey.frame)
    others = (
        finding
        for kind in ("listed-twice", "overlap", "shared-label")
        for finding in survey.findings.kept[kind]
        if finding.image == image
    )
    findings = [
        finding
        for finding in (*found.findings, *others)
        if survey.findings.level(finding.kind) != "note"
    ]
    captions = (os.path.basename(image), *_captions(findings))
    try:
        pixels = to_bgr(read_image(image))
    except ImageError:
        return Tile(None, caption=captions)
    return Tile(pixels, tuple(_marks(found, findings, survey)), captions)


def _captions(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each kind; the file's name is said above."""
    for kind in dict.fromkeys(finding.kind for finding in findings):
        cases = (
            f"line {finding.location.line}: {finding.message}"
            if finding.location.line
            else finding.message
            for finding in findings
            if finding.kind == kind
        )
        yield f"{KINDS[kind].title}: {'; '.join(cases)}"


def _marks(found: Inspection, findings: Sequence[Finding], survey: Survey) -> Iterator[Mark]:
    faulty = {finding.location.line for finding in findings}
    crowded = len(found.rows) > NAMED
    for line, row in zip(found.lines.tolist(), found.rows.tolist(), strict=True):
        class_id, x, y, w, h = row
        bad = line in faulty
        words = survey.name(int(class_id)) or f"{class_id:.0f}"
        if all(map(math.isfinite, row)):
            box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            yield Mark(box, BAD if bad else GOOD, words if bad or not crowded else "", bad)
