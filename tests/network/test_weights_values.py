"""Tensors that no training wrote: found by check, named when they are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.layer_check import network

from darknet_py.network.check import check
from darknet_py.network.network import Network, load_network

CFG = """[net]
channels=3
height=4
width=4
[conv]
batch_normalize=1
filters=3
activation=leaky
[connected]
output=2
activation=linear
"""
FIRST = "layer 0 [convolutional] (line 5): "
CASES = [
    (0, "weights", [0], float("nan"), "error", FIRST + "weights: 1 of 9 values are not finite"),
    (0, "biases", [1, 2], float("inf"), "error", FIRST + "biases: 2 of 3 values are not finite"),
    (0, "rolling_variance", [1], -0.5, "error", "1 of 3 are negative, down to -0.5"),
    (0, "rolling_variance", [1], float("nan"), "error", "1 of 3 values are not finite"),
    (1, "weights", range(96), 0.0, "warning", "(line 9): weights: all 96 values are 0"),
]
GOOD = [
    (0, "biases", range(3), 0.0),  # pjreddie's program writes such
    (0, "rolling_variance", range(3), 0.0),  # nothing trained yet
    (0, "weights", range(9), 3e38),  # their sum is beyond single precision
]


def written(tmp_path: Path, index: int, name: str, places: object, value: float) -> Path:
    net = network(CFG)
    with torch.no_grad():
        net.own(index)[name].view(-1)[list(places)] = value  # type: ignore[call-overload]
    net.save_weights(tmp_path / "a.weights")
    (tmp_path / "a.cfg").write_text(CFG)
    return tmp_path / "a.weights"


@pytest.mark.parametrize(("index", "name", "places", "value", "level", "message"), CASES)
def test_check_and_loading_name_layer_and_tensor(
    tmp_path: Path, index: int, name: str, places: object, value: float, level: str, message: str
) -> None:
    path = written(tmp_path, index, name, places, value)
    (notice,) = check(tmp_path / "a.cfg", path)
    assert (notice.level, notice.location.path) == (level, str(path))
    assert notice.message.endswith(message)
    _, report = load_network(tmp_path / "a.cfg", path)
    assert report.warnings == (notice.message,)
    again = network(CFG)
    assert [str(fault) for fault in again.load_weights(path).faults] == [notice.message]


@pytest.mark.parametrize(("index", "name", "places", "value"), GOOD)
def test_values_that_are_odd_and_good(
    tmp_path: Path, index: int, name: str, places: object, value: float
) -> None:
    path = written(tmp_path, index, name, places, value)
    assert check(tmp_path / "a.cfg", path) == []
    assert network(CFG).load_weights(path).faults == ()


def test_loading_names_three_tensors_and_counts_the_rest(tmp_path: Path) -> None:
    net = network(CFG)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.fill_(float("nan"))
    net.save_weights(tmp_path / "a.weights")
    report = Network(net.graph).load_weights(tmp_path / "a.weights")
    assert len(report.faults) == 7 and len(report.warnings) == 4
    assert report.warnings[-1].startswith("4 more tensors like these")
