"""A registry of one network, the demo network of this repository, that this machine serves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from darknet_py.weights_registry import registry
from support.weights_server import Site, serving

ROOT = Path(__file__).resolve().parents[2]
CACHED = (registry.networks, registry.files, registry._table)


@contextmanager
def registered(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The one network is called `name`; its weights are at the second of two addresses.

    folder: one where the table may be written. Downloads are allowed meanwhile.
    """
    content = (ROOT / "data" / "shapes.weights").read_bytes()
    with serving(content) as site, monkeypatch.context() as patch:
        table = folder / "registry.json"
        table.write_text(json.dumps(_table(name, content, site.url)))
        patch.setattr(registry, "TABLE", table)
        patch.delenv("DARKNET_PY_OFFLINE", raising=False)
        _forget()
        try:
            yield site
        finally:
            _forget()


def _forget() -> None:
    for function in CACHED:
        function.cache_clear()


def _table(name: str, content: bytes, url: str) -> dict[str, object]:
    network = {
        "task": "detect",
        "weights": f"{name}.weights",
        "cfg": "shapes.cfg",
        "names": "shapes.names",
        "classes": 8,
        "input": [256, 256],
        "license": "MIT",
    }
    weights = {
        "urls": [url.replace("/file", "/none"), url],
        "bytes": [len(content)],
        "sums": {"sha256": hashlib.sha256(content).hexdigest()},
    }
    backbone = {"task": "backbone", "weights": f"{name}.weights", "license": "MIT"}
    return {
        "networks": {name: network, f"{name}.conv": backbone},
        "files": {
            f"{name}.weights": weights,
            "shapes.cfg": {"shipped": "cfg/shapes.cfg"},
            "shapes.names": {"shipped": "data/shapes.names"},
        },
    }
