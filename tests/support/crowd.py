"""Candidates in clusters, as a network proposes them."""

from __future__ import annotations

import torch

from darknet_py.detect.candidates import Candidates


def crowd(
    seed: int, rows: int, classes: int, images: int, filled: float, levels: int = 0
) -> Candidates:
    """Boxes in a few clusters; `filled` of the scores are not 0; `levels` > 0 makes ties."""
    random = torch.Generator().manual_seed(seed)
    centre = torch.rand(max(1, rows // 6), 4, generator=random) * 0.3 + 0.2
    pick = torch.randint(len(centre), (rows,), generator=random)
    boxes = centre[pick] * (1 + 0.12 * torch.randn(rows, 4, generator=random))
    scores = torch.rand(rows, classes, generator=random) * 0.9 + 0.1
    objectness = torch.rand(rows, generator=random) * 0.9 + 0.1
    if levels:
        scores, objectness = ((v * levels).ceil() / levels for v in (scores, objectness))
    scores = scores * (torch.rand(rows, classes, generator=random) < filled)
    image = torch.randint(images, (rows,), generator=random)
    return Candidates(image, boxes, objectness, scores)
