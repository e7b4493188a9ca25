"""OpenCV's own functions and classes, whatever has been put in their places meanwhile."""

from __future__ import annotations

from typing import Any

import cv2

REPLACED: dict[str, Any] = {}
"""Name in cv2.dnn -> what OpenCV has there; filled while ours are installed."""


def original(name: str) -> Any:
    """What OpenCV itself has under a name of cv2.dnn, None where it has nothing."""
    return REPLACED[name] if name in REPLACED else getattr(cv2.dnn, name, None)
