"""What remains of the boxes of a batch: moved onto their pictures, ordered, suppressed."""

from __future__ import annotations

from collections.abc import Sequence

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

    placements: one per picture of the batch, all for one network; threshold: 0 keeps all.
    """
    if not placements:
        return found
    scaled = scaled_sizes(placements, found.boxes.device)[found.image]
    net_size = placements[0].net_width, placements[0].net_height
    boxes = to_image(found.boxes, scaled, net_size)
    found = Candidates(found.image, boxes, found.objectness, found.scores)
    order = nms.printing_order(found)
    if threshold > 0:
        found = nms.suppress(found, suppression.kind, threshold, suppression.beta)
    return found.select(order)
