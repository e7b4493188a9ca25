"""Any file of weights into a network: what it is shows in its content, not in its name."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from darknet_py.checkpoints.cfg_values import described
from darknet_py.checkpoints.conv_tensors import NORM
from darknet_py.checkpoints.keepsake import Keepsake, keepsake_of
from darknet_py.checkpoints.model_match import match_model
from darknet_py.checkpoints.module_list import match_module_list
from darknet_py.checkpoints.module_tree import ModuleTree, tree_of_model, tree_of_tensors
from darknet_py.checkpoints.pickled import ZIP_START, StandIn, read_checkpoint
from darknet_py.checkpoints.weight_match import WeightMatch
from darknet_py.conversion.safetensors_file import (
    header_of,
    require_fit,
    safetensors_content,
)
from darknet_py.errors import CANNOT_OPEN, WeightsError, open_failure
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.train.state_file import FACTS, ArraySpec, open_state

LEGACY_STARTS = (b"\x80\x02\x8a", b"\x80\x02l")
"""torch's files before 1.6: a pickled magic number."""
CHOICES = ("ema", "model", "state_dict")
"""Where a checkpoint keeps its network; the average of a training before the last step."""
NETWORK = "net."
"""Before the names of the network's tensors in a state of `train`."""
MOST_STATE = 1 << 40
READ = (*NORM, "implicit")
"""Tensors of a convolution and what belongs to it."""
IGNORED = ("num_batches_tracked", "anchors", "anchor_grid")
"""Tensors that no .weights file has: what they say stands in the cfg."""


@dataclass(frozen=True)
class WeightsRead:
    """what: the file is. match: where it has a program of its own. notes: what was assumed."""

    what: str
    match: WeightMatch | None = None
    notes: tuple[str, ...] = ()


def read_weights(network: Network, path: str) -> WeightsRead:
    """Fill all tensors of the network and its header; raises WeightsError, naming the file."""
    return READERS[file_kind(path)](network, path)


def file_kind(path: str) -> str:
    """A row of READERS; raises WeightsError for what cannot be opened."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
        if start.startswith(ZIP_START):
            return "state" if f"{FACTS}.npy" in _entries(path) else "checkpoint"
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file; check the path") from None
    except CANNOT_OPEN as failure:
        raise WeightsError(f"{path}: cannot be read: {open_failure(failure)}") from None
    if start.startswith(LEGACY_STARTS):
        return "checkpoint"
    return "safetensors" if start[8:9] == b"{" else "weights"


def _entries(path: str) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def _weights(network: Network, path: str) -> WeightsRead:
    report = network.load_weights(path)
    if report.missing:
        raise WeightsError(f"{path}: {report.random_layers}; only whole files are converted")
    return WeightsRead("a .weights file", None, report.warnings)


def _safetensors(network: Network, path: str) -> WeightsRead:
    tensors, words = safetensors_content(path)
    what = "a .safetensors file"
    if _own(tensors):
        _fill_own(network, path, tensors)
        network.header = header_of(path, words, network.header)
        return WeightsRead(what)
    return _matched(network, path, tree_of_tensors(tensors), Keepsake(), what)


def _checkpoint(network: Network, path: str) -> WeightsRead:
    content = read_checkpoint(path)
    with _named(path):
        kept = keepsake_of(content)
        tree = _network_tree(content)
    if _own(tree.children):
        _fill_own(network, path, dict(tree.walk()))
        network.header = kept.header or network.header
        return WeightsRead("tensors of darknet_py.Network")
    return _matched(network, path, tree, kept, "a PyTorch checkpoint")


def _state(network: Network, path: str) -> WeightsRead:
    with open_state(Path(path), MOST_STATE) as archive:
        specs = {
            f"{NETWORK}{name}": ArraySpec(tuple(tensor.shape), tensor.numpy().dtype)
            for name, tensor in network.state_dict().items()
        }
        ours = {name: entry for name, entry in archive.entries.items() if name in specs}
        facts = archive.facts()
        arrays = dataclasses.replace(archive, entries=ours).arrays(specs)
    seen = facts.get("seen") if isinstance(facts, dict) else None
    if not isinstance(seen, int) or not 0 <= seen < 1 << 63:
        raise WeightsError(f"{path}: is no state of a training: it does not say the images seen")
    tensors = {name.removeprefix(NETWORK): torch.from_numpy(a) for name, a in arrays.items()}
    network.load_state_dict(tensors)
    network.header = dataclasses.replace(network.header, seen=seen)
    return WeightsRead("a state of a training")


READERS: Mapping[str, Callable[[Network, str], WeightsRead]] = {
    "weights": _weights,
    "safetensors": _safetensors,
    "checkpoint": _checkpoint,
    "state": _state,
}
"""To add a kind of file, add a row and its mark in file_kind."""


def _network_tree(content: Any) -> ModuleTree:
    """The network in what a checkpoint holds; raises WeightsError where there is none."""
    if isinstance(content, dict):
        chosen = next((content[key] for key in CHOICES if content.get(key) is not None), content)
    else:
        chosen = content
    if isinstance(chosen, StandIn):
        tree = tree_of_model(chosen)
    elif isinstance(chosen, dict):
        tensors = {str(name): value for name, value in chosen.items() if isinstance(value, Tensor)}
        tree = tree_of_tensors(tensors)
    else:
        raise WeightsError(f"holds a {type(chosen).__name__}, expected a model or its tensors")
    wrapped = tree.children.get("module")
    return _renamed(wrapped) if wrapped is not None and len(tree.children) == 1 else tree


def _renamed(wrapped: ModuleTree) -> ModuleTree:
    """The network in a DataParallel, without its prefix."""
    if wrapped.whole:
        return wrapped
    return tree_of_tensors({name.removeprefix("module."): t for name, t in wrapped.walk()})


def _own(names: Iterable[str]) -> bool:
    """Whether tensors have the names that darknet_py.Network gives them."""
    return {name.partition(".")[0] for name in names} == {"layers"}


def _fill_own(network: Network, path: str, tensors: Mapping[str, Tensor]) -> None:
    wanted = network.state_dict()
    there = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }
    require_fit(path, wanted, there)
    network.load_state_dict(there)


MATCHES: Mapping[str, Callable[[ModuleTree, Graph], WeightMatch]] = {
    "module_list": match_module_list,
    "model": match_model,
}
"""What a network's tensors begin with -> how they are found. To add a kind, add a row."""


def _matched(
    network: Network, path: str, tree: ModuleTree, kept: Keepsake, what: str
) -> WeightsRead:
    with _named(path):
        match = next((MATCHES[name] for name in MATCHES if name in tree.children), None)
        if match is None:
            begin = ", ".join(sorted(tree.weighted)[:5]) or "no tensors"
            raise WeightsError(f"has {begin}; known are {', '.join(MATCHES)} and layers")
        found = dataclasses.replace(match(tree, network.graph), kept=kept.variances)
        _require_all(tree, found)
        _fill(network, found)
    network.header = kept.header or network.header
    return WeightsRead(what, found, found.notes)


def _require_all(tree: ModuleTree, match: WeightMatch) -> None:
    """Every tensor of the file has its place, and every layer its tensors."""
    found = (name for part in match.trees.values() for name, _ in part.walk())
    used = {name for name in found if name.rpartition(".")[2] in READ} | match.unused
    for name, _ in tree.walk():
        if name not in used and name.rpartition(".")[2] not in IGNORED:
            raise WeightsError(f"has {name}, which no layer of the cfg holds")
    for node in match.graph.nodes:
        if match.graph.stored(node.index) and node.index not in match.trees:
            raise WeightsError(f"has nothing for {described(node)}")


@torch.no_grad()
def _fill(network: Network, match: WeightMatch) -> None:
    for index in match.trees:
        made = match.tensors(index)
        for name, tensor in network.own(index).items():
            tensor.copy_(made[name].reshape(tensor.shape))


class _named:
    """Puts the file's name before what is said of it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, WeightsError) and not str(error).startswith(f"{self.path}: "):
            raise WeightsError(f"{self.path}: {error}") from None
