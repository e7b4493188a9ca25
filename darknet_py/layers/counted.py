"""Which of Darknet's totals a kind of layer is part of."""

from __future__ import annotations

import enum


class Counted(enum.Flag):
    """Darknet's totals that the operations of a kind are part of."""

    TOTAL = enum.auto()
    """`Total BFLOPS`: the kinds whose l.bflops AlexeyAB's program sets."""
    PUBLISHED = enum.auto()
    """What networks are known by, 65.86 for yolov3 at 416: from before shortcuts were counted."""
    OPS = enum.auto()
    """What `ops` of both programs adds up: convolutions and matrices."""
