"""Safetensors files: back to .weights bit for bit, and what is no such file is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.safetensors_file import HEADER, read_safetensors, to_safetensors
from darknet_py.errors import DarknetError, WeightsError
from darknet_py.network.network import Network

safetensors = pytest.importorskip("safetensors.torch", reason="needs pip install safetensors")
NETS = ["yolov3", "classifier_connected", "lstm_pj", "shortcut_weighted", "conv_geometry"]


@pytest.mark.parametrize("name", NETS)
def test_back_to_weights_bit_for_bit(name: str, tmp_path: Path) -> None:
    folder = GOLDEN / name
    fork = "pjreddie" if name.endswith("_pj") else "alexeyab"
    path, net = tmp_path / "net.safetensors", loaded(folder, fork)
    net.header = replace(net.header, revision=5, seen=2**40 + 1)
    net.save_weights(tmp_path / "first.weights")
    path.write_bytes(to_safetensors(net, ExportTarget(), ["a"]))
    other = Network.from_cfg(folder / "net.cfg", fork=fork, seed=2)
    read_safetensors(other, path)
    other.save_weights(tmp_path / "net.weights")
    assert other.header == net.header
    assert (tmp_path / "net.weights").read_bytes() == (tmp_path / "first.weights").read_bytes()


def test_others_read_it_by_names() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    tensors = safetensors.load(to_safetensors(net))
    assert set(tensors) == set(net.state_dict())
    assert torch.equal(tensors["layers.0.weights"], net.own(0)["weights"])


def test_refusals(tmp_path: Path) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    path, state = tmp_path / "net.safetensors", net.state_dict()
    wrong = {**state, "layers.0.biases": torch.zeros(3)}
    half = {**state, "layers.0.biases": state["layers.0.biases"].half()}
    cases = [
        ({"a": torch.zeros(1)}, {}, "has no layers.0.biases; it belongs to another cfg"),
        (wrong, {}, r"layers.0.biases is float32 3, the cfg needs float32 \d+"),
        (half, {}, "layers.0.biases is float16"),
        ({**state, "more": torch.zeros(1)}, {}, "has more, which the cfg has not"),
        (state, {HEADER: "0 2"}, "darknet.header is '0 2', expected four numbers"),
    ]
    before = {name: tensor.clone() for name, tensor in state.items()}
    for tensors, words, message in cases:
        safetensors.save_file(tensors, path, words)
        with pytest.raises(WeightsError, match=message):
            read_safetensors(net, path)
    path.write_bytes(b"not this")
    with pytest.raises(WeightsError, match="cannot be read as a safetensors file"):
        read_safetensors(net, path)
    with pytest.raises(WeightsError, match="cannot be read as a safetensors file"):
        read_safetensors(net, tmp_path / "none.safetensors")
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_without_safetensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    with pytest.raises(DarknetError, match="pip install safetensors"):
        to_safetensors(loaded(GOLDEN / "yolov3", "alexeyab"))
