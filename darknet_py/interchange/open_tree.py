"""A folder, a zip archive or a file of a data set opened as a tree of files.

A zip is somebody else's: nothing of it is ever written under the name it gives, its sizes are added
up before a byte is unpacked, and what its names cannot mean is left out.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from darknet_py.errors import DataError, open_failure
from darknet_py.interchange.file_tree import UNREADABLE, FileTree, FolderTree, ZipTree
from darknet_py.interchange.left_out import LeftOut

MOST_FILES = 1_000_000
"""Of a data set; the largest public ones have 2 files for each of 330,000 images."""
MOST_UNPACKED, MOST_RATIO = 1 << 30, 50
"""Bytes that any archive may unpack to, and how many times its own size a larger one may:
images hardly shrink in it, label files to a tenth."""
ENCRYPTED = 1
SIDE_FOLDERS = ("__MACOSX",)
FILE_SUFFIXES = (".yaml", ".yml", ".json", ".csv", ".data")
"""Files that stand for the folder they lie in, of whose kind no other is looked at."""
ANNOTATION_FOLDERS = ("annotations", "labels")
"""Whose files speak of images beside that folder."""


def open_tree(path: str, left_out: LeftOut) -> FileTree:
    """The files of a folder, of a .zip, or those around a file of FILE_SUFFIXES.

    Raises DataError for anything else, and for an archive that cannot be meant well.
    """
    if os.path.isdir(path):
        return folder_tree(Path(path))
    if not os.path.exists(path):
        raise DataError(f"{path}: no such file; expected a folder or a .zip of a data set")
    if zipfile.is_zipfile(path):
        return _zip_tree(path, left_out)
    file = Path(path)
    if file.suffix.lower() not in FILE_SUFFIXES:
        known = ", ".join(FILE_SUFFIXES)
        raise DataError(f"{path}: expected a folder or a .zip of a data set, or one of {known}")
    return _around(file)


def folder_tree(folder: Path) -> FolderTree:
    """The files below a folder. Raises DataError for none, for too many, for the file system."""
    if folder.resolve() == Path(folder.resolve().anchor):
        raise DataError(f"{folder}: is the whole file system, expected the folder of a data set")
    names = sorted(_walked(folder))
    prefix = _common_folder(names)
    below = tuple(name[len(prefix) :] for name in names)
    if not below:
        raise DataError(f"{folder}: has no files, expected the folder of a data set")
    return FolderTree(folder / prefix, below, os.fspath(folder / prefix))


def _around(file: Path) -> FolderTree:
    """The tree of a file's folder without the others of its suffix."""
    is_below = file.parent.name.lower() in ANNOTATION_FOLDERS
    root = file.parent.parent if is_below else file.parent
    own = file.relative_to(root).as_posix()
    names = (name for name in sorted(_walked(root)) if name == own or not _alike(name, file.suffix))
    return FolderTree(root, tuple(names), os.fspath(root))


def _alike(name: str, suffix: str) -> bool:
    same = (".yaml", ".yml") if suffix.lower() in (".yaml", ".yml") else (suffix.lower(),)
    return name.lower().endswith(same)


def _walked(folder: Path) -> Iterator[str]:
    seen = {os.path.realpath(folder)}
    count = 0
    for parent, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = [name for name in sorted(folders) if _is_new(parent, name, seen)]
        count += len(files) + len(folders)
        if count > MOST_FILES:
            raise DataError(f"{folder}: has more than {MOST_FILES} files, which no data set has")
        below = Path(parent).relative_to(folder).as_posix()
        yield from (f"{below}/{name}".removeprefix("./") for name in files if _is_shown(name))


def _is_new(parent: str, name: str, seen: set[str]) -> bool:
    """Not hidden, and not met before: a link may lead back to a folder above it."""
    real = os.path.realpath(os.path.join(parent, name))
    if not _is_shown(name) or real in seen:
        return False
    seen.add(real)
    return True


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name not in SIDE_FOLDERS


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}")


def _zip_tree(path: str, left_out: LeftOut) -> ZipTree:
    try:
        archive = zipfile.ZipFile(path)
    except UNREADABLE as failure:
        raise DataError(f"{path}: cannot be read as a zip: {open_failure(failure)}") from None
    files = [info for info in archive.infolist() if not info.is_dir()]
    _require_sane(path, files)
    names = sorted(_safe_names(files, left_out))
    prefix = _common_folder(names)
    return ZipTree(archive, tuple(name[len(prefix) :] for name in names), path, prefix)


def _require_sane(path: str, files: list[zipfile.ZipInfo]) -> None:
    if len(files) > MOST_FILES:
        raise DataError(f"{path}: has {len(files)} files, expected at most {MOST_FILES}")
    if any(info.flag_bits & ENCRYPTED for info in files):
        raise DataError(f"{path}: is encrypted; unpack it and give the folder")
    unpacked, packed = sum(info.file_size for info in files), os.path.getsize(path)
    if unpacked > max(MOST_UNPACKED, MOST_RATIO * packed):
        message = f"would unpack to {unpacked >> 20} MB from {packed / 2**20:.1f} MB"
        cure = "a data set hardly shrinks; if it is one, unpack it and give the folder"
        raise DataError(f"{path}: {message}; {cure}")


def _safe_names(files: Iterable[zipfile.ZipInfo], left_out: LeftOut) -> Iterator[str]:
    """Each once: of two files of one name the later counts, as for every other reader."""
    seen: set[str] = set()
    for info in files:
        parts = info.filename.split("/")
        if any(part and not _is_shown(part) and part != ".." for part in parts):
            continue  # side files of other systems
        if info.filename in seen or not _is_safe(info, parts):
            left_out.add("unsafe", info.filename)
            continue
        seen.add(info.filename)
        yield info.filename


def _is_safe(info: zipfile.ZipInfo, parts: list[str]) -> bool:
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    odd = {"", ".", ".."} & {*parts} or any(sign in info.filename for sign in "\\\0")
    return not is_link and not odd and ":" not in parts[0]


def _common_folder(names: list[str]) -> str:
    """The folder, and those below it, that all files are in: with a / behind it, or ""."""
    if not names:
        return ""
    common = os.path.commonprefix([names[0], names[-1]])
    return common[: common.rfind("/") + 1]
