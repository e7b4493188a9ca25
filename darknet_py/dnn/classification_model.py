"""ClassificationModel: the best class of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from darknet_py.dnn.frame_model import FrameModel
from darknet_py.dnn.opencv_error import OpenCvError

if TYPE_CHECKING:
    from typing_extensions import Self


class ClassificationModel(FrameModel):
    """OpenCV's ClassificationModel."""

    def __init__(self, model: Any = None, config: Any = "", *, network: Any = None) -> None:
        super().__init__(model, config, network=network)
        self._softmax = False

    def setEnableSoftmaxPostProcessing(self, enable: bool) -> Self:
        """Whether the output is turned into probabilities, for networks without [softmax]."""
        self._softmax = bool(enable)
        return self

    def getEnableSoftmaxPostProcessing(self) -> bool:
        return self._softmax

    def classify(self, frame: Any) -> tuple[int, float]:
        """The class with the largest output, and that output."""
        outputs = self.predict(frame)
        if len(outputs) != 1:
            raise OpenCvError(f"classify: the network has {len(outputs)} outputs, expected one")
        values = outputs[0].reshape(-1)
        if self._softmax:
            powers = np.exp(values - values.max())
            values = powers / powers.sum()
        best = int(values.argmax())
        return best, float(values[best])
