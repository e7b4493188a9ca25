"""Which texts name a moving image: a video file, an address, a pipe, a camera. Needs no numpy."""

from __future__ import annotations

import os
import re

PIPE = "-"
"""Standard input, with frames one after the other."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)


def names_video_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a video."""
    return os.path.splitext(os.fspath(path))[1].lower() in VIDEO_SUFFIXES


def names_camera(text: str) -> bool:
    """Whether a text is the number of a camera: digits alone, and no file is called so."""
    return text.isdecimal() and not os.path.exists(text)


def names_moving(text: str) -> bool:
    """Whether a text names any of these."""
    return (
        text == PIPE
        or ADDRESS.match(text) is not None
        or names_video_file(text)
        or names_camera(text)
    )
