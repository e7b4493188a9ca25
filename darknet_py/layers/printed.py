"""What the C programs print of a layer when they read a cfg: pieces of text for two streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from darknet_py.cfg.text import Section
from darknet_py.layers.shape import Shape


class Printed(NamedTuple):
    """A piece of text with its line ends; most of it goes to stderr."""

    text: str
    on_stdout: bool = False


def told_defaults(section: Section, defaults: Mapping[str, str], of: Any) -> Iterator[Printed]:
    """Darknet's remark on each of these keys that the section does not set.

    defaults: key -> what stands in its place, a format of `of`, the layer.
    """
    for key, value in defaults.items():
        if section.find(key) is None:
            yield Printed(f"{key}: Using default '{value.format(of)}'\n")


def convolution_line(
    tag: str,
    filters: int,
    groups: int,
    kernel: tuple[int, tuple[int, int], int],
    columns: str,
) -> str:
    """Darknet's line of a convolution. kernel: size, strides (y, x) and dilation."""
    size, (stride_y, stride_x), dilation = kernel
    count = f"{filters:5d}" + (f"/{groups:4d} " if groups > 1 else " " * 6)
    spread = f"({dilation})" if dilation > 1 else "   "
    step = f"{size:2d} x{size:2d}/{stride_x:2d}{spread}"
    if stride_x != stride_y:
        step = f"{size:2d}x{size:2d}/{stride_x:2d}x{stride_y:2d} "
    return f"{tag:6}{count}{step}{columns}"


def shapes_and_cost(into: Shape, out: Shape, operations: float) -> str:
    """The last columns of Darknet's table for layers whose operations it prints."""
    return f"{into.column} -> {out.column} {operations / 1e9:5.3f} BF"
