"""What both C programs print before they work, line by line; see `say`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, groupby
from typing import NamedTuple

from darknet_py.cfg.datafile import DataFile
from darknet_py.layers.base import Node
from darknet_py.layers.head import Head
from darknet_py.layers.net import Net
from darknet_py.layers.printed import told_defaults
from darknet_py.network.graph import Graph
from darknet_py.network.summary import TITLE, avg_outputs, printed_bflops
from darknet_py.network.weights_header import Header
from darknet_py.network.weights_layout import Layout

PLAIN_TITLE = "layer     filters    size              input                output"
X86 = ("x86_64", "AMD64")
CPU_FEATURES = {"AVX": (10,), "FMA & AVX2": (12, 11)}
"""Darknet's words for what a processor has -> OpenCV's numbers (CPU_AVX, CPU_FMA3, CPU_AVX2)."""


class Said(NamedTuple):
    """A piece of text with its line ends, and whether it goes to stderr."""

    text: str
    on_stderr: bool = False


def say(pieces: Iterable[Said]) -> None:
    """Print in this order, so that both streams together read as from Darknet."""
    for on_stderr, group in groupby(pieces, lambda piece: piece.on_stderr):
        stream = sys.stderr if on_stderr else sys.stdout
        stream.write("".join(piece.text for piece in group))
        stream.flush()


def program_lines(device: str = "cpu") -> Iterator[Said]:
    """What AlexeyAB's program says of the machine at its start. device: what torch calls it."""
    import cv2

    yield from _cuda_lines() if device.startswith("cuda") else _cpu_lines()
    yield Said(f" OpenCV version: {cv2.__version__}\n", True)


def _cpu_lines() -> Iterator[Said]:
    yield Said(" GPU isn't used \n")
    yield from processor_lines()


def processor_lines() -> Iterator[Said]:
    """Which instructions the processor has, of those that AlexeyAB's library asks for."""
    import cv2

    if platform.machine() not in X86:
        return
    for name, features in CPU_FEATURES.items():
        there = all(map(cv2.checkHardwareSupport, features))
        yield Said(f" {'Used' if there else 'Not used'} {name} \n")


def _cuda_lines() -> Iterator[Said]:
    """The versions that torch was built with stand for those of the C program."""
    import torch

    cudnn = torch.backends.cudnn.version() or 0
    parts = cudnn // 10_000, cudnn % 10_000 // 100, cudnn % 100
    if cudnn < 90_000:
        parts = cudnn // 1000, cudnn % 1000 // 100, cudnn % 100
    major, minor = (torch.version.cuda or "0.0").split(".")[:2]
    version = int(major) * 1000 + int(minor) * 10
    driver = getattr(torch._C, "_cuda_getDriverVersion", lambda: 0)()
    text = f" CUDA-version: {version} ({driver}), cuDNN: {'.'.join(map(str, parts))}"
    yield Said(f"{text}, GPU count: {torch.cuda.device_count()}  \n", True)


def inference_lines(
    graph: Graph,
    plan: Layout,
    device: str,
    told: Iterable[Said] = (),
    *,
    batch: int = 1,
    train: bool = False,
) -> Iterator[Said]:
    """All that is printed until a network is ready to be run.

    told: what is said of the .data file before that. batch, train: see network_lines.
    """
    if graph.fork.log.tells_machine:
        yield from program_lines(device)
    yield from told
    yield from network_lines(graph, batch, graph.net.subdivisions, train)
    if plan.bytes:  # of a network without a file nothing is read
        own = loading_lines if graph.fork.log.tells_seen else plain_loading_lines
        yield from own(plan.path, plan.header, plan.covered)


def network_lines(graph: Graph, batch: int, subdivisions: int, train: bool) -> Iterator[Said]:
    """As the cfg is read: the mini-batch, the table of layers, its sums. batch: of a pass."""
    steps = graph.net.time_steps
    images = max(1, batch // steps)
    net = replace(graph.net, batch=images * subdivisions, subdivisions=subdivisions)
    graph = replace(graph, net=net)
    for piece in net.announced():
        yield Said(piece.text, not piece.on_stdout)
    if graph.fork.log.plain_table:
        yield Said(f"{PLAIN_TITLE}\n", True)
        for node in graph.nodes:
            yield from _layer_lines(graph, node)
        return
    sizes = f"mini_batch = {batch}, batch = {batch * subdivisions}, time_steps = {steps}"
    yield Said(f"{sizes}, train = {int(train)} \n")
    frozen = [node.index for node in graph.nodes if node.layer.stopbackward == 1]
    for index in frozen if train else ():
        yield Said(f"last_stop_backward = {index} \n")
    yield Said(f"{TITLE}\n", True)
    for node in graph.nodes:
        yield from _layer_lines(graph, node)
    yield Said(f"Total BFLOPS {printed_bflops(graph):5.3f} \n", True)
    yield Said(f"avg_outputs = {avg_outputs(graph)} \n", True)
    yield from _size_warning(graph)


def _layer_lines(graph: Graph, node: Node) -> Iterator[Said]:
    """All that is printed as a section is read, from the index on."""
    layer, ctx, plain = node.layer, graph.context(node.index), graph.fork.log.plain_table
    yield Said(f"{node.index:5d} " if plain else f"{node.index:4d} ", True)
    own = layer.plainly_printed(ctx, node.out) if plain else layer.printed(ctx, node.out)
    for piece in chain(layer.told(ctx), own, told_defaults(layer.section, layer.TOLD_AFTER, layer)):
        yield Said(piece.text, not piece.on_stdout)
    if layer.stopbackward == 1 and not plain:
        yield Said(" ------- previous layers are frozen ------- \n")


def _size_warning(graph: Graph) -> Iterator[Said]:
    last, net = graph.nodes[-1].layer, graph.net
    if isinstance(last, Head) and (net.width % last.DIVISIBLE or net.height % last.DIVISIBLE):
        sizes = f"width={net.width} and height={net.height} in cfg-file"
        rule = f"must be divisible by {last.DIVISIBLE} for default networks Yolo v1/v2/v3!!!"
        yield Said(f"\n Warning: {sizes} {rule} \n\n")


def loading_lines(path: str, header: Header, layers: int) -> Iterator[Said]:
    """As weights are read. layers: how many of the network the file reaches."""
    yield Said(f"Loading weights from {path}...", True)
    seen = f"\n seen {64 if header.wide else 32}, trained: {header.seen // 1000} K-images"
    yield Said(f"{seen} ({header.seen // 64000} Kilo-batches_64) \n")
    yield Said(f"Done! Loaded {layers} layers from weights-file \n", True)


def plain_loading_lines(path: str, header: Header, layers: int) -> Iterator[Said]:
    """The same in pjreddie's program."""
    yield Said(f"Loading weights from {path}...Done!\n", True)


def default_line(key: str, value: object) -> Said:
    """What stands for a key of a .data file that is not there."""
    return Said(f"{key}: Using default '{value}'\n", True)


def told_keys(data: DataFile | None, defaults: Mapping[str, str]) -> Iterator[Said]:
    """Of keys that a .data file does not set. defaults: key -> what Darknet takes instead.

    Of data that is built in nothing is told.
    """
    for key, value in defaults.items():
        if data is not None and not data.names and key not in data.options:
            yield default_line(key, value)


def names_line(file: str, count: int, graph: Graph) -> Iterator[Said]:
    """Of a names file, by its name in the .data file, that has other than the network's classes."""
    classes = graph.head_classes
    if count != classes and graph.fork.log.counts_names:
        names = f"in the file {file} number of names {count} that isn't equal to"
        yield Said(f"\n Error: {names} classes={classes} in the file {graph.path} \n")


def learning_line(net: Net, gpus: int = 1) -> str:
    """Of the learning of a network; with several GPUs the rate is that of all together."""
    rates = f"Momentum: {net.momentum:g}, Decay: {net.decay:g}"
    return f"Learning Rate: {net.learning_rate * gpus:g}, {rates}"
