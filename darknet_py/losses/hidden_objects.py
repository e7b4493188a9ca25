"""What self-adversarial training asks of a head with anchors: to lose the objects it finds.

Darknet has rules of its own for [yolo] and [Gaussian_yolo]; all other losses are asked to answer a
truth of zeros.
"""

from __future__ import annotations

import torch
from torch import Tensor

from darknet_py.losses.assignment import HeadOutputs

FOUND = 0.25
"""A class is found in a box where its score times the objectness is above this."""


def hide_objects(head: HeadOutputs, delta: Tensor) -> None:
    """Objectness of all boxes and the classes that are found go to 0, the more the larger the box.

    delta: (N*A*H*W + 1, E) of x, y, w, h, objectness, classes; its last row is spare.
    """
    size, rows = _size(head), head.rows
    delta[:-1, 4:5] = size * head.layer.obj_normalizer * -rows[:, 4:5]
    found = _confidence(head) > FOUND
    delta[:-1, 5:] = torch.where(found, size * -rows[:, 5:], delta[:-1, 5:])


def misplace_objects(head: HeadOutputs, delta: Tensor) -> None:
    """Boxes in which a class is found learn all others instead, and coordinates of 0.

    delta: as of `hide_objects`. [Gaussian_yolo] does without.
    """
    size, rows, confidence = _size(head), head.rows, _confidence(head)
    any_found = (confidence > FOUND).any(dim=1, keepdim=True)
    others = any_found & (confidence < FOUND)
    delta[:-1, 5:] = torch.where(others, size * (1 - rows[:, 5:]), delta[:-1, 5:])
    delta[:-1, :4] += torch.where(any_found, size * -rows[:, :4], 0.0)


def _size(head: HeadOutputs) -> Tensor:
    """(N*A*H*W, 1): the root of a box's area, 1 for the whole image."""
    return head.box_rows[:, 2:].prod(dim=1, keepdim=True).sqrt()


def _confidence(head: HeadOutputs) -> Tensor:
    """(N*A*H*W, classes)."""
    return head.rows[:, 5:] * head.rows[:, 4:5]
