"""What every engine answers, and how one is opened."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from support import fake_engine, tiny_detector

from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network, load_network


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    fake_engine.add_to_table(monkeypatch, "shifted", "refusing")
    return load_network(*tiny_detector.files(tmp_path))[0]


def test_an_engine_is_opened_by_its_row(network: Network) -> None:
    engine = open_engine(network, EngineConfig("shifted"))
    assert isinstance(engine, fake_engine.Shifted) and engine.device == torch.device("cpu")
    x = torch.rand(2, *network.graph.net.input)
    with torch.no_grad():
        assert torch.equal(engine(x)[0], network.for_inference()(x)[0] + fake_engine.OFFSET)
    with pytest.raises(DarknetError, match="no such device"):
        open_engine(network, EngineConfig("refusing"))


def test_it_is_prepared_by_an_input_that_lies_as_it_wants(network: Network) -> None:
    open_engine(network, EngineConfig("shifted")).prepare(3)
    assert fake_engine.CALLS == [("shifted", (3, 3, 32, 64), True)]


def test_what_it_has_made_is_not_copied(network: Network) -> None:
    engine = open_engine(network, EngineConfig("shifted"))
    with pytest.raises(DarknetError, match="engine shifted cannot be copied or pickled: .*load"):
        copy.copy(engine)
