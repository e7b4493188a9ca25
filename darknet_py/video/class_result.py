"""What a classifier says of a frame, as a result that outputs take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from darknet_py.detect.result import Result
from darknet_py.images.caption import captioned
from darknet_py.images.io import Pixels

if TYPE_CHECKING:
    from darknet_py.classify.classifier import Scores


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassResult(Result):
    """A frame without boxes. scores: (classes,). likeliest: numbers of classes."""

    scores: Scores
    likeliest: Sequence[int]

    def lines(self) -> list[str]:
        """`99.1%: dog` for each of the best classes."""
        return [
            f"{self.scores[number] * 100:.1f}%: {self.names[number]}" for number in self.likeliest
        ]


def with_classes(result: Result) -> Pixels:
    """The frame with its classes in the corner."""
    assert isinstance(result, ClassResult)
    return captioned(result.image, result.lines())
