"""The table of registry.json: networks by name, and the files that they are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from darknet_py.errors import DarknetError, nearest

TABLE = Path(__file__).with_name("registry.json")
SUMS = ("sha512", "sha256", "sha1", "md5")
"""Of several published sums the first of these is checked."""
TASKS = ("detect", "classify", "backbone")


@dataclass(frozen=True)
class RegistryFile:
    """A file of the registry.

    urls: the addresses it is published at, tried in turn. sizes: bytes that it may have, none for a
    shipped file. sums: published checksums by algorithm, in hexadecimal digits; may be empty.
    shipped: a path below the top folder of this repository, "" for what is downloaded.
    """

    name: str
    urls: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    sums: Mapping[str, str] | None = None
    note: str = ""
    shipped: str = ""

    @property
    def checksum(self) -> tuple[str, str] | None:
        """Algorithm and digits of the strongest published sum; None: nobody published one."""
        known = self.sums or {}
        return next(((kind, known[kind]) for kind in SUMS if kind in known), None)

    @property
    def checked_by(self) -> str:
        """What can be said of a file that is here."""
        if self.checksum is None:
            return "no published checksum, size only"
        return f"size and {self.checksum[0]}"


@dataclass(frozen=True)
class Published:
    """Accuracy in percent, as `source` gives it for a square input of `input` pixels on `data`."""

    data: str
    input: int
    source: str
    ap: float | None = None
    ap50: float | None = None


@dataclass(frozen=True)
class RegisteredNetwork:
    """A row of the registry. task: one of TASKS; a backbone is weights to start a training from,
    with neither cfg nor names. cfg, weights, names: names of files. input: width, height."""

    name: str
    task: str
    weights: str
    license: str
    cfg: str = ""
    names: str = ""
    classes: int = 0
    input: tuple[int, int] = (0, 0)
    published: Published | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all of its files, the largest last."""
        return tuple(name for name in (self.cfg, self.names, self.weights) if name)


@cache
def networks() -> dict[str, RegisteredNetwork]:
    """All networks by name."""
    return {name: _network(name, row) for name, row in _table()["networks"].items()}


@cache
def files() -> dict[str, RegistryFile]:
    """All files by name."""
    return {name: _file(name, row) for name, row in _table()["files"].items()}


def network_named(name: str) -> RegisteredNetwork:
    """Raises DarknetError for a name that is not there."""
    found = networks().get(name)
    if found is None:
        hint = nearest(name, networks()) or "; `darknet-py download --list` shows all"
        raise DarknetError(f"{name}: no network of that name is known{hint}")
    return found


@cache
def _table() -> dict[str, dict[str, dict[str, object]]]:
    table: dict[str, dict[str, dict[str, object]]] = json.loads(TABLE.read_text("utf-8"))
    return table


def _network(name: str, row: dict[str, object]) -> RegisteredNetwork:
    values = dict(row)
    if isinstance(size := values.get("input"), list):
        values["input"] = tuple(size)
    if isinstance(published := values.get("published"), dict):
        values["published"] = Published(**published)
    return RegisteredNetwork(name, **values)  # type: ignore[arg-type]


def _file(name: str, row: dict[str, object]) -> RegistryFile:
    values = dict(row)
    for key, field in (("urls", "urls"), ("bytes", "sizes")):
        if isinstance(listed := values.pop(key, None), list):
            values[field] = tuple(listed)
    return RegistryFile(name, **values)  # type: ignore[arg-type]
