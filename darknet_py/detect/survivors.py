"""What remains of the boxes of a batch: moved onto their pictures, ordered, suppressed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from darknet_py.detect import nms
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression
from darknet_py.detect.geometry import Placement, scaled_sizes, to_image


def survivors(
    found: Candidates,
    placements: Sequence[Placement],
    suppression: Suppression,
    threshold: float,
) -> Candidates:
    """Boxes relative to their pictures, in the C programs' order, losers with a score of 0.

    placements: one per picture of the batch, all for one network; threshold: 0 keeps all. What
    comes back is in the main memory.
    """
    if not placements:
        return found
    scaled = scaled_sizes(placements, found.boxes.device)[found.image]
    net_size = placements[0].net_width, placements[0].net_height
    boxes = to_image(found.boxes, scaled, net_size)
    found = Candidates(found.image, boxes, found.objectness, found.scores).cpu()
    order = nms.printing_order(found)
    ordered = found.select(torch.from_numpy(order))
    if threshold > 0:
        # Of equal scores the earlier row wins: the one that was earlier before it was moved.
        rows, classes = nms.losers(found, suppression.kind, threshold, suppression.beta)
        moved = np.empty_like(order)
        moved[order] = np.arange(len(order))
        ordered.drop(moved[rows], classes)
    return ordered
