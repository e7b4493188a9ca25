"""The cfg that another one is made from: a file, a name of the registry, or one that is shipped."""

from __future__ import annotations

import os

from darknet_py.errors import CfgError, DarknetError, nearest
from darknet_py.weights_registry.named_network import is_name, network_paths
from darknet_py.weights_registry.registry import networks
from darknet_py.weights_registry.shipped import shipped_cfg, shipped_names


def base_path(base: str) -> str:
    """The path of its cfg; raises DarknetError, and DownloadError for one that must be downloaded.

    A file comes before a name.
    """
    if os.path.isfile(base):
        return base
    if shipped := shipped_cfg(base):
        return os.fspath(shipped)
    if is_name(base):
        return network_paths(base, weights=False).cfg
    known = [*networks(), *shipped_names()]
    hint = nearest(base, known) or f"; names are such as {', '.join(shipped_names()[-4:])}"
    raise CfgError(f"{base}: no such file, and no network of that name{hint}")


def start_weights(base: str, backbone: str | None) -> tuple[str, ...]:
    """What a training of a network made from `base` starts from, as words behind the cfg.

    A backbone of the registry, else the base's own weights, counted from the beginning.
    """
    if backbone:
        return (backbone,)
    if base in networks():
        return (base, "-clear")
    return ()


def require_other(out: str, path: str) -> None:
    """Raises DarknetError where the new cfg would take the place of the one it is made from."""
    if os.path.exists(out) and os.path.samefile(out, path):
        raise DarknetError(f"{out}: is the base itself; give the new cfg another name by -o")
