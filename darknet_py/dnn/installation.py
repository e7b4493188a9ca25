"""Putting the functions back into cv2, and taking them out again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from darknet_py.dnn.backends import BACKENDS, TARGETS
from darknet_py.dnn.classification_model import ClassificationModel
from darknet_py.dnn.darknet_net import DarknetNet
from darknet_py.dnn.detection_model import DetectionModel
from darknet_py.dnn.either_shape import either_shape
from darknet_py.dnn.frame_model import FrameModel
from darknet_py.dnn.net_reading import darknet_files, readNet, readNetFromDarknet
from darknet_py.dnn.originals import REPLACED, original

MODELS = {
    "Model": FrameModel,
    "DetectionModel": DetectionModel,
    "ClassificationModel": ClassificationModel,
}
MISSING = object()
"""Stands for a name that cv2 does not have."""
_before: list[tuple[Any, str, Any]] = []


def install() -> None:
    """Puts `readNetFromDarknet`, `readNet`, the models and the constants into cv2.dnn and cv2.

    What is no Darknet network goes to OpenCV as before. Also under OpenCV 4, whose own importer is
    replaced then. A second call changes nothing; `uninstall` puts everything back.
    """
    if _before:
        return
    theirs = {name: original(name) for name in ("readNet", "NMSBoxes", *MODELS)}
    for name, value in _ours().items():
        _put(cv2.dnn, name, value)
    for name in MODELS:
        _put(cv2, f"dnn_{name}", getattr(cv2.dnn, name))
    REPLACED.update(theirs)


def uninstall() -> None:
    """Everything in cv2 as it was before `install`."""
    while _before:
        holder, name, value = _before.pop()
        if value is MISSING:
            delattr(holder, name)
        else:
            setattr(holder, name, value)
    REPLACED.clear()


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """`install` for a while."""
    there = bool(_before)
    install()
    try:
        yield
    finally:
        if not there:
            uninstall()


def _put(holder: Any, name: str, value: Any) -> None:
    _before.append((holder, name, getattr(holder, name, MISSING)))
    setattr(holder, name, value)


def _ours() -> dict[str, Any]:
    """What goes into cv2.dnn, by its name there; of the constants only those that are missing."""
    constants = {**BACKENDS, **TARGETS}
    missing = {name: value for name, value in constants.items() if not hasattr(cv2.dnn, name)}
    models = {name: _model_class(name, ours) for name, ours in MODELS.items()}
    readers = {"readNet": readNet, "readNetFromDarknet": readNetFromDarknet}
    return {**missing, **models, **readers, "NMSBoxes": _suppressed_boxes}


def _suppressed_boxes(*arguments: Any, **named: Any) -> Any:
    """OpenCV's NMSBoxes; its indices answer `i[0]` too, for scripts from before 4.5.4."""
    kept = original("NMSBoxes")(*arguments, **named)
    return either_shape(kept) if isinstance(kept, np.ndarray) else kept


def _model_class(name: str, ours: type[FrameModel]) -> type[FrameModel]:
    """Ours for Darknet networks; for others calling it makes an object of OpenCV's class."""
    theirs = original(name)

    def __new__(cls: type[FrameModel], *arguments: Any, **named: Any) -> Any:
        return (
            object.__new__(cls)
            if _ours_to_make(*arguments, **named)
            else theirs(*arguments, **named)
        )

    return type(
        name, (ours,), {"__new__": __new__, "__module__": "cv2.dnn", "__doc__": ours.__doc__}
    )


def _ours_to_make(model: Any = "", config: Any = "", *_: Any, network: Any = None) -> bool:
    """Whether a model's arguments are a Darknet network."""
    given = isinstance(model, DarknetNet) or isinstance(network, DarknetNet)
    return given or darknet_files(model, config) is not None
