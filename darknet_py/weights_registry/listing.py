"""`download --list`: the registry as a table, or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from darknet_py.progress import MEGA
from darknet_py.weights_registry.download import cached_path, is_here
from darknet_py.weights_registry.registry import (
    Published,
    RegisteredNetwork,
    files,
    networks,
)

HEADS = ("NAME", "TASK", "INPUT", "CLASSES", "MB", "AP", "AP50", "CHECKED BY", "HERE")
LEGEND = (
    "AP, AP50: percent, as published for that input; --json has the sources and the licences. "
    "size only: no published checksum."
)


def table_text() -> str:
    """The table of all networks, a line each, under a line of heads."""
    rows = [HEADS, *map(_row, networks().values())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join([*lines, LEGEND])


def _row(network: RegisteredNetwork) -> tuple[str, ...]:
    width, height = network.input
    weights = files()[network.weights]
    published = network.published
    return (
        network.name,
        network.task,
        f"{width}x{height}" if width else "",
        str(network.classes or ""),
        _megabytes(max(weights.sizes)),
        _percent(published.ap) if published else "",
        _percent(published.ap50) if published else "",
        weights.checksum[0] if weights.checksum else "size only",
        "yes" if is_here(weights) else "",
    )


def _megabytes(size: int) -> str:
    return f"{size / MEGA:.1f}" if size >= MEGA else f"{size / MEGA:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def as_json() -> str:
    """All that is known of all networks, with the paths of their files."""
    return json.dumps([_facts(network) for network in networks().values()], indent=2)


def _facts(network: RegisteredNetwork) -> dict[str, object]:
    published: Published | None = network.published
    facts = asdict(network) | {"published": asdict(published) if published else None}
    facts["files"] = {name: _file_facts(name) for name in network.files}
    return facts


def _file_facts(name: str) -> dict[str, object]:
    file = files()[name]
    return {
        "path": str(cached_path(file)),
        "here": is_here(file),
        "urls": list(file.urls),
        "bytes": list(file.sizes),
        "sums": dict(file.sums or {}),
        "checked_by": file.checked_by if not file.shipped else "",
        "note": file.note,
    }
