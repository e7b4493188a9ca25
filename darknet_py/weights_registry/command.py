"""What `download` does: the files of networks are brought, checked, and their paths printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from darknet_py.errors import DownloadError
from darknet_py.options.downloading import DownloadOptions
from darknet_py.weights_registry import listing
from darknet_py.weights_registry.download import (
    MirrorReport,
    cached_path,
    download,
    is_here,
    try_mirrors,
    verified,
)
from darknet_py.weights_registry.registry import RegistryFile, files, network_named


def run(options: DownloadOptions, as_json: bool) -> int:
    """0, or 1 when --all-mirrors found an address that is not well.

    Raises DownloadError, OutputError, and DarknetError for a name that is not there.
    """
    if options.list:
        click.echo(listing.as_json() if as_json else listing.table_text())
        return 0
    asked = {name: network_named(name) for name in options.names}
    wanted = dict.fromkeys(file for network in asked.values() for file in network.files)
    chosen = [files()[name] for name in wanted]
    if options.all_mirrors:
        return _say_mirrors(chosen, as_json)
    for file in chosen:
        _bring(file, options.offline)
    paths = {
        name: {file: str(cached_path(files()[file])) for file in network.files}
        for name, network in asked.items()
    }
    click.echo(json.dumps(paths, indent=2) if as_json else "\n".join(_lines(chosen)))
    return 0


def _bring(file: RegistryFile, offline: bool) -> None:
    """A file that is here is read and checked once more; raises DownloadError."""
    if not is_here(file):
        download(file, offline=offline)
    elif told := verified(file):
        path = cached_path(file)
        raise DownloadError(f"{path}: {told}; remove it, and it is downloaded again")


def _lines(chosen: list[RegistryFile]) -> Iterator[str]:
    for file in chosen:
        yield f"{cached_path(file)}" + ("" if file.shipped else f": {file.checked_by}")


def _say_mirrors(chosen: list[RegistryFile], as_json: bool) -> int:
    reports = []
    for file in chosen:
        for report in try_mirrors(file):
            reports.append(report)
            if not as_json:
                click.echo(_mirror_line(report, file))
    if as_json:
        click.echo(json.dumps([asdict(report) for report in reports], indent=2))
    return int(any(report.issue for report in reports))


def _mirror_line(report: MirrorReport, file: RegistryFile) -> str:
    return f"{report.url}: {report.issue or f'well ({file.checked_by})'}"
