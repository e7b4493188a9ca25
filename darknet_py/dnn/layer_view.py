"""What `net.getLayer` gives: a layer's name, type and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LayerView:
    """One of OpenCV's layers. blobs: its tensors, copies: changing them changes no network.

    preferableTarget: 0, the processor, whatever the net runs on.
    """

    name: str
    type: str
    blobs: Sequence[NDArray[np.float32]] = field(default=(), repr=False)
    preferableTarget: int = 0

    def outputNameToIndex(self, outputName: str) -> int:
        """0 for its only output, which has its own name, else -1."""
        return 0 if outputName == self.name else -1

    def empty(self) -> bool:
        return False

    def getDefaultName(self) -> str:
        return self.name
