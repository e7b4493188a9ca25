"""Sequences of images in training: into how many parts an update falls, and what makes no sense.

AlexeyAB's program gives each loader thread a part of an update's images. With track=1 there are
`sequential_subdivisions` of them, and the images of a part are frames of sequences: the part's
sub-batches go on where the one before ended. (An update's images are loaded while the one before it
learns: C divides them by that one's number of parts, where seq_scales has just changed it.)
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Iterator

from darknet_py.errors import Notice
from darknet_py.forks import Fork
from darknet_py.layers.net import Net
from darknet_py.layers.recurrent import Recurrent
from darknet_py.layers.recurrent_image import History
from darknet_py.network.graph import Graph

STEPWISE = ("steps", "sgdr")
"""The policies that read steps and seq_scales."""
USUAL_SPEED = 2
"""augment_speed where [net] does not say."""
ALONE = {"augment_speed": USUAL_SPEED, "seq_scales": ()}
"""Options that do nothing by themselves, with their defaults."""
KEYS = ("track", "sequential_subdivisions", *ALONE)


def sequence_parts(net: Net, updates: int) -> int:
    """Parts of the update after so many: sequential_subdivisions, in whole numbers.

    seq_scales multiply it from each of `steps` on, and only with track=1.
    """
    count = written_parts(net)
    if not net.track:
        return count
    if net.policy in STEPWISE:
        scales = itertools.chain(net.seq_scales, itertools.repeat(1.0))
        for step, scale in zip(net.steps, scales, strict=False):
            if step > updates:
                break
            scaled = _as_float(_as_float(count) * _as_float(scale))
            # A C program on x86 makes the least int of what is not finite.
            count = int(scaled) if math.isfinite(scaled) else 0
    return min(max(count, 1), net.subdivisions)


def written_parts(net: Net) -> int:
    """Those that sequential_subdivisions asks for, at most subdivisions."""
    written = net.sequential_subdivisions
    return net.subdivisions if written is None else min(written, net.subdivisions)


def _as_float(value: float) -> float:
    """As C's float holds it; scales of .7 and the like end near whole numbers."""
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.inf
    return float(single)


def remembers(graph: Graph) -> bool:
    """Whether a layer carries something from one frame to the next."""
    return any(isinstance(node.layer, Recurrent | History) for node in graph.nodes)


def lists_are_films(graph: Graph) -> bool:
    """Whether lists of images are frames in their order to this network, as its [net] says."""
    return bool(graph.net.track and graph.fork.samples.sequences) and remembers(graph)


def sequence_passes(net: Net, fork: Fork, updates: int) -> int:
    """Sub-batches of one sequence, at least 1, in the update after so many.

    AlexeyAB's program divides the learning rate, but not decay, by this number as well (on a GPU).
    """
    parts = sequence_parts(net, updates) if fork.samples.sequences else net.subdivisions
    return max(1, net.subdivisions // parts) if parts else 1


def sequence_notices(graph: Graph) -> Iterator[Notice]:
    """Warnings of options of sequences that make no sense together; C takes them as they come."""
    net = graph.net
    rules = RULES if graph.fork.samples.sequences else (_never_read,)
    for rule in rules:
        for key, message in rule(graph):
            yield Notice("warning", net.section.location(key), message)


def _never_read(graph: Graph) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        if getattr(graph.net, key) != ALONE.get(key, 0 if key == "track" else None):
            yield key, f"no effect: {graph.fork.name}'s program does not read it"


def _without_track(graph: Graph) -> Iterator[tuple[str, str]]:
    net = graph.net
    if net.track:
        return
    for key, usual in ALONE.items():
        if getattr(net, key) != usual:
            yield key, "no effect without track=1"
    if graph.detection_heads and net.time_steps > 1 and remembers(graph):
        yield "time_steps", "the images of a sequence are any images: set track=1 for frames"
    elif sequence_passes(net, graph.fork, 0) > 1:
        told = "divides the learning rate, and memory goes on from any image to any other"
        yield "sequential_subdivisions", f"without track=1 it {told}"


def _of_one_frame(graph: Graph) -> Iterator[tuple[str, str]]:
    net = graph.net
    if net.track and net.time_steps == 1 and sequence_parts(net, 0) == net.subdivisions:
        cure = f"time_steps=, or sequential_subdivisions= below subdivisions={net.subdivisions}"
        yield "track", f"sequences are of one frame: set {cure}"


def _dynamic(graph: Graph) -> Iterator[tuple[str, str]]:
    if graph.net.track and graph.net.dynamic_minibatch:
        yield "dynamic_minibatch", "no effect with track=1: there are always as many sequences"


def _uneven(graph: Graph) -> Iterator[tuple[str, str]]:
    net, key = graph.net, "sequential_subdivisions"
    if net.sequential_subdivisions is None:
        return
    if net.sequential_subdivisions > net.subdivisions:
        yield key, f"is above subdivisions={net.subdivisions} and counts as that"
    parts = sequence_parts(net, 0)
    if net.track and net.subdivisions % parts:
        whole = f"{parts} parts of {net.subdivisions} subdivisions"
        yield key, f"{whole}: sequences begin within a sub-batch, in the middle of others"


def _scales(graph: Graph) -> Iterator[tuple[str, str]]:
    net = graph.net
    if not (net.track and net.seq_scales):
        return
    if net.policy not in STEPWISE or not net.steps:
        yield "seq_scales", "no effect: they go with policy=steps or sgdr, and steps="
    elif len(net.seq_scales) < len(net.steps):
        counts = f"{len(net.seq_scales)} values for {len(net.steps)} steps"
        yield "seq_scales", f"{counts}; the missing ones count as 1"


RULES: tuple[Callable[[Graph], Iterator[tuple[str, str]]], ...] = (
    _without_track,
    _of_one_frame,
    _dynamic,
    _uneven,
    _scales,
)
