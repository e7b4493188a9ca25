"""What an engine made of a network, kept on disk so that the next start is fast.

Files lie in $DARKNET_PY_CACHE, else in the user's cache folder. A name is a digest of what went in:
the graph, every weight, our code, torch's version, and the caller's words. Nothing is ever stale,
and deleting the folder is always safe.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from darknet_py.errors import OutputError
from darknet_py.files import replacing_path
from darknet_py.network.network import Network

FOLDER_VARIABLE = "DARKNET_PY_CACHE"
ROOMS = ("layers", "network", "conversion", "engines")
MOST_BYTES = 4 << 30
"""The longest unused files go when the folder grows beyond this."""


class NetworkFiles:
    """Files made of one network, whose weights are digested once for all of them.

    Whoever holds this holds the network's programs too, which are of the weights there were when
    they were made. Nothing in torch tells of every change of a tensor; so the weights are digested
    again before another file is made, which takes much longer, and the file is of what is there.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._digest: bytes | None = None
        self._making = False

    def get(self, words: Sequence[object], suffix: str, make: Callable[[Path], object]) -> Path:
        """The file that `make` writes to the path it is given, made now or found from before.

        words: whatever else the content depends on. suffix: of the file's name, with the dot.
        `make` may get further files. Raises OutputError when the folder cannot be written.
        """
        known, outer = self._digest is not None, self._making
        key = self._key(words)
        if known and not outer and not _path(key, suffix).is_file():
            self._digest = None
            key = self._key(words)
        self._making = True
        try:
            return kept(key, suffix, make)
        finally:
            self._making = outer

    def _key(self, words: Sequence[object]) -> str:
        if self._digest is None:
            self._digest = network_digest(self.network)
        return key_of(self._digest, words)


def kept(key: str, suffix: str, make: Callable[[Path], object]) -> Path:
    """The same for a key of the caller's that says all the content depends on."""
    path = _path(key, suffix)
    if path.is_file():
        with contextlib.suppress(OSError):
            os.utime(path)
        return path
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            made = stack.enter_context(replacing_path(path))
        except OSError as failure:
            cure = f"set {FOLDER_VARIABLE} to a folder that can be written"
            raise OutputError(f"{path.parent}: {failure.strerror}; {cure}") from None
        make(made)
    prune(path.parent, MOST_BYTES, keep=path)
    return path


def folder() -> Path:
    """The folder the files lie in; it may not exist yet."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "darknet-py"


def _path(key: str, suffix: str) -> Path:
    return folder() / f"{key}{suffix}"


def key_of(digest: bytes, words: Sequence[object]) -> str:
    """32 hex digits for a network's digest and whatever else a file depends on."""
    return hashlib.sha256(digest + repr(tuple(words)).encode()).hexdigest()[:32]


def network_digest(network: Network) -> bytes:
    """It differs when anything of a network differs that an engine's result depends on."""
    hasher = hashlib.sha256()
    graph = network.graph
    hasher.update(_code())
    hasher.update(repr((torch.__version__, platform.machine(), network.folded)).encode())
    hasher.update(repr((graph.net, graph.fork, graph.nodes)).encode())
    for name, tensor in network.state_dict().items():
        hasher.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        hasher.update(_bytes(tensor))
    return hasher.digest()


@functools.cache
def _code() -> bytes:
    """A digest of the code that says what a network computes."""
    package = Path(__file__).parent.parent
    sources = [path for room in ROOMS for path in (package / room).glob("*.py")]
    hasher = hashlib.sha256()
    for path in sorted(sources):
        hasher.update(path.read_bytes())
    return hasher.digest()


def _bytes(tensor: torch.Tensor) -> memoryview:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data


def prune(directory: Path, most: int, keep: Path) -> None:
    """Delete the longest unused files until at most `most` bytes are left, `keep` never."""
    entries = [
        entry for entry in os.scandir(directory) if entry.is_file() and entry.path != str(keep)
    ]
    entries.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    total = keep.stat().st_size
    for entry in entries:
        total += entry.stat().st_size
        if total > most:
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
