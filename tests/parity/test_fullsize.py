"""The well-known networks at full size, with weights made by a rule that is recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from support.golden_check import relative

from darknet_py.network.network import Network

pytestmark = pytest.mark.parity

CFG = Path(__file__).resolve().parents[2] / "cfg"
NAMES = ("yolov2", "yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny")
PLAIN, COARSE = 2e-4, 3e-3
"""Deep nets with mish or swish have the wider one: AlexeyAB's program rounds these coarsely."""


def uniform(count: int, seed: int) -> np.ndarray:
    """`count` float32 in [0, 1): the upper 24 bits of a 32-bit hash of index and seed."""
    word = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        word ^= word >> np.uint32(shift)
        word *= np.uint32(factor)
    word ^= word >> np.uint32(16)
    return (word >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def pieces(record: np.lib.npyio.NpzFile) -> Iterator[bytes]:
    """The bytes of the weights file: a header of version 0.2.5, then the runs of floats."""
    yield np.array([0, 2, 5, 0, 0], "<i4").tobytes()
    stored, start = record["explicit"], 0
    for run in json.loads(str(record["runs"])):
        if run["kind"] == "explicit":
            values = stored[start : start + run["n"]]
            start += run["n"]
        else:
            low, high = np.float32(run["lo"]), np.float32(run["hi"])
            values = low + (high - low) * uniform(run["n"], run["seed"])
        yield np.ascontiguousarray(values, "<f4").tobytes()


def write_weights(record: np.lib.npyio.NpzFile, path: Path) -> None:
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for piece in pieces(record):
            digest.update(piece)
            file.write(piece)
    assert digest.hexdigest() == str(record["sha256"])


def samples(output: torch.Tensor, count: int) -> np.ndarray:
    flat = output[0].reshape(-1).numpy()
    return flat[np.arange(count, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(flat.size)]


@pytest.fixture
def threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize("name", NAMES)
def test_layers(name: str, shared: Path, tmp_path: Path, threads: None) -> None:
    record = np.load(shared / "fullsize" / f"{name}.npz")
    write_weights(record, tmp_path / "net.weights")
    _, channels, height, width = shape = tuple(int(n) for n in record["input_shape"])
    net = Network.from_cfg(
        CFG / f"{name}.cfg", width=width, height=height, fork=str(record["fork"])
    )
    assert net.graph.net.channels == channels
    report = net.load_weights(tmp_path / "net.weights")
    assert not report.partial and report.floats == net.graph.parameters
    check_architecture(net, record)
    x = uniform(int(np.prod(shape)), int(record["input_seed"])).reshape(shape)
    rows = compared(net, torch.from_numpy(x), record)
    assert [entry for entry in rows if not entry[2] <= tolerance(net)] == []
    net.save_weights(tmp_path / "again.weights")
    assert (tmp_path / "again.weights").read_bytes() == (tmp_path / "net.weights").read_bytes()


def check_architecture(net: Network, record: np.lib.npyio.NpzFile) -> None:
    kinds = [node.layer.kind for node in net.graph.nodes]
    recorded = [str(kind) for kind in record["layer_kinds"]]
    # "none" stands for kinds that the C program's table of names leaves out.
    assert [k for k, r in zip(kinds, recorded, strict=True) if r not in (k, "none")] == []
    assert [list(node.out) for node in net.graph.nodes] == record["layer_shapes"].tolist()


def compared(
    net: Network, x: torch.Tensor, record: np.lib.npyio.NpzFile
) -> list[tuple[int, str, float]]:
    expected, stats = record["layer_samples"], record["layer_stats"]
    rows = []
    for index, output in enumerate(net.trace(x)):
        actual = samples(output, expected.shape[1])
        error = relative(actual, expected[index], largest=float(stats[index][2]))
        rows.append((index, net.graph.nodes[index].layer.kind, error))
    return rows


def tolerance(net: Network) -> float:
    words = {getattr(node.layer, "activation", "") for node in net.graph.nodes}
    return COARSE if words & {"mish", "swish"} else PLAIN
