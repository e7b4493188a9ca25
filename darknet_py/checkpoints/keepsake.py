"""What a .weights file has beyond the tensors of other programs: kept in their files under a name
of ours, so that the same bytes can be written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from darknet_py.conversion.safetensors_file import header_from, header_numbers
from darknet_py.errors import WeightsError
from darknet_py.network.weights import Header

KEY, HEADER, VARIANCES = "darknet", "header", "rolling_variance"


@dataclass(frozen=True)
class Keepsake:
    """header: None where the file says none. variances: by layers."""

    header: Header | None = None
    variances: Mapping[int, Tensor] = field(default_factory=dict)

    def as_entry(self) -> dict[str, Any]:
        """What lies in a checkpoint."""
        numbers = [] if self.header is None else list(header_numbers(self.header))
        return {
            HEADER: numbers,
            VARIANCES: {str(index): tensor for index, tensor in self.variances.items()},
        }


def keepsake_of(content: Any) -> Keepsake:
    """That of what a checkpoint holds; raises WeightsError for one that is not as written."""
    entry = content.get(KEY) if isinstance(content, dict) else None
    if not isinstance(entry, dict):
        return Keepsake()
    variances = entry.get(VARIANCES, {})
    try:
        header = header_from(int(number) for number in entry.get(HEADER, []))
        found = {int(index): tensor for index, tensor in variances.items()}
    except (ValueError, TypeError, AttributeError):
        raise WeightsError(f"its entry '{KEY}' is not as darknet-py writes it") from None
    return Keepsake(header, {index: t for index, t in found.items() if isinstance(t, Tensor)})
