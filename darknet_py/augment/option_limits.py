"""What an option of augmentation may be, where the option itself takes any number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from darknet_py.errors import BadOption
from darknet_py.layers.head import Head
from darknet_py.layers.net import Net

Limit = tuple[Callable[[float], bool], str]
"""What an option may be: its test, and that in words."""
NONE_OR_MORE: Limit = (lambda value: 0 <= value < math.inf, "0 or more")

IMAGE_CHANNELS: Limit = (
    lambda value: value in (1, 3, 4),
    "3 for colours, 4 for colours and alpha, or 1 for grey",
)


def check_options(layer: Net | Head, limits: Mapping[str, Limit]) -> None:
    """Raises BadOption for the first option whose value its limit does not allow."""
    for key, (allowed, expected) in limits.items():
        value = getattr(layer, key)
        if value is not None and not allowed(value):
            raise BadOption(f"read {value:g}, expected {expected}", layer.section.location(key))
