"""Where each layer's output lies: in a block of memory that layers use one after the other.

A layer that is joined to others by a [route] writes into the joined tensor at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from darknet_py.engines.native.library import Tensor, whole_lines
from darknet_py.layers.base import INPUT
from darknet_py.layers.shape import Shape

NOWHERE = -1


@dataclass(frozen=True)
class Alias:
    """The output is a part of another layer's: its channels from `channel` on; whole: all."""

    source: int
    channel: int = 0
    whole: bool = False

    @property
    def reads(self) -> tuple[int, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Joined:
    """The output has the channels of those of `reads` one after the other, where the layers wrote
    them or as they are copied."""

    reads: tuple[int, ...]


@dataclass(frozen=True)
class TorchStep:
    """The output is torch's."""

    reads: tuple[int, ...]


class Step(Protocol):
    """What makes a layer's output of those of `reads`."""

    @property
    def reads(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class View:
    """Channels `channel`.. of the images that begin at `offset`, `pitch` floats from pixel to
    pixel."""

    root: int
    channel: int
    shape: Shape
    pitch: int
    offset: int = NOWHERE

    @property
    def tensor(self) -> Tensor:
        """As program.cpp takes it."""
        start = self.offset if self.root == INPUT else self.offset + self.channel
        return Tensor(start, self.shape.h, self.shape.w, self.shape.c, self.pitch)


@dataclass(frozen=True)
class Placement:
    """views: by layer. written: pairs (joined layer, source) that need no copy. floats: in all."""

    views: Mapping[int, View]
    written: frozenset[tuple[int, int]]
    floats: int


def placed(
    steps: Mapping[int, Step],
    shapes: Mapping[int, Shape],
    images: int,
    kept: Iterable[int],
) -> Placement:
    """steps: the layers in the order in which they run. shapes: of all outputs, and of INPUT.
    kept: layers whose outputs are wanted to the end."""
    claims = _claims(steps, shapes)
    views = {INPUT: View(INPUT, 0, shapes[INPUT], shapes[INPUT].c)}
    for index, step in steps.items():
        views[index] = _view(index, step, shapes, views, claims)
    lives = _lives(steps, views, frozenset(kept))
    sizes = {root: images * shapes[root].size for root in lives}
    offsets, floats = _offsets(lives, sizes)
    located = {
        index: View(
            view.root, view.channel, view.shape, view.pitch, offsets.get(view.root, NOWHERE)
        )
        for index, view in views.items()
    }
    written = frozenset((join, source) for source, (join, _) in claims.items())
    return Placement(located, written, floats)


def _claims(steps: Mapping[int, Step], shapes: Mapping[int, Shape]) -> dict[int, tuple[int, int]]:
    """Layer -> the joined one it writes into, and the first of its channels there."""
    claims: dict[int, tuple[int, int]] = {}
    for join, step in steps.items():
        if not isinstance(step, Joined):
            continue
        channel = 0
        for source in step.reads:
            own = source in steps and not isinstance(steps[source], Alias | Joined)
            if own and source not in claims:
                claims[source] = join, channel
            channel += shapes[source].c
    return claims


def _view(
    index: int,
    step: Step,
    shapes: Mapping[int, Shape],
    views: Mapping[int, View],
    claims: Mapping[int, tuple[int, int]],
) -> View:
    shape = shapes[index]
    if isinstance(step, Alias):
        of = views[step.source]
        return View(of.root, of.channel + step.channel, shape, of.pitch)
    root, channel = claims.get(index, (index, 0))
    return View(root, channel, shape, shapes[root].c)


def _lives(
    steps: Mapping[int, Step], views: Mapping[int, View], kept: frozenset[int]
) -> dict[int, tuple[int, int]]:
    """Memory -> the first and the last step that needs it."""
    lives: dict[int, tuple[int, int]] = {}
    end = max(steps) + 1
    for index, step in steps.items():
        for root in {views[source].root for source in (index, *step.reads)} - {INPUT}:
            first, last = lives.get(root, (index, index))
            lives[root] = first, max(last, end if index in kept else index)
    for index in kept & steps.keys():
        root = views[index].root
        if root != INPUT:
            lives[root] = lives[root][0], end
    return lives


def _offsets(
    lives: Mapping[int, tuple[int, int]], sizes: Mapping[int, int]
) -> tuple[dict[int, int], int]:
    """The largest first, each at the lowest place that is free while it lives."""
    offsets: dict[int, int] = {}
    taken: list[tuple[int, int, int, int]] = []  # start, end, first step, last step
    for root in sorted(lives, key=lambda root: sizes[root], reverse=True):
        first, last = lives[root]
        size = whole_lines(sizes[root])
        others = sorted(part for part in taken if part[2] <= last and part[3] >= first)
        start = _lowest(others, size)
        offsets[root] = start
        taken.append((start, start + size, first, last))
    return offsets, max((end for _, end, _, _ in taken), default=0)


def _lowest(others: Sequence[tuple[int, int, int, int]], size: int) -> int:
    start = 0
    for begin, end, _, _ in others:
        if start + size <= begin:
            break
        start = max(start, end)
    return start
