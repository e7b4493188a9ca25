"""What moves the kernels of a convolution otherwise than other weights, in AlexeyAB's program."""

from __future__ import annotations

from dataclasses import dataclass

CENTRED = 32
"""Filters are centred whose number of weights is a multiple of this."""


@dataclass(frozen=True, kw_only=True)
class KernelRule:
    """Of a layer whose kernels (F, C, S, S) are trained.

    deformation: "sway", "rotate", "stretch" or "stretch_sway": most kernels are copies of the first
    quarter of them, turned or stretched; "" for none. angle: by how many degrees sway and
    stretch_sway turn. centred: the mean of each filter's updates is taken off them. reverse: not 0:
    an update counts as its sign times (10 times its size + 1) to that power, without Adam.
    """

    deformation: str = ""
    angle: int = 0
    centred: bool = False
    reverse: float = 0.0

    @property
    def stages(self) -> int:
        """Into how many equal parts a deformation divides the kernels."""
        return 8 if self.deformation == "stretch_sway" else 4

    def not_in_stages(self, kernels: int) -> str:
        """What is wrong with so many kernels (filters * channels / groups), "" where nothing is.

        The C program writes beside its arrays there, or divides by zero.
        """
        if not self.deformation or kernels % self.stages == 0:
            return ""
        cure = "change filters, or leave it out to train"
        return f"trains kernels in {self.stages} stages, these are {kernels}, no multiple; {cure}"
