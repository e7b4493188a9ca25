"""The boxes in a program's outputs, and how two lists of them differ."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.conversion.export_boxes import suppressed
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline import PipelineOptions, candidates_of
from darknet_py.images.letterbox import Placement
from darknet_py.network.graph import Graph

CHUNK = 256


def box_rows(graph: Graph, target: ExportTarget, outputs: list[Tensor]) -> Tensor:
    """(D, 7): image, class, score, box, of outputs of the target's form.

    Boxes of form "heads" are found as `detect` finds them, with the suppression the cfg asks for.
    """
    if target.form == "nms":
        return outputs[0]
    if target.form == "boxes":
        return suppressed(outputs[0], outputs[1], target.thresh, target.nms)
    size = graph.net.width, graph.net.height
    # Images of the input's own size: their boxes stay where the network has them, as in a file.
    placements = [Placement(*size, *size)] * len(outputs[0])
    options = PipelineOptions(thresh=target.thresh, nms=target.nms)
    return _entries(candidates_of(graph, outputs, placements, options))


def _entries(candidates: Candidates) -> Tensor:
    row, number = torch.nonzero(candidates.scores > 0, as_tuple=True)
    columns = [candidates.image[row], number, candidates.scores[row, number]]
    return torch.cat(
        [torch.stack([column.float() for column in columns], 1), candidates.boxes[row]], 1
    )


@dataclass(frozen=True)
class BoxDifference:
    """boxes: in the reference. unmatched: of either side, without a partner within tolerance.

    largest: difference of score or box between partners, as a share of what is above 1.
    """

    boxes: int
    unmatched: int
    largest: float


def box_difference(
    reference: Tensor, actual: Tensor, thresh: float, tolerance: float
) -> BoxDifference:
    """Each row's partner is the nearest one of its image and class.

    A row whose score is within the tolerance of the threshold needs no partner.
    """
    here, there = reference.double(), actual.double()
    gaps = [_gaps(a, b) for a, b in ((here, there), (there, here))]
    unmatched = 0
    for table, gap in zip((here, there), gaps, strict=True):
        unmatched += int(((gap > tolerance) & (table[:, 2] > thresh + tolerance)).sum())
    near = [gap[gap <= tolerance] for gap in gaps]
    largest = max((float(gap.max()) for gap in near if len(gap)), default=0.0)
    return BoxDifference(len(reference), unmatched, largest)


def _gaps(rows: Tensor, others: Tensor) -> Tensor:
    """For each row the least difference to another of its image and class; infinite without."""
    gaps = rows.new_full((len(rows),), float("inf"))
    for kind in rows[:, :2].unique(dim=0):
        mine = (rows[:, :2] == kind).all(dim=1).nonzero()[:, 0]
        theirs = others[(others[:, :2] == kind).all(dim=1), 2:]
        # An untrained network may find ten thousand boxes of a class.
        for part in mine.split(CHUNK) if len(theirs) else ():
            gap = (rows[part, None, 2:] - theirs).abs() / rows[part, None, 2:].abs().clamp(min=1)
            gaps[part] = gap.amax(dim=2).amin(dim=1)
    return gaps
