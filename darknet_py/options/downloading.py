"""The options of `download`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import flag


@dataclass(frozen=True, kw_only=True)
class DownloadOptions:
    """names: of networks in the registry."""

    names: tuple[str, ...] = ()
    list: bool = flag(False, "Show all networks, and which are here.")
    all_mirrors: bool = flag(
        False, "Ask every address for the whole file and check what it gives.", "--all-mirrors"
    )
    offline: bool = flag(
        False, "Download nothing: check what is here (DARKNET_PY_OFFLINE=1: on all commands)."
    )
