"""Names in the place of files: the paths of a network's cfg, weights and names."""

from __future__ import annotations

import os
from dataclasses import dataclass

from darknet_py.cfg.names import Names
from darknet_py.errors import DarknetError, nearest
from darknet_py.weights_registry.registry import files, network_named, networks

Path = str | os.PathLike[str]
NamedFiles = tuple[Path, Path, Names]
SURE = 0.8
"""How near a word must be to a name, by difflib, to be taken for a slip of the pen."""


@dataclass(frozen=True)
class NetworkPaths:
    """Where the files of a network lie; names: None where it has none of its own."""

    cfg: str
    weights: str | None
    names: str | None


def is_name(word: object) -> bool:
    """Whether a word stands for a network of the registry: no file of that name exists."""
    return isinstance(word, str) and not os.path.isfile(word) and word in networks()


def network_paths(name: str, *, weights: bool = True) -> NetworkPaths:
    """The files of a network, downloaded if they are not here.

    weights: False leaves them alone. Raises DownloadError, OutputError, and DarknetError for a
    backbone, which has no cfg.
    """
    network = network_named(name)
    if not network.cfg:
        cure = "it stands in the place of WEIGHTS, to start a training from"
        raise DarknetError(f"{name}: is a backbone, without a cfg; {cure}")
    return NetworkPaths(
        _path(network.cfg), _path(network.weights) if weights else None, _path(network.names)
    )


def weights_path(name: str) -> str:
    """The weights of a network or a backbone; raises as network_paths."""
    return _path(network_named(name).weights)


def named_files(cfg: Path, weights: Path | None, names: Names, data: str | None) -> NamedFiles:
    """Cfg, weights and names for Python, with the files of the registry for names.

    names: what was given; the network's own only where there is none, and no .data file. Raises as
    network_paths, and DarknetError for a file as cfg without weights.
    """
    known = weights_path(weights) if isinstance(weights, str) and is_name(weights) else weights
    if isinstance(cfg, str) and is_name(cfg):
        paths = network_paths(cfg, weights=known is None)
        own = paths.names if names is None and data is None else names
        return paths.cfg, known or str(paths.weights), own
    if known is None:
        hint = slip(os.fspath(cfg)) or "; give a .weights file, or a name that `darknet-py download"
        hint += "" if hint.endswith("?") else " --list` shows in the place of the cfg"
        raise DarknetError(f"{os.fspath(cfg)}: has no weights, and is no network's name{hint}")
    return cfg, known, names


def training_files(cfg: Path, weights: Path | None) -> tuple[str, str | None]:
    """Cfg and weights to start a training from, for Python, with the files of the registry for
    names: of a network only its cfg is taken. Raises as network_paths."""
    for name, given in (("cfg", cfg), ("weights", weights)):
        if not isinstance(given, (str, os.PathLike)) and (given is not None or name == "cfg"):
            raise DarknetError(f"{name} is {given!r}, expected a path or a network's name")
    start = None if weights is None else os.fspath(weights)
    if start is not None and is_name(start):
        start = weights_path(start)
    path = os.fspath(cfg)
    if is_name(path):
        return network_paths(path, weights=False).cfg, start
    if hint := slip(path):
        raise DarknetError(f"{path}: no such file, and no network of that name{hint}")
    return path, start


def slip(word: str) -> str:
    """`; did you mean 'x'?` for a word that is no file and almost a name, else nothing."""
    looks_like_a_path = os.sep in word or word.endswith((".cfg", ".weights"))
    if looks_like_a_path or os.path.exists(word):
        return ""
    return nearest(word, networks(), SURE)


def _path(name: str) -> str:
    from darknet_py.weights_registry.download import download  # urllib takes a while to import

    return os.fspath(download(files()[name]))
