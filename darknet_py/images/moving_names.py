"""Which texts name a moving image: a video file, an address, a pipe, a camera. Needs no numpy."""

from __future__ import annotations

import os

PIPE = "-"
"""Standard input, with frames one after the other."""
COUNTED_SUFFIXES = frozenset({".3gp", ".avi", ".m4v", ".mov", ".mp4"})
"""Of files that know how many frames they hold; of others the length is guessed from their time."""
VIDEO_SUFFIXES = COUNTED_SUFFIXES | frozenset(
    {".264", ".265", ".asf", ".divx", ".f4v", ".flv", ".h264", ".h265", ".hevc", ".ivf", ".m1v"}
    | {".m2ts", ".m2v", ".mjpeg", ".mjpg", ".mkv", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv"}
    | {".ts", ".vob", ".webm", ".wmv", ".y4m"}
)


def is_video_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a video."""
    return os.path.splitext(os.fspath(path))[1].lower() in VIDEO_SUFFIXES


def is_address(source: object) -> bool:
    """Whether a text is the address of a stream or of a video in the web, and no path."""
    return isinstance(source, str) and "://" in source


def is_camera_text(source: object) -> bool:
    """Whether a text is the number of a camera: digits, and no file is called so."""
    digits = isinstance(source, str) and source.isascii() and source.isdigit()
    return digits and not os.path.exists(str(source))


def names_moving(text: str) -> bool:
    """Whether a text names any of these."""
    file = is_video_file(text) and not os.path.isdir(text)
    return text == PIPE or is_address(text) or file or is_camera_text(text)


def shown(address: str) -> str:
    """An address without the password in it: messages, logs and JSON are read by others."""
    before, at, host = address.rpartition("@")
    scheme, slashes, user = before.partition("://")
    name, colon, _ = user.partition(":")
    return f"{scheme}{slashes}{name}:***{at}{host}" if at and colon else address


def source_name(text: str) -> str:
    """What a source is called where people read it."""
    return "standard input" if text == PIPE else shown(text)
