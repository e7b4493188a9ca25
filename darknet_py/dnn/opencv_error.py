"""The error of this room: scripts written for OpenCV catch cv2.error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import cv2

from darknet_py.errors import DarknetError


class OpenCvError(DarknetError, cv2.error):
    """What the functions of OpenCV's names raise; str() is one line that names the cure."""


@contextlib.contextmanager
def as_opencv_error() -> Iterator[None]:
    """Every DarknetError from within comes out as OpenCvError, with the same line."""
    try:
        yield
    except OpenCvError:
        raise
    except DarknetError as failure:
        raise OpenCvError(str(failure)) from None
