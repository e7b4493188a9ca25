"""What `convert` does: a file of weights in, another kind of file out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from darknet_py.checkpoints.checkpoint_writing import LOADED_BY, write_checkpoint
from darknet_py.checkpoints.reading import WeightsRead, read_weights
from darknet_py.checkpoints.shifted_header import repair_header
from darknet_py.checkpoints.verifying import (
    BOUND,
    Difference,
    program_difference,
    tensor_difference,
)
from darknet_py.conversion.safetensors_file import to_safetensors
from darknet_py.errors import DarknetError, OutputError
from darknet_py.files import replacing, require_writable
from darknet_py.network.graph import read_graph
from darknet_py.network.load import require_memory
from darknet_py.network.network import Network
from darknet_py.options.converting import ConvertOptions

OWN_PROGRAM = "its own forward pass beside the network's"

log = logging.getLogger(__name__)


def convert(source: str, out: str, cfg: str, options: ConvertOptions) -> Iterator[str]:
    """Write the file; gives lines that say what was done.

    Raises WeightsError for a source that does not fit the cfg, and DarknetError where --verify
    finds another forward pass: what was written stays, for a look at it.
    """
    write = _writer(out, options.form)
    require_writable(Path(out))
    graph = read_graph(cfg, fork=options.fork)
    require_memory(graph)
    network = Network(graph, start=False)
    found = read_weights(network, source)
    for note in found.notes:
        log.warning("%s: %s", source, note)
    said = write(network, Path(out), options.form)
    yield f"{out}: {graph.parameters} values of all layers, from {found.what}{said}"
    if options.verify:
        yield from _verified(network, source, found, out)


def repair(source: str, out: str, cfg: str | None, fork: str) -> str:
    """Write a file of pytorchyolo's with the header that is meant; gives a line."""
    require_writable(Path(out))
    graph = None if cfg is None else read_graph(cfg, fork=fork)
    header = repair_header(source, Path(out), graph)
    version = ".".join(map(str, header.version))
    what = f"the weights of {source} behind a header of version {version}"
    return f"{out}: {what}, {header.seen} images seen"


def _weights(network: Network, out: Path, form: str | None) -> str:
    network.save_weights(out)
    return ""


def _safetensors(network: Network, out: Path, form: str | None) -> str:
    data = to_safetensors(network)
    with replacing(out) as file:
        file.write(data)
    return ""


def _checkpoint(network: Network, out: Path, form: str | None) -> str:
    return f"; loads in {LOADED_BY[write_checkpoint(network, out, form)]}"


WRITERS: Mapping[str, Callable[[Network, Path, str | None], str]] = {
    ".weights": _weights,
    ".backup": _weights,
    ".safetensors": _safetensors,
    ".pt": _checkpoint,
    ".pth": _checkpoint,
}
"""Ending -> what writes such a file, and what there is to say of it. To add one, add a row."""


def _writer(out: str, form: str | None) -> Callable[[Network, Path, str | None], str]:
    ending = Path(out).suffix.lower()
    if ending not in WRITERS:
        raise OutputError(f"{out}: ends in none of {', '.join(WRITERS)}")
    write = WRITERS[ending]
    if form and write is not _checkpoint:
        raise OutputError(f"{out}: --form is for .pt and .pth files")
    return write


def _verified(network: Network, source: str, found: WeightsRead, out: str) -> Iterator[str]:
    """A line for each of the two files; raises DarknetError for a difference above the bound."""
    if found.match is None:
        yield f"{source}: {found.what}, which holds no program of its own to run"
    else:
        yield _compared(source, program_difference(network, found.match))
    again = Network(network.graph, start=False)
    written = read_weights(again, out)
    if written.match is not None:
        yield _compared(out, program_difference(network, written.match))
    yield _compared(out, tensor_difference(network, again), "its tensors read again")


def _compared(path: str, difference: Difference, how: str = OWN_PROGRAM) -> str:
    if not difference.small:
        message = f"{difference}, expected at most {BOUND:g} of them"
        raise DarknetError(f"{path}: {how}: {message}")
    return f"{path}: {how}: {difference}"
