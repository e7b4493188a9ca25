"""What every engine answers."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from typing import Any

import torch

from darknet_py.engines.int8 import with_calibration
from darknet_py.engines.native.stored_program import ProgramRecord
from darknet_py.engines.sent_network import SentNetwork
from darknet_py.engines.table import EngineConfig, checked
from darknet_py.network.network import Network


class Engine(ABC):
    """A network made ready to run on `device`, which is where its heads come out.

    parallel: calls from several threads run side by side, each with its caller's torch threads.
    in_order: an answer depends on the calls before it, so that images must come as they follow.
    layout: how it wants its input to lie in memory; another costs it a copy.
    compiled: machine code made for this machine is in force, which is known after the first call.
    config: as in force; of what was asked the precision may differ, where the processor lacks it.
    """

    parallel = False
    in_order = False
    layout: torch.memory_format = torch.channels_last
    compiled = False

    def __init__(self, network: Network, config: EngineConfig, device: torch.device) -> None:
        """network: as `for_inference` gives it; it is the engine's own from here on."""
        self.network = network
        self.graph = network.graph
        self.config = config
        self.device = device

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy or a pickle is the network and the config; another process opens its own with
        them, and raises DarknetError where it has no such device or package."""
        return _opened_again, (SentNetwork.of(self.network), self.config)

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        """Types of device of this machine that it runs on -> its precisions there.

        Nothing for one that is no row of ENGINES: it runs on whatever another runs on.
        """
        return {}

    @abstractmethod
    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The heads of net(x), float32 (N, C, H, W), for float32 x (N, C, H, W) on the device.

        They are finished when this returns: no need to synchronise before taking the time.
        """

    def record(self) -> ProgramRecord | None:
        """What can be stored of a program that has run for one image; None: nothing."""
        return None

    def prepare(self, batch: int) -> None:
        """Make now what the first call with so many images would make, which may take minutes."""
        x = torch.zeros(batch, *self.graph.net.input, device=self.device)
        self(x.contiguous(memory_format=self.layout))


def _opened_again(sent: SentNetwork, config: EngineConfig) -> Engine:
    return engine_kind(config)(sent.network(), config)


def open_engine(network: Network, config: EngineConfig, *, shared: bool = False) -> Engine:
    """The network as it is now on the engine asked for, whatever becomes of the network.

    shared: nobody changes the network while the engine runs; they may share tensors.
    Raises DarknetError for an engine that is unknown or not installed, for a precision or a device
    it does not have, and for int8 where that has not been calibrated or loses too much.
    """
    kind, inference = engine_kind(config), network.for_inference(shared=shared)
    made: Engine = kind(inference, with_calibration(inference, config))
    return made


def engine_kind(config: EngineConfig) -> Any:
    """The engine's class, called with a network as `for_inference` gives it and the config."""
    module, _, name = checked(config).home.partition(":")
    return getattr(importlib.import_module(module), name)
