"""A network's tensors as a .safetensors file, which no code is run to read.

The names are those of `Network.state_dict()`: layers.12.weights, the number that of the layer in
the cfg, the word that of Darknet's weights file. What a .weights file's header says lies in the
metadata, so that such a file can be written again bit for bit.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.metadata import PREFIX, metadata
from darknet_py.errors import WeightsError
from darknet_py.lazy import optional_module
from darknet_py.network.network import Network
from darknet_py.network.weights import Header

HEADER = PREFIX + "header"


def to_safetensors(
    network: Network, target: ExportTarget | None = None, names: Sequence[str] = ()
) -> bytes:
    """The bytes of the file: float32, batch normalisation not folded. names: of the classes.

    Raises DarknetError where safetensors is not installed.
    """
    save = optional_module("safetensors.torch", "safetensors").save
    words = metadata(network.graph, target or ExportTarget(), names)
    words[HEADER] = " ".join(map(str, header_numbers(network.header)))
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    data: bytes = save(tensors, words)
    return data


def read_safetensors(network: Network, path: str | os.PathLike[str]) -> None:
    """Fill the network's tensors and its header from such a file.

    Raises WeightsError, before anything is changed, for one that is no safetensors file or does
    not have each of the network's tensors in its shape; DarknetError where safetensors is not
    installed.
    """
    name = os.fspath(path)
    tensors, words = safetensors_content(name)
    wanted = network.state_dict()
    require_fit(name, wanted, tensors)
    header = header_of(name, words, network.header)
    network.load_state_dict(tensors)
    network.header = header


def safetensors_content(name: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file and its metadata; raises as read_safetensors."""
    safetensors: Any = optional_module("safetensors")
    try:
        with safetensors.safe_open(name, "pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as failure:
        reason = " ".join(str(failure).split())
        raise WeightsError(f"{name}: cannot be read as a safetensors file: {reason}") from None


def require_fit(name: str, wanted: dict[str, Tensor], there: dict[str, Tensor]) -> None:
    """Raises WeightsError unless the names, shapes and types are those that are wanted."""
    for key, tensor in wanted.items():
        if key not in there:
            raise WeightsError(f"{name}: has no {key}; it belongs to another cfg")
        if there[key].shape != tensor.shape or there[key].dtype != torch.float32:
            has, want = _words(there[key]), _words(tensor)
            raise WeightsError(f"{name}: {key} is {has}, the cfg needs {want}")
    for key in there:
        if key not in wanted:
            raise WeightsError(f"{name}: has {key}, which the cfg has not")


def _words(tensor: Tensor) -> str:
    sizes = " x ".join(map(str, tensor.shape))
    return f"{str(tensor.dtype).removeprefix('torch.')} {sizes}"


def header_of(name: str, words: dict[str, str], usual: Header) -> Header:
    """That of the .weights file the tensors came from; the network's where it says none."""
    if HEADER not in words:
        return usual
    try:
        return header_from(map(int, words[HEADER].split()))
    except ValueError:
        message = f"{HEADER} is '{words[HEADER][:40]}', expected four numbers"
        raise WeightsError(f"{name}: {message}") from None


def header_numbers(header: Header) -> tuple[int, int, int, int]:
    """version (three numbers) and images seen"""
    return header.major, header.minor, header.revision, header.seen


def header_from(numbers: Iterable[int]) -> Header:
    """The header of those four; raises ValueError for what no file can have."""
    major, minor, revision, seen = numbers
    header = Header(major, minor, revision, seen)
    try:
        header.pack()
    except struct.error:
        raise ValueError(f"no file has the header {header}") from None
    return header
