"""Which pictures a source means, and decoding them ahead of their use."""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from darknet_py.errors import DataError, ImageError

Source = str | os.PathLike[str]
S = TypeVar("S")
T = TypeVar("T")

# The formats OpenCV reads into 8-bit pixels.
IMAGE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"}
    | {".pnm", ".ppm", ".pxm", ".ras", ".sr", ".tif", ".tiff", ".webp"}
)
LIST_SUFFIX = ".txt"


def expand(source: Source | Iterable[Source], recursive: bool = False) -> list[str]:
    """The paths of the picture files that a source names, in order; those given as written.

    source: a file, a folder (its pictures sorted by name, those of sub-folders too when
    recursive), a glob pattern, a .txt list with one path per line, or several of these.

    Raises DataError when one of them names nothing.
    """
    if isinstance(source, (str, os.PathLike)):
        return _expand_one(source, recursive)
    found = [path for one in source for path in _expand_one(one, recursive)]
    if not found:
        raise DataError("no pictures given; name a file, a folder, a pattern or a .txt list")
    return found


def read_ahead(
    sources: Iterable[S], read: Callable[[S], T], depth: int = 4, workers: int = 2
) -> Iterator[tuple[S, T | ImageError]]:
    """Each source with what `read` gives for it, or the ImageError it raises, in order.

    Up to `depth` pictures are read ahead by `workers` threads while the caller works; both are at
    least 1.  Any other exception of `read` is raised when its picture's turn comes.
    """
    waiting: deque[tuple[S, Future[T | ImageError]]] = deque()
    pool = ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="read-ahead")
    try:
        for source in sources:
            waiting.append((source, pool.submit(_attempt, read, source)))
            if len(waiting) > max(1, depth):
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _attempt(read: Callable[[S], T], source: S) -> T | ImageError:
    try:
        return read(source)
    except ImageError as error:
        return error


def _finished(source: S, reading: Future[T]) -> tuple[S, T]:
    return source, reading.result()


def _expand_one(source: Source, recursive: bool) -> list[str]:
    path = Path(source).expanduser()
    if path.is_dir():
        return _in_folder(path, recursive)
    if path.is_file():
        return _listed(path) if path.suffix.lower() == LIST_SUFFIX else [os.fspath(source)]
    # A file whose name holds pattern characters was taken above; the rest may be a pattern.
    if glob.has_magic(str(path)):
        return _matching(str(path))
    raise DataError(f"{source}: no such file or folder; check the path")


def _in_folder(folder: Path, recursive: bool) -> list[str]:
    paths = folder.glob("**/*" if recursive else "*")
    found = sorted(str(path) for path in paths if _is_image(path))
    if not found:
        cure = "" if recursive else f"; those of its sub-folders are '{folder}/**/*.jpg'"
        raise DataError(f"{folder}: no pictures in this folder{cure}")
    return found


def _matching(pattern: str) -> list[str]:
    paths = glob.glob(pattern, recursive=True)
    found = sorted(path for path in paths if _is_image(Path(path)))
    if not found:
        raise DataError(f"{pattern}: no picture matches this pattern")
    return found


def _is_image(path: Path) -> bool:
    # Names with a leading dot are other systems' side files, such as "._photo.jpg".
    return (
        path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _listed(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    lines = (line.strip() for line in text.splitlines())
    found = [_located(line, file.parent) for line in lines if line and not line.startswith("#")]
    if not found:
        raise DataError(f"{file}: the list names no pictures; write one path per line")
    return found


def _located(line: str, folder: Path) -> str:
    """The file a line of a list in `folder` means; when there is none, the path as it is written.

    Darknet looks from the working folder only; lists made on Windows have its separators.
    """
    slashed = line.replace("\\", "/")
    places = (line, slashed, str(folder / line), str(folder / slashed))
    return next((place for place in places if os.path.exists(place)), slashed)
