"""Bringing a file of the registry into the cache folder: mirrors in turn, checked, once."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darknet_py import files
from darknet_py.engines.cache_folder import FOLDER_VARIABLE, folder, subfolder
from darknet_py.errors import CANNOT_OPEN, DownloadError, OutputError, open_failure
from darknet_py.progress import MEGA
from darknet_py.web_request import RequestFailure
from darknet_py.weights_registry.integrity import issue, right_size
from darknet_py.weights_registry.part_file import PartFile
from darknet_py.weights_registry.patience import PATIENCE, Patience
from darknet_py.weights_registry.registry import RegistryFile
from darknet_py.weights_registry.shipped import shipped_path
from darknet_py.weights_registry.transfer import transfer

logger = logging.getLogger(__name__)

FOLDER = "weights"
"""In the cache folder."""
OFFLINE_VARIABLE = "DARKNET_PY_OFFLINE"


@dataclass(frozen=True)
class MirrorReport:
    """What an address gave. issue: why it gave nothing of use, "" when all is well."""

    file: str
    url: str
    issue: str


def offline_set() -> bool:
    """Whether $DARKNET_PY_OFFLINE says that nothing may be downloaded."""
    return os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0")


def cached_path(file: RegistryFile) -> Path:
    """Where a file lies once it is here; a shipped one is here always."""
    return shipped_path(file) if file.shipped else folder() / FOLDER / file.name


def is_here(file: RegistryFile) -> bool:
    """Whether nothing need be downloaded. By its size: it took its name when it was checked."""
    return bool(file.shipped) or right_size(cached_path(file), file)


def download(file: RegistryFile, *, offline: bool = False, patience: Patience = PATIENCE) -> Path:
    """The path of a file that is here, or was brought here and is what was published.

    A second process that wants the same file waits for the first. What came before an interruption
    is gone on with. offline: download nothing, as $DARKNET_PY_OFFLINE says too. Raises
    DownloadError, which names every address and what it gave, and OutputError for a folder that
    cannot be written and a disk without room.
    """
    if is_here(file):
        return cached_path(file)
    _require_online(file, offline)
    with _alone_with(file) as part:
        target = cached_path(file)
        if not is_here(file):
            _from_any(file, part, target, patience)
        return target


def try_mirrors(file: RegistryFile, *, patience: Patience = PATIENCE) -> Iterator[MirrorReport]:
    """Every address of a file is asked for all of it, whether it is here or not.

    Of those that are well the first is kept, if the file was not here. Raises OutputError, and
    DownloadError when nothing may be downloaded.
    """
    _require_online(file)
    with _alone_with(file, ".mirror") as part:
        for url in file.urls:
            part.discard()
            try:
                _from_mirror(url, file, part, patience)
            except RequestFailure as failure:
                yield MirrorReport(file.name, url, str(failure))
                continue
            yield MirrorReport(file.name, url, "")
            if not is_here(file):
                part.finish(cached_path(file))
        part.discard()


def verified(file: RegistryFile) -> str:
    """What is wrong with a file that is here, by its checksum as well; "" for nothing."""
    if file.shipped:
        return ""
    try:
        return issue(cached_path(file), file)
    except CANNOT_OPEN as failure:
        return f"cannot be read: {open_failure(failure)}"


def _require_online(file: RegistryFile, offline: bool = False) -> None:
    """Raises DownloadError when nothing may be downloaded."""
    if offline or offline_set():
        why = "--offline" if offline else f"${OFFLINE_VARIABLE}"
        where = "is here" if is_here(file) else f"is not at {cached_path(file)}"
        raise DownloadError(f"{file.name}: it {where}, and nothing may be downloaded ({why})")


@contextmanager
def _alone_with(file: RegistryFile, ending: str = "") -> Iterator[PartFile]:
    """Its part; other processes that want one of that name wait."""
    place = subfolder(FOLDER)
    part = PartFile(place / f"{file.name}{ending}.part")

    def waits() -> None:
        logger.info("%s: another process is downloading it; waiting", file.name)

    with files.exclusive(place / f".{file.name}{ending}.lock", waits):
        try:
            yield part
        except OSError as failure:
            cure = f"set {FOLDER_VARIABLE} to a folder that can be written"
            raise OutputError(f"{part.path}: {open_failure(failure)}; {cure}") from None


def _from_any(file: RegistryFile, part: PartFile, target: Path, patience: Patience) -> None:
    """From the first address that has it."""
    _require_space(file, part)
    failures = []
    for url in file.urls:
        logger.info("%s: downloading %.1f MB from %s", file.name, max(file.sizes) / MEGA, url)
        try:
            _from_mirror(url, file, part, patience)
        except RequestFailure as failure:
            logger.info("%s: %s: %s", file.name, url, failure)
            failures.append(f"{url}: {failure}")
        else:
            part.finish(target)
            logger.info("%s: %s; kept in %s", file.name, file.checked_by, target.parent)
            return
    cure = f"try again later, or put the file at {target}"
    raise DownloadError(f"{file.name}: no address gave it: {'; '.join(failures)}; {cure}")


def _from_mirror(url: str, file: RegistryFile, part: PartFile, patience: Patience) -> None:
    """`part` is all of the file and right; raises RequestFailure and OutputError."""
    continued = part.size > 0
    transfer(url, file, part, patience)
    told = issue(part.path, file)
    if not told:
        return
    part.discard()
    if not continued:
        raise RequestFailure(told)
    logger.info("%s: what was here before does not fit: %s; from the start", file.name, told)
    _from_mirror(url, file, part, patience)


def _require_space(file: RegistryFile, part: PartFile) -> None:
    """Raises OutputError when the disk has no room for what is missing."""
    missing = max(file.sizes) - part.size
    free = shutil.disk_usage(part.path.parent).free
    if free < missing:
        told = f"{missing / MEGA:.1f} MB are missing and {free / MEGA:.1f} MB free"
        cure = f"make room, or set {FOLDER_VARIABLE} to a folder on another disk"
        raise OutputError(f"{part.path}: {told}; {cure}")
