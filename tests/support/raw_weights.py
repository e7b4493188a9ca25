"""A weights file read by hand, and small networks whose files have statistics worth looking at."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from darknet_py import Network

Array = np.ndarray
Rows = list[tuple[str, tuple[int, ...]]]
SEEN = 4 * 7 + 3
"""No multiple of the batch of 4 below."""

NET = "[net]\nwidth={size}\nheight={size}\nchannels={channels}\nbatch=4\nsubdivisions=2\n"
CONV = "[convolutional]\n{options}activation={activation}\n"


def conv(filters: int, options: str = "", activation: str = "linear") -> str:
    return CONV.format(options=f"filters={filters}\n{options}", activation=activation)


def net(*sections: str, size: int = 6, channels: int = 3) -> str:
    return NET.format(size=size, channels=channels) + "".join(sections)


def conv_rows(filters: int, channels: int, size: int, batchnorm: bool) -> Rows:
    """What a convolution has in a file, in order."""
    scales = ("scales", "rolling_mean", "rolling_variance") if batchnorm else ()
    vectors: Rows = [(name, (filters,)) for name in ("biases", *scales)]
    return [*vectors, ("weights", (filters, channels, size, size))]


def matrix_rows(outputs: int, inputs: int, batchnorm: bool) -> Rows:
    """What a matrix has in a file, in order."""
    rows: Rows = [("biases", (outputs,)), ("weights", (outputs, inputs))]
    scales = ("scales", "rolling_mean", "rolling_variance") if batchnorm else ()
    return [*rows, *((name, (outputs,)) for name in scales)]


def raw(path: Path, *layers: Rows) -> list[dict[str, Array]]:
    """The arrays of each layer; the whole file must be read."""
    data = path.read_bytes()
    values = np.frombuffer(data[20:], "<f4")
    read, start = [], 0
    for rows in layers:
        arrays = {}
        for name, shape in rows:
            count = int(np.prod(shape))
            arrays[name] = values[start : start + count].reshape(shape)
            start += count
        read.append(arrays)
    assert start == len(values)
    return read


def header(path: Path) -> tuple[int, int, int, int]:
    major, minor, revision, seen = struct.unpack("<iiiQ", path.read_bytes()[:20])
    return major, minor, revision, seen


def written(folder: Path, text: str, seed: int = 1, fork: str = "alexeyab") -> tuple[Path, Path]:
    """n.cfg, and N.weights with random values in every tensor."""
    cfg, path = folder / "n.cfg", folder / f"{seed}.weights"
    cfg.write_text(text)
    network = Network.from_cfg(cfg, seed=seed, fork=fork)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            shake(name, tensor, generator)
        for name, tensor in network.named_buffers():
            shake(name, tensor, generator)
    network.header = replace(network.header, seen=SEEN)
    network.save_weights(path)
    return cfg, path


def shake(name: str, tensor: torch.Tensor, generator: torch.Generator) -> None:
    if not name.endswith("weights"):
        low = 0.5 if name.endswith("variance") else -1.0
        tensor.uniform_(low, 2.0, generator=generator)


def outputs(cfg: Path, path: Path, x: torch.Tensor, fork: str = "alexeyab") -> Array:
    """The last layer's output of a network, in float64."""
    network = Network.from_cfg(cfg, fork=fork)
    network.load_weights(path)
    with torch.no_grad():
        output: Array = network.double()(x.double())[-1].numpy()
    return output
