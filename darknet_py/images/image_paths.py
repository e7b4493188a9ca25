"""Which image files a path, a folder, a pattern or a list means. Nothing here needs numpy."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from darknet_py.cfg.text_file import read_text
from darknet_py.errors import DataError

Source = str | os.PathLike[str]

# The formats OpenCV reads into 8-bit pixels.
IMAGE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".pxm", ".ras", ".sr", ".tif", ".tiff", ".webp"}
)
LIST_SUFFIX = ".txt"


def expand(source: Source | Iterable[Source], recursive: bool = False) -> list[str]:
    """The paths of the image files that a source names, in order; those given as written.

    source: a file, a folder (its images sorted by name, those of sub-folders too when
    recursive), a glob pattern, a .txt list with one path per line, or several of these.

    Raises DataError when one of them names nothing.
    """
    if isinstance(source, (str, os.PathLike)):
        return _expand_one(source, recursive)
    paths = [path for one in source for path in _expand_one(one, recursive)]
    if not paths:
        raise DataError("no images given; name a file, a folder, a pattern or a .txt list")
    return paths


def _expand_one(source: Source, recursive: bool) -> list[str]:
    if not os.fspath(source):
        raise DataError("an empty path names no image; the working folder is '.'")
    # Unlike Path, os.path takes ~nosuchuser for a name, and one that no file can have for none.
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        return images_in(path, recursive)
    if os.path.isfile(path):
        return listed(path) if path.suffix.lower() == LIST_SUFFIX else [os.fspath(source)]
    # A file whose name holds pattern characters was taken above; the rest may be a pattern.
    if glob.has_magic(str(path)):
        return _matching(str(path))
    raise DataError(f"{source}: no such file or folder; check the path")


def images_in(folder: Source, recursive: bool) -> list[str]:
    """The image files of a folder, sorted by name; raises DataError when there is none."""
    paths = sorted(_images(os.fspath(folder), recursive))
    if not paths:
        cure = "" if recursive else f"; those of its sub-folders are '{folder}/**/*.jpg'"
        raise DataError(f"{folder}: no images in this folder{cure}")
    return paths


def _images(folder: str, recursive: bool) -> Iterator[str]:
    seen = {os.path.realpath(folder)}
    for parent, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = _unseen(parent, sorted(folders), seen) if recursive else []
        for name in filter(_named_as_image, names):
            yield os.path.join(parent, name)


def _unseen(parent: str, folders: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Folders not met before: a link may lead back to one above it."""
    for name in folders:
        real = os.path.realpath(os.path.join(parent, name))
        if real not in seen:
            seen.add(real)
            yield name


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}")


def _matching(pattern: str) -> list[str]:
    paths = glob.glob(pattern, recursive=True)
    paths = sorted(path for path in paths if _is_image(Path(path)))
    if not paths:
        raise DataError(f"{pattern}: no image matches this pattern")
    return paths


def _is_image(path: Path) -> bool:
    return _named_as_image(path.name) and os.path.isfile(path)


def _named_as_image(name: str) -> bool:
    # Names with a leading dot are other systems' side files, such as "._photo.jpg".
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES and not name.startswith(".")


def listed(file: Source) -> list[str]:
    """The images a list file names, one path a line; empty lines and those with a # are none.

    A path is looked for from the working folder, as in Darknet, else from the list's folder, else
    from the folder above; Windows separators are understood.  For an image that is nowhere it is
    the path it would have, or the one that is written.

    Raises DataError for a file that cannot be read, that is no text, or that names nothing.
    """
    path = Path(file)
    text = read_text(path, "a list", DataError, paths=True, most=None)
    lines = (line.strip() for line in text.replace("\r", "\n").split("\n"))
    paths = _located([line for line in lines if line and not line.startswith("#")], path)
    if not paths:
        raise DataError(f"{file}: the list names no images; write one path per line")
    return paths


def _located(lines: list[str], file: Path) -> list[str]:
    """The files that the lines of a list mean.

    Folders are looked up once: where only one root has a line's folder, nothing is asked of the
    disk for the line itself.
    """
    roots = ["", *(os.path.join(folder, "") for folder in (file.parent, file.parent.parent))]
    roots_of: dict[str, list[str]] = {}
    paths = []
    for line in lines:
        slashed = line.replace("\\", "/")
        folder = slashed[: slashed.rfind("/") + 1]
        if folder not in roots_of:
            roots_of[folder] = _roots_with(folder, roots)
        paths.append(_path_of(line, slashed, roots_of[folder]))
    return paths


def _roots_with(folder: str, roots: list[str]) -> list[str]:
    if os.path.isabs(folder):
        return [""]
    return [root for root in dict.fromkeys(roots) if os.path.isdir(root + folder or ".")]


def _path_of(line: str, slashed: str, roots: list[str]) -> str:
    """The first of the paths a line may mean that exists, else the one it would have."""
    if slashed != line and os.path.exists(line):
        return line
    if len(roots) == 1:
        return roots[0] + slashed
    return next(
        (path for path in (root + slashed for root in roots) if os.path.exists(path)), slashed
    )
