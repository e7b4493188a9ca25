"""Engines for tests of what runs engines: one that answers, and ways to fail."""

from __future__ import annotations

import pytest
import torch

from darknet_py.engines import table
from darknet_py.engines.engine import Engine
from darknet_py.engines.table import EngineConfig, EngineRow
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

OFFSET = 0.25
CALLS: list[tuple[str, tuple[int, ...], bool]] = []
"""(engine, shape of the input, whether it came channels last) of every call."""


class Shifted(Engine):
    """The network's heads with OFFSET added."""

    OFFSET = OFFSET

    def __init__(self, network: Network, config: EngineConfig) -> None:
        super().__init__(network, config, torch.device(config.device))

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        return {"cpu": ("fp32", "fp16")}

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        last = x.is_contiguous(memory_format=torch.channels_last)
        CALLS.append((self.config.engine, tuple(x.shape), last))
        with torch.no_grad():
            return [head + self.OFFSET for head in self.network(x)]


class Same(Shifted):
    """The network's heads as they are."""

    OFFSET = 0.0


class Refusing(Shifted):
    """Says in one line why it cannot be opened."""

    def __init__(self, network: Network, config: EngineConfig) -> None:
        raise DarknetError("no such device; use another")


class Breaking(Shifted):
    """Fails in its first call, as other people's runtimes do, in several lines."""

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        raise ArithmeticError("kernel\n  lost")


ROWS = {
    "shifted": EngineRow("support.fake_engine:Shifted"),
    "same": EngineRow("support.fake_engine:Same"),
    "half": EngineRow("support.fake_engine:Shifted", precisions=("fp16",)),
    "refusing": EngineRow("support.fake_engine:Refusing"),
    "breaking": EngineRow("support.fake_engine:Breaking"),
    "missing": EngineRow("support.fake_engine:Shifted", modules=("no_such_module",)),
}


def add_to_table(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make the table torch and these engines, for one test."""
    CALLS.clear()
    for name in set(table.ENGINES) - {"torch"}:
        monkeypatch.delitem(table.ENGINES, name)
    for name in names:
        monkeypatch.setitem(table.ENGINES, name, ROWS[name])
