"""What an engine made of a network, kept on disk so that the next start is fast.

Files lie in $DARKNET_PY_CACHE, else in the user's cache folder. A name is a digest of what went in
(the graph, every weight, our code, torch's version, the caller's words) and one of what came out.
Nothing is ever stale or damaged, and deleting the folder is always safe.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.engines.cache_folder import CURE, private_folder, require_ours
from darknet_py.engines.cache_folder import FOLDER_VARIABLE as FOLDER_VARIABLE
from darknet_py.engines.cache_folder import folder as folder
from darknet_py.errors import OutputError
from darknet_py.files import clear_abandoned, file_digest, replacing_path
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch

    from darknet_py.network.network import Network
else:
    torch = deferred("torch")

ROOMS = ("layers", "network", "conversion", "engines")
SOURCES = (".py", ".cpp", ".h")
MOST_BYTES = 4 << 30
"""The longest unused files go when the folder grows beyond this."""
OWNER_ONLY = 0o600
ANY = re.compile("")
OURS = re.compile(r"[0-9a-f]{32}[-.]|TensorrtExecutionProvider|inductor$")
"""How names begin of what is made here; whatever else lies in the folder stays."""


class NetworkFiles:
    """Files made of one network, whose weights are digested once for all of them.

    Whoever holds this holds the network's programs too, which are of the weights there were when
    they were made. Nothing in torch tells of every change of a tensor; so the weights are digested
    again before another file is made, which takes much longer, and the file is of what is there.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.made: list[Path] = []
        """The files that were not there before."""
        self._digest: bytes | None = None
        self._making = False

    def get(self, words: Sequence[object], suffix: str, make: Callable[[Path], object]) -> Path:
        """The file that `make` writes to the path it is given, made now or found from before.

        words: whatever else the content depends on. suffix: of the file's name, with the dot.
        `make` may get further files. Raises OutputError when the folder cannot be written.
        """
        known, outer = self._digest is not None, self._making
        key = self._key(words)
        if known and not outer and not _found(private_folder(), key, suffix):
            self._digest = None
            key = self._key(words)
        self._making = True
        there = _found(private_folder(), key, suffix)
        try:
            path = kept(key, suffix, make)
        finally:
            self._making = outer
        if not there:
            self.made.append(path)
        return path

    def find(self, words: Sequence[object], suffix: str) -> Path | None:
        """The file if it was made before."""
        return _found(private_folder(), self._key(words), suffix)

    def remove(self, words: Sequence[object], suffix: str) -> None:
        """Another one is to be made, of what the words do not say."""
        if path := self.find(words, suffix):
            path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what was made: it turned out to be of no use."""
        while self.made:
            self.made.pop().unlink(missing_ok=True)

    def _key(self, words: Sequence[object]) -> str:
        if self._digest is None:
            self._digest = network_digest(self.network)
        return key_of(self._digest, words)


def kept(key: str, suffix: str, make: Callable[[Path], object]) -> Path:
    """The same for a key of the caller's that says all the content depends on.

    A file's name ends in the digest of its content: one that is damaged is made again.
    """
    there = found(key, suffix)
    if there:
        return there
    home = private_folder()
    clear_abandoned(home)
    _made(home, key, suffix, make)
    path = _found(home, key, suffix)
    if not path:
        raise OutputError(f"{home}: what was just made for the cache is gone again; try once more")
    with contextlib.suppress(OSError):  # another process prunes as well
        prune(home, MOST_BYTES, path, OURS)
    return path


def found(key: str, suffix: str) -> Path | None:
    """The file of that key if it has been made. Raises OutputError as `kept`."""
    path = _found(private_folder(), key, suffix)
    if path:
        with contextlib.suppress(OSError):
            os.utime(path)
    return path


def _found(home: Path, key: str, suffix: str) -> Path | None:
    """A whole file of that key; those that are not go."""
    for path in home.glob(f"{key}-*{suffix}"):
        with contextlib.suppress(OSError):  # another process has just removed it
            require_ours(path)
            if path.name == _name(key, suffix, path):
                return path
            path.unlink()
    return None


def _made(home: Path, key: str, suffix: str, make: Callable[[Path], object]) -> None:
    with contextlib.ExitStack() as stack:
        try:
            making = replacing_path(home / f"{key}{suffix}", partial(_name, key, suffix))
            made = stack.enter_context(making)
        except OSError as failure:
            raise OutputError(f"{home}: {failure.strerror}; {CURE}") from None
        make(made)
        made.chmod(OWNER_ONLY)


def _name(key: str, suffix: str, path: Path) -> str:
    return f"{key}-{file_digest(path).hex()[:32]}{suffix}"


def key_of(digest: bytes, words: Sequence[object]) -> str:
    """32 hex digits for a network's digest and whatever else a file depends on."""
    return hashlib.sha256(digest + repr(tuple(words)).encode()).hexdigest()[:32]


def network_digest(network: Network) -> bytes:
    """It differs when anything of a network differs that an engine's result depends on."""
    hasher = hashlib.sha256()
    graph = network.graph
    hasher.update(code_digest())
    hasher.update(repr((torch.__version__, platform.machine(), network.folded)).encode())
    hasher.update(repr((graph.net, graph.fork, graph.nodes)).encode())
    for name, tensor in network.state_dict().items():
        hasher.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        hasher.update(_bytes(tensor))
    return hasher.digest()


@functools.cache
def code_digest() -> bytes:
    """A digest of the code that says what a network computes."""
    package = Path(__file__).parent.parent
    paths = (path for room in ROOMS for path in (package / room).rglob("*"))
    hasher = hashlib.sha256()
    for path in sorted(path for path in paths if path.suffix in SOURCES):
        hasher.update(f"{path.name} {path.stat().st_size} ".encode())
        hasher.update(path.read_bytes())
    return hasher.digest()


def _bytes(tensor: torch.Tensor) -> memoryview:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data


def prune(directory: Path, most: int, keep: Path, names: re.Pattern[str] = ANY) -> None:
    """Delete the longest unused files until at most `most` bytes are left, `keep` never.

    names: how those begin that may go, or the folders in `directory` in which they lie.
    """
    found = [
        (path, path.stat())
        for path in directory.rglob("*")
        if names.match(path.relative_to(directory).parts[0]) and path.is_file() and path != keep
    ]
    found.sort(key=lambda entry: entry[1].st_mtime, reverse=True)
    total = keep.stat().st_size
    for path, status in found:
        total += status.st_size
        if total > most:
            with contextlib.suppress(OSError):
                path.unlink()
