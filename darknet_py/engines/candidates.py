"""Which engines could run a network as it is asked for, and all that their times depend on."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import torch

from darknet_py.engines.engine import engine_kind
from darknet_py.engines.race import reason_of
from darknet_py.engines.table import ENGINES, EngineConfig, EngineRow, installed
from darknet_py.system import instruction_set, processors


def candidates(config: EngineConfig) -> tuple[dict[str, EngineConfig], dict[str, str]]:
    """Engines with their own config, torch first; and why an installed one is none, for those
    whose packages are broken. Their modules are imported."""
    able: dict[str, EngineConfig] = {}
    broken: dict[str, str] = {}
    for name in _possible(config):
        own = own_config(name, config)
        try:
            offers = engine_kind(own).offers()
        except Exception as failure:  # noqa: BLE001 - whatever a broken package raises
            broken[name] = reason_of(failure)
            continue
        if config.precision in offers.get(torch.device(config.device).type, ()):
            able[name] = own
    return able, broken


def own_config(name: str, config: EngineConfig) -> EngineConfig:
    """For one engine, without the options that only others have."""
    for_torch = config if ENGINES[name].compiles else replace(config, compiled=None, exact=False)
    return replace(for_torch, engine=name)


def facts(config: EngineConfig) -> list[object]:
    """What the choice depends on besides the network, threads and images. Imports no engine."""
    versions = [(name, _versions(ENGINES[name])) for name in _possible(config)]
    how = config.precision, config.compiled, config.exact, config.device
    return ["auto", how, versions, instruction_set(), processors(), _device_name(config.device)]


def _possible(config: EngineConfig) -> list[str]:
    """By what the table says of them."""
    return [
        name
        for name in installed()
        if config.precision in ENGINES[name].precisions
        and (ENGINES[name].compiles or not config.exact)
    ]


def _versions(row: EngineRow) -> list[str]:
    return [_version(module) for module in row.modules]


def _version(module: str) -> str:
    """Of its package, or, where that has another name, when and how large its file was made."""
    try:
        return version(module)
    except PackageNotFoundError:
        spec = find_spec(module)
        file = spec.origin if spec else None
        status = Path(file).stat() if file and Path(file).is_file() else None
        return f"{status.st_mtime_ns} {status.st_size}" if status else "unknown"


def _device_name(device: str) -> str:
    chosen = torch.device(device)
    return torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else str(chosen)
