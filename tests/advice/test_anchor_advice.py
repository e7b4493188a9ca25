"""How well anchors fit, and which head each object goes to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sized_set import two_heads

from darknet_py.advice.anchor_advice import anchor_count, new_anchors, new_fit, own_fit
from darknet_py.anchors.cfg_anchors import FedHead, heads_of
from darknet_py.errors import DataError
from darknet_py.network.graph import read_graph

BOXES = np.array([[8.0, 8], [8, 4], [16, 16], [32, 8]])
"""With the anchors 8, 16, 32 their IoUs are 1, 1/2, 1 and 1/4: of 32 x 8 and 32 x 32 (with 16 x 16
it is 128 / 384)."""


def heads(folder: Path, **changes: str) -> list[FedHead]:
    return heads_of(read_graph(two_heads(folder, **changes)))


def test_own_anchors(tmp_path: Path) -> None:
    fit = own_fit(BOXES, heads(tmp_path))
    assert fit.anchors == ((8, 8), (16, 16), (32, 32))
    assert fit.average_iou == pytest.approx((1 + 1 / 2 + 1 + 1 / 3) / 4)
    assert fit.over_half == 0.5, "an IoU of just .5 is not over it"
    assert fit.over_thresh is None
    assert fit.by_head == (1, 0), "all are nearest to one of the fine head's"


def test_iou_thresh_of_the_heads(tmp_path: Path) -> None:
    fit = own_fit(BOXES, heads(tmp_path, mask="mask=0,1\niou_thresh=.4"))
    assert fit.over_thresh == 0.75


def test_new_anchors_are_shared_out_by_size(tmp_path: Path) -> None:
    """The finest head, of stride 8, takes those under 30 pixels."""
    fit = new_fit(BOXES, heads(tmp_path), np.array([[8.0, 8], [40, 40], [50, 50]]))
    assert fit.anchors == ((8, 8), (40, 40), (50, 50))
    ious = [1, 1 / 2, 64 / 256, 64 / 256]
    assert fit.average_iou == pytest.approx(sum(ious) / 4)
    assert fit.by_head == (1, 0)
    fit = new_fit(BOXES, heads(tmp_path), np.array([[8.0, 4], [8, 8], [32, 31]]))
    assert fit.by_head == (0.5, 0.5)


def test_as_many_as_the_heads_have_room_for(tmp_path: Path) -> None:
    found = heads(tmp_path)
    assert anchor_count(found) == 3
    assert new_anchors(BOXES[:3], found, 0).tolist() == [[8, 4], [8, 8], [16, 16]]
    with pytest.raises(DataError, match="2 different box sizes cannot make 3 .* --keep-anchors"):
        new_anchors(BOXES[:2], found, 0)
