"""A network as darknet.py holds it: a number to its callers, that remembers what it saw last."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from darknet_py.compat.dialects import Dialect
from darknet_py.compat.float_memory import Floats
from darknet_py.compat.library_lines import tell_processor
from darknet_py.compat.structures import IMAGE
from darknet_py.detect.workers import TimedEngine
from darknet_py.engines.devices import chosen_device
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.images.resize import letterboxed, resized
from darknet_py.images.tensors import batch_on
from darknet_py.layers.recurrent import Recurrent
from darknet_py.layers.recurrent_image import History
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.load import require_memory
from darknet_py.network.network import load_planned

logger = logging.getLogger(__name__)


@dataclass
class _Machine:
    """gpu: the number of the CUDA device that `set_gpu` chose, -1 for the CPU, None: the first."""

    gpu: int | None = None

    @property
    def device(self) -> str:
        return chosen_device(None, self.gpu, nogpu=self.gpu == -1)


MACHINE = _Machine()


@dataclass(frozen=True, eq=False)
class _Seen:
    """The heads, (N, C, H, W) each, of what a network was shown last. again: shows it that once
    more, kept while the dialect is not certain."""

    heads: list[Tensor]
    again: Callable[[], object] | None = None


class OpenNetwork:
    """The files of one network, its engine, and what it was shown last.

    certain: the dialect is known. Otherwise the first call that only other dialects have changes
    it, and the network is read again by the other program's rules.
    """

    def __init__(self, cfg: str, weights: str, batch: int, dialect: Dialect, certain: bool) -> None:
        """weights: "" for random ones. Raises CfgError, WeightsError."""
        self.cfg, self.weights, self.batch = cfg, weights, batch
        self.certain = certain
        self.skipped: set[int] = set()
        self._read(dialect)

    def _read(self, dialect: Dialect) -> None:
        self.dialect = dialect
        # Recurrent nets see single images here: AlexeyAB's inference sets time_steps=1 as well.
        self.graph = read_graph(self.cfg, fork=dialect.fork, time_steps=1)
        self.plan = weights_layout.plan(self.graph, self.weights or None)
        require_memory(self.graph, self.batch)
        self.memory: dict[int, Any] = {}
        self._seen: _Seen | None = None
        self.__dict__.pop("timed", None)

    @cached_property
    def timed(self) -> TimedEngine:
        """The network on its device, read when it is first needed."""
        network, report = load_planned(self.graph, self.plan)
        for note in report.warnings:
            logger.warning("%s: %s", report.path, note)
        config = EngineConfig(device=MACHINE.device)
        return TimedEngine(open_engine(network, config, shared=True))

    @cached_property
    def remembers(self) -> bool:
        """Whether an answer depends on the images before."""
        return any(isinstance(node.layer, (Recurrent, History)) for node in self.graph.nodes)

    def settle(self, dialect: Dialect) -> None:
        """A call came that this dialect has: it is this one, unless that was certain already."""
        if self.certain:
            return
        self.certain = True
        if dialect is not self.dialect:
            seen = self._seen
            self._read(dialect)
            if seen is not None and seen.again is not None:
                seen.again()

    def show(self, image: IMAGE, letter_box: bool | None = None) -> list[Tensor]:
        """The heads for an image of any size. letter_box: pad it; None does as the dialect."""
        heads = self.run([self._fitted(image, letter_box)])
        again = None
        if not self.certain:  # the caller may have changed the image by the time it is wanted again
            again = partial(self.show, IMAGE.of(image.chw().copy()), letter_box)
        self._seen = _Seen(heads, again)
        return heads

    def show_batch(self, images: Sequence[Floats]) -> list[Tensor]:
        """The heads for images (c, h, w) of the network's own size, remembered."""
        heads = self.run(images)
        again = None
        if not self.certain:
            again = partial(self.show_batch, [image.copy() for image in images])
        self._seen = _Seen(heads, again)
        return heads

    def run(self, images: Sequence[Floats]) -> list[Tensor]:
        """The heads for images (c, h, w) of the network's own size."""
        engine = self.timed.engine
        if engine.device.type == "cpu":
            tell_processor(self.dialect)
        x = batch_on(engine.device, images, engine.layout)
        if not self.remembers:
            return self.timed(x)[0]
        with torch.inference_mode():
            return engine.network(x, self.memory)

    def _fitted(self, image: IMAGE, letter_box: bool | None) -> Floats:
        net, chw = self.graph.net, image.chw()
        if image.c != net.channels:
            message = f"{image!r} has {image.c} channels, expected the network's {net.channels}"
            raise DarknetError(f"{self.cfg}: {message}")
        if not chw.size:
            raise DarknetError(f"{image!r} has no pixels, expected a width and a height from 1")
        if (image.w, image.h) == (net.width, net.height):
            return chw
        padded = self.dialect.letterboxes if letter_box is None else letter_box
        return (letterboxed if padded else resized)(chw, net.width, net.height)

    @property
    def last_heads(self) -> list[Tensor]:
        """Of what was shown last; raises DarknetError where nothing was."""
        if self._seen is None:
            raise DarknetError(f"{self.cfg}: no image has been shown; call predict_image first")
        return self._seen.heads

    def output(self) -> Floats:
        """Float32 (n,), the last layer's output for what was shown last."""
        return self.last_heads[-1].reshape(-1).float().cpu().numpy().copy()

    def detection_graph(self) -> Graph:
        """The graph; raises DarknetError for a network that finds no boxes."""
        if self.graph.head_classes is None:
            kind = self.graph.nodes[self.graph.last].layer.kind
            raise DarknetError(f"{self.cfg}: has no detection head, it ends in [{kind}]")
        return self.graph


_NUMBERS = itertools.count(1)


class NetworkNumber(int):
    """What `load_net` returns: a number, as the address is that darknet.py returns."""

    network: OpenNetwork | None

    @staticmethod
    def of(network: OpenNetwork) -> NetworkNumber:
        number = NetworkNumber(next(_NUMBERS))
        number.network = network
        return number


class LoadedNetwork(tuple[NetworkNumber, list[str], dict[str, tuple[int, int, int]]]):
    """What AlexeyAB's `load_network` returns: network, class names and colours.

    Scripts for hank-ai's take it for the network, and wherever a network stands it is one.
    """


def opened(net: Any) -> OpenNetwork:
    """The network behind a number.

    Raises TypeError for what is none, DarknetError for one that has been freed.
    """
    number = net[0] if isinstance(net, LoadedNetwork) else net
    if not isinstance(number, NetworkNumber):
        got = type(net).__name__
        raise TypeError(f"net: expected what load_net or load_network returned, got {got}")
    if number.network is None:
        raise DarknetError("the network has been freed; load it again")
    return number.network


def free_network_ptr(net: Any) -> None:
    """Let a network's memory go; it cannot be used any more."""
    opened(net)
    number = net[0] if isinstance(net, LoadedNetwork) else net
    number.network = None
