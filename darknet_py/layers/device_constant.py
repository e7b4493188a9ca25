"""Numbers that a layer computes with beside its tensors, taken to a device once.

A tensor made of Python's numbers at each pass is a copy that the host waits for each time, and none
that a CUDA graph can record. These are no tensors of the network: no file holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

Nested = Sequence[Any]
"""Numbers, or sequences of them of one length, and so on."""


class DeviceConstant:
    """Whoever holds this holds its tensors: those that a recorded graph reads stay where they are.

    Copied and pickled without them.
    """

    def __init__(self, values: Nested) -> None:
        self.values = values
        self._made: dict[tuple[torch.device, torch.dtype | None], torch.Tensor] = {}

    def __reduce__(self) -> tuple[type[DeviceConstant], tuple[Nested]]:
        return DeviceConstant, (self.values,)

    def on(self, device: torch.device, dtype: torch.dtype | None = None) -> torch.Tensor:
        """The numbers as a tensor, the same one at each call; nobody may write into it.

        dtype: None takes what torch does: int64 for integers, float32 for others.
        """
        if torch.compiler.is_compiling():
            # What is being followed has tensors of its own kind, which end with it.
            return torch.tensor(self.values, device=device, dtype=dtype)
        made = self._made.get((device, dtype))
        if made is not None:
            return made
        with torch.inference_mode(False):  # training may go on with it
            made = torch.tensor(self.values, device=device, dtype=dtype)
        # Of two threads that have just made it both take the same one.
        return self._made.setdefault((device, dtype), made)
