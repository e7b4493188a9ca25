"""Lines as the first layer's values, against a plain recurrent loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.learnt_text import CPU, files
from support.plain_recurrent import dense, elman

from darknet_py.network.network import Network
from darknet_py.rnn.reader import Reader
from darknet_py.rnn.vectors import vector, vector_line, without_blanks

SEED = b"ab"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    cfg, _ = files(tmp_path, "rnn")
    return Network.from_cfg(cfg, time_steps=1, seed=5)


def plain(network: Network, text: bytes) -> np.ndarray:
    weights = {name: tensor.detach().numpy() for name, tensor in network.own(0).items()}
    step = elman(dense, weights, np.zeros((1, 32)), "tanh", "tanh", 0)
    for code in text:
        output = step(np.eye(128)[[code]])
    return output[0]


def test_a_vector_is_that_of_a_plain_loop(network: Network) -> None:
    reader = Reader(network, CPU)
    actual = vector(reader, SEED, b"hello")
    assert actual.shape == (32,)
    assert actual == pytest.approx(plain(network, SEED + b"hello "), abs=1e-6)
    assert np.abs(actual - plain(network, SEED + b"hello")).max() > 1e-3


def test_lines_know_nothing_of_each_other(network: Network) -> None:
    reader = Reader(network, CPU)
    first = vector(reader, SEED, b"first")
    vector(reader, SEED, b"between")
    assert vector(reader, SEED, b"first").tolist() == first.tolist()


def test_an_empty_line_is_the_seed_and_a_blank(network: Network) -> None:
    assert vector(Reader(network, CPU), [], b"") == pytest.approx(plain(network, b" "), abs=1e-6)


def test_blanks_are_dropped_wherever_they_stand() -> None:
    assert without_blanks(b" to\tbe or\r\n") == b"tobeor"


def test_numbers_are_written_as_c_writes_them() -> None:
    values = np.array([0.5, -1e-7, 123456789.0, 0.123456789])
    assert vector_line(b"to", values) == b"to,0.5,-1e-07,1.23457e+08,0.123457"
    assert vector_line(b"", np.array([1.0])) == b",1"
