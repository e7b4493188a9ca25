"""Model: a net with the preparation of its frames; the base of the two other models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.dnn.darknet_net import DarknetNet
from darknet_py.dnn.net_input import four
from darknet_py.dnn.net_reading import readNet
from darknet_py.dnn.opencv_error import OpenCvError

if TYPE_CHECKING:
    from typing_extensions import Self


class FrameModel:
    """OpenCV's Model. Frames are stretched to the input's size, or cropped when crop is set."""

    def __init__(self, model: Any = None, config: Any = "", *, network: Any = None) -> None:
        """model: a Net, or with config the two files in either order. network: OpenCV's other name
        of a Net. Raises OpenCvError."""
        model = network if model is None else model
        net = model if isinstance(model, DarknetNet) else readNet(model, config)
        if not isinstance(net, DarknetNet):
            raise OpenCvError(f"{model}: is no Darknet network; use OpenCV's own class for it")
        self.net = net
        self._names: Sequence[str] = net.getUnconnectedOutLayersNames()
        self._params = cv2.dnn.Image2BlobParams()

    def setInputParams(
        self,
        scale: float = 1.0,
        size: Sequence[int] = (0, 0),
        mean: Any = (0, 0, 0, 0),
        swapRB: bool = False,
        crop: bool = False,
    ) -> None:
        """The network sees (frame - mean) * scale. size: width and height in pixels. swapRB: for
        BGR frames. crop: keeps the aspect and cuts what is over instead of stretching."""
        self.setInputSize(size)
        self.setInputMean(mean)
        self.setInputScale(scale)
        self.setInputSwapRB(swapRB)
        self.setInputCrop(crop)

    def setInputSize(self, *size: Any) -> Self:
        """Width and height: two numbers or a pair."""
        width, height = size if len(size) == 2 else size[0]
        self._params.size = (int(width), int(height))
        return self

    def setInputMean(self, mean: Any) -> Self:
        """Up to four numbers in the order of the network's channels; one is the first's."""
        self._params.mean = four(mean)
        return self

    def setInputScale(self, scale: Any) -> Self:
        """One number for all channels, or one for each."""
        values = four(scale)
        self._params.scalefactor = (values[0],) * 4 if not any(values[1:]) else values
        return self

    def setInputCrop(self, crop: bool) -> Self:
        modes = cv2.dnn.DNN_PMODE_NULL, cv2.dnn.DNN_PMODE_CROP_CENTER
        self._params.paddingmode = modes[bool(crop)]
        return self

    def setInputSwapRB(self, swapRB: bool) -> Self:
        self._params.swapRB = bool(swapRB)
        return self

    def setOutputNames(self, outNames: Sequence[str]) -> Self:
        """The layers whose outputs `predict` gives and the other models use."""
        self._names = tuple(outNames)
        return self

    def setPreferableBackend(self, backendId: int) -> Self:
        self.net.setPreferableBackend(backendId)
        return self

    def setPreferableTarget(self, targetId: int) -> Self:
        self.net.setPreferableTarget(targetId)
        return self

    def enableWinograd(self, useWinograd: bool) -> Self:
        self.net.enableWinograd(useWinograd)
        return self

    def predict(self, frame: Any, outs: Any = None) -> tuple[NDArray[np.float32], ...]:
        """The outputs for a frame (H, W), (H, W, C) or a UMat. outs: arrays that are filled."""
        if min(self._params.size) <= 0:
            raise OpenCvError("Input size not specified; call setInputParams or setInputSize")
        self.net.setInput(cv2.dnn.blobFromImageWithParams(_checked(frame), self._params))
        answer: tuple[NDArray[np.float32], ...] = self.net.forward(list(self._names), outs)
        return answer


def _checked(frame: Any) -> NDArray[Any]:
    array = frame.get() if isinstance(frame, cv2.UMat) else frame
    if not isinstance(array, np.ndarray) or not array.size:
        what = f"an array of shape {array.shape}" if isinstance(array, np.ndarray) else repr(frame)
        raise OpenCvError(f"the frame is {what[:80]}, expected an image; was it read?")
    return array
