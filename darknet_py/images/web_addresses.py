"""Which addresses of the web are files: images and videos. By the others cameras send streams.

Needs no numpy. An address whose name tells nothing is asked what it gives.
"""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from darknet_py.errors import DataError
from darknet_py.images.image_paths import IMAGE_SUFFIXES
from darknet_py.images.moving_names import VIDEO_SUFFIXES, is_address, shown

if TYPE_CHECKING:
    from darknet_py.web_request import Answer

SCHEMES = frozenset({"http", "https"})
VIDEO_FILES = VIDEO_SUFFIXES - {".mjpeg", ".mjpg", ".ts"}
"""Ends of addresses that are videos and have an end."""
ANSWER_SECONDS = 10.0
"""After which an address that says nothing, or no more, is given up."""
ALLOWED = "%/:=&?~#+!$,;'@()*[]"
"""What else may stand in an address; the rest, such as letters of other alphabets, is escaped."""


def address_parts(address: str) -> SplitResult:
    """Scheme, host, path and so on; raises DataError for what is no address."""
    try:
        return urlsplit(address)
    except ValueError as error:
        raise DataError(f"{shown(address)}: no address: {error}") from None


def is_video_address(address: str) -> bool:
    """Whether an address is that of a video file, by its end."""
    return _ends_in(address, VIDEO_FILES)


def is_image_address(address: str) -> bool:
    """Whether an address is that of one image: its path ends like one, or its server says so.

    Asked are only those of the web that end like neither image nor video; where no server answers
    it is none. Raises DataError for what is no address.
    """
    if not is_address(address) or address_parts(address).scheme.lower() not in SCHEMES:
        return False
    if _ends_in(address, IMAGE_SUFFIXES):
        return True
    return not _ends_in(address, VIDEO_SUFFIXES) and _answers_with_image(address)


def asked(address: str) -> Answer:
    """The answer of an address, whose name and password go to its own server only.

    Raises RequestFailure.
    """
    from darknet_py.web_request import ask  # urllib takes a while to import

    parts = address_parts(address)
    login, at, host = parts.netloc.rpartition("@")
    plain = parts._replace(netloc=host, fragment="").geturl()
    header = f"Basic {b64encode(unquote(login).encode()).decode()}" if at else ""
    return ask(quote(plain, safe=ALLOWED), 0, "", ANSWER_SECONDS, header)


def _ends_in(address: str, suffixes: frozenset[str]) -> bool:
    return os.path.splitext(address_parts(address).path)[1].lower() in suffixes


def _answers_with_image(address: str) -> bool:
    from darknet_py.web_request import RequestFailure

    try:
        answer = asked(address)
    except RequestFailure:
        return False
    answer.close()
    return answer.content_type.startswith("image/")
