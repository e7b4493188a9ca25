"""OpenCV 4's functions for Darknet's networks, which OpenCV 5 has no more.

    import darknet_py.dnn as dnn
    net = dnn.readNetFromDarknet("yolov4.cfg", "yolov4.weights")
    dnn.install()                       # cv2.dnn.readNetFromDarknet and the others are there again

`python -m darknet_py.dnn script.py arguments` runs a script with them installed. Whatever of
cv2.dnn is not here (`blobFromImage`, `NMSBoxes`, `DNN_TARGET_CUDA`) is OpenCV's own. Errors are
OpenCvError, which is both a DarknetError and a cv2.error. Importing this imports nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darknet_py.dnn.classification_model import ClassificationModel
    from darknet_py.dnn.darknet_net import DarknetNet as Net
    from darknet_py.dnn.detection_model import DetectionModel
    from darknet_py.dnn.frame_model import FrameModel as Model
    from darknet_py.dnn.installation import install, installed, uninstall
    from darknet_py.dnn.layer_view import LayerView as Layer
    from darknet_py.dnn.net_reading import readNet, readNetFromDarknet
    from darknet_py.dnn.opencv_error import OpenCvError

__all__ = [
    "ClassificationModel",
    "DetectionModel",
    "Layer",
    "Model",
    "Net",
    "OpenCvError",
    "install",
    "installed",
    "readNet",
    "readNetFromDarknet",
    "uninstall",
]

_HOMES = {
    "ClassificationModel": "classification_model:ClassificationModel",
    "DetectionModel": "detection_model:DetectionModel",
    "Layer": "layer_view:LayerView",
    "Model": "frame_model:FrameModel",
    "Net": "darknet_net:DarknetNet",
    "OpenCvError": "opencv_error:OpenCvError",
    "install": "installation:install",
    "installed": "installation:installed",
    "readNet": "net_reading:readNet",
    "readNetFromDarknet": "net_reading:readNetFromDarknet",
    "uninstall": "installation:uninstall",
}
"""Public name -> module and name there."""


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used; the others are those of cv2.dnn."""
    if name.startswith("__"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    if name not in _HOMES:
        return _opencv_name(name)
    module, _, there = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), there)
    globals()[name] = value
    return value


def _opencv_name(name: str) -> Any:
    theirs = importlib.import_module("cv2").dnn
    if not hasattr(theirs, name):
        raise AttributeError(f"neither '{__name__}' nor cv2.dnn has '{name}'")
    return getattr(theirs, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
