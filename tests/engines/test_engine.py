"""What every engine answers, and how one is opened."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support import fake_engine, tiny_detector

from darknet_py.engines import table
from darknet_py.engines.engine import Engine, open_engine
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


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_copy_is_opened_anew(network: Network, way: Callable[[Engine], Engine]) -> None:
    engine = open_engine(network, EngineConfig("shifted"))
    other = way(engine)
    assert type(other) is fake_engine.Shifted and other.config == engine.config
    x = torch.rand(2, *network.graph.net.input)
    assert torch.equal(engine(x)[0], other(x)[0])
    with torch.no_grad():
        for tensor in engine.network.parameters():
            tensor.zero_()
    assert not torch.equal(engine(x)[0], other(x)[0])


def test_a_copy_where_the_engine_is_not_there(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps(open_engine(network, EngineConfig("shifted")))
    monkeypatch.delitem(table.ENGINES, "shifted")
    with pytest.raises(DarknetError, match="unknown engine 'shifted'"):
        pickle.loads(data)
