"""A head's boxes before they are decoded: the values it gives, and where each box stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch

    Sides = torch.Tensor | tuple[Any, Any]
    """A width and a height: one tensor (2,), or two numbers that an exporter is recording."""
else:
    torch = deferred("torch")


@dataclass(frozen=True)
class RawBoxes:
    """Boxes of one head; the leading axes of its tensors broadcast.

    values: (..., E) as the head's output holds them, E its `entries`. corner: (..., 2) column and
    row of the box's cell. anchor: (..., 2) width and height in the head's own unit. grid: columns
    and rows of cells. pixels: width and height of the network's input.
    """

    values: torch.Tensor
    corner: torch.Tensor
    anchor: torch.Tensor
    grid: Sides
    pixels: Sides

    def centre(self, location: torch.Tensor) -> torch.Tensor:
        """(..., 2) as shares of the input, for a location (..., 2) within the cell."""
        return shares(self.corner + location, self.grid)


def shares(values: torch.Tensor, sides: Sides) -> torch.Tensor:
    """values (..., 2) as shares of a width and a height."""
    if not isinstance(sides, tuple):
        return values / sides
    # A tensor made of the two would be a constant in what an exporter records.
    width, height = sides
    return torch.cat([values[..., :1] / width, values[..., 1:] / height], dim=-1)
