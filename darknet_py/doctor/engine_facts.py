"""Which engine computes with which precisions on which devices of this machine."""

from __future__ import annotations

import importlib

from darknet_py.doctor.section import Examined, Fact, first_line
from darknet_py.engines.engine import Engine
from darknet_py.engines.table import ENGINES, EngineRow, missing


def engines() -> Examined:
    """Engine -> {device: precisions}, or what it lacks."""
    facts: dict[str, Fact] = {}
    remarks = []
    for name, row in ENGINES.items():
        if lacking := missing(row):
            facts[name] = f"needs {', '.join(lacking)}; pip install {_packages(row)}"
            continue
        try:
            facts[name] = _offers(row)
        except Exception as failure:  # noqa: BLE001 - whatever a broken package raises
            facts[name] = f"broken: {first_line(failure)}"
            remarks.append(f"{name}: {first_line(failure)}; {_cure(row)}")
    return Examined(facts, remarks=tuple(remarks))


def _offers(row: EngineRow) -> dict[str, Fact]:
    module, _, name = row.home.partition(":")
    kind: type[Engine] = getattr(importlib.import_module(module), name)
    return {device: list[Fact](precisions) for device, precisions in kind.offers().items()}


def _packages(row: EngineRow) -> str:
    return " ".join(row.packages or row.modules)


def _cure(row: EngineRow) -> str:
    return f"pip install --force-reinstall {_packages(row) or 'torch'}"
