"""Where outputs lie: nothing is written over while it is needed."""

from __future__ import annotations

import random

import pytest

from darknet_py.engines.native.placement import Alias, Joined, Step, TorchStep, placed
from darknet_py.layers.base import INPUT
from darknet_py.layers.shape import Shape


def some_steps(seed: int) -> tuple[dict[int, Step], dict[int, Shape]]:
    """Layers that read earlier ones at random, some joined, some a part of another."""
    rng = random.Random(seed)
    steps: dict[int, Step] = {0: TorchStep((INPUT,))}
    shapes = {INPUT: Shape(3, 8, 8), 0: Shape(16, 8, 8)}
    for index in range(1, 30):
        reads = tuple(rng.randrange(index) for _ in range(rng.choice((1, 2, 3))))
        kind = rng.choice(("torch", "joined", "alias"))
        if kind == "joined":
            steps[index] = Joined(reads)
            shapes[index] = Shape(sum(shapes[read].c for read in reads), 8, 8)
        elif kind == "alias":
            half = shapes[reads[0]].c // 2
            steps[index], shapes[index] = Alias(reads[0], half), Shape(half, 8, 8)
        else:
            steps[index], shapes[index] = TorchStep(reads), Shape(rng.choice((4, 16)), 8, 8)
    return steps, shapes


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_what_was_written(seed: int) -> None:
    """Every float of the memory is marked with who wrote it, and read back through the views."""
    steps, shapes = some_steps(seed)
    kept = [29, 13]
    placement = placed(steps, shapes, 1, kept)
    memory = [(-1, -1)] * placement.floats
    meant = {INPUT: [(INPUT, c) for c in range(3)]}
    for index, step in steps.items():
        for source in step.reads:
            assert held(placement, memory, source) == meant[source]
        if isinstance(step, TorchStep):
            meant[index] = [(index, c) for c in range(shapes[index].c)]
        elif isinstance(step, Joined):
            meant[index] = [mark for read in step.reads for mark in meant[read]]
        else:
            start = step.channel
            meant[index] = meant[step.reads[0]][start : start + shapes[index].c]
        if not isinstance(step, Alias):
            write(placement, memory, index, meant[index])
    for index in kept:
        assert held(placement, memory, index) == meant[index]


def places(placement: object, index: int) -> list[list[int]]:
    """By channel, where its 64 values lie."""
    view = placement.views[index]  # type: ignore[attr-defined]
    start = view.offset + view.channel
    return [[start + c + pixel * view.pitch for pixel in range(64)] for c in range(view.shape.c)]


def held(placement: object, memory: list[tuple[int, int]], index: int) -> list[tuple[int, int]]:
    if index == INPUT:
        return [(INPUT, c) for c in range(3)]
    marks = [{memory[place] for place in channel} for channel in places(placement, index)]
    return [mark for (mark,) in marks]


def write(
    placement: object,
    memory: list[tuple[int, int]],
    index: int,
    marks: list[tuple[int, int]],
) -> None:
    for channel, mark in zip(places(placement, index), marks, strict=True):
        for place in channel:
            memory[place] = mark


def test_memory_is_used_again() -> None:
    """A chain needs two outputs at a time, however long it is."""
    steps = {0: TorchStep((INPUT,)), **{n: TorchStep((n - 1,)) for n in range(1, 20)}}
    shapes = dict.fromkeys(range(-1, 20), Shape(4, 8, 8))
    assert placed(steps, shapes, 3, [19]).floats == 2 * 3 * 4 * 64
