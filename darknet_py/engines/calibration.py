"""What int8 needs to know of a network: the ranges of its values, and what mAP they cost."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from darknet_py.errors import DarknetError

MAX_MAP_LOSS = 0.02
"""Of mAP@.50 where nobody says otherwise, as a share of 1."""
MAP_IMAGES = 500
"""That it is measured on: a small network is through in seconds."""

Ranges = tuple[tuple[str, float, float], ...]
"""Name of a value in the network's .onnx file, the least and the greatest it takes."""


@dataclass(frozen=True)
class Calibration:
    """data: the path that was given for the data set. digest: of the files that it is. ranges: of
    the values that are rounded. images: how many the mAP was measured on. before, after: mAP@.50 of
    fp32 and of int8 on the same engine, in [0, 1]."""

    data: str
    digest: str
    ranges: Ranges
    images: int = 0
    before: float = 0.0
    after: float = 0.0

    @property
    def loss(self) -> float:
        """Of mAP; below 0 where int8 is better."""
        return self.before - self.after

    def line(self) -> str:
        """Both mAP, and on what."""
        percent = f"{100 * self.before:.2f} % in fp32, {100 * self.after:.2f} % in int8"
        return f"{self.data}: mAP@0.50 of {self.images} images {percent}"

    def require_small_loss(self, most: float | None) -> Calibration:
        """Itself; raises DarknetError where it loses more than that, None: MAX_MAP_LOSS."""
        most = MAX_MAP_LOSS if most is None else most
        if self.loss > most:
            lost = f"{100 * self.loss:.2f} points lost, {100 * most:g} allowed"
            cure = "take another precision or engine, or raise --max-map-loss"
            raise DarknetError(f"{self.line()}: {lost}; {cure}")
        return self

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def from_json(text: bytes) -> Calibration:
        """What to_json gave."""
        fields = json.loads(text)
        ranges = tuple((str(name), float(low), float(high)) for name, low, high in fields["ranges"])
        return Calibration(**(fields | {"ranges": ranges}))
