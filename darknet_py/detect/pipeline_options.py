"""How boxes are found: the options of the way from heads to boxes. Light to import."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.forks import Fork
from darknet_py.layers.head import Suppression
from darknet_py.network.graph import Graph

NOT_FINITE = "boxes left out because their numbers are not finite: %d, the first in %s"


@dataclass(frozen=True, kw_only=True)
class PipelineOptions:
    """Which boxes are found. The defaults are those of `detect`.

    thresh: scores must be above it. hier: least product down a class tree. nms: boxes that overlap
    more go; 0 keeps all. nms_in_pixels: of the image, as `valid` measures overlap, instead of in
    shares of it. class_map: see DecodeOptions. suppression: None asks the network's cfg. batch:
    images run at once by each worker.
    """

    thresh: float = 0.25
    hier: float = 0.5
    nms: float = 0.45
    nms_in_pixels: bool = False
    class_map: tuple[int, ...] | None = None
    suppression: Suppression | None = None
    batch: int = 1

    def suppression_for(self, graph: Graph) -> Suppression:
        """The NMS that is used for this network."""
        return self.suppression or suppression_of(graph)

    def decoding(self, graph: Graph) -> DecodeOptions:
        """What a decoder is asked."""
        net = graph.net
        return DecodeOptions(
            self.thresh, self.hier, net.width, net.height, graph.fork, self.class_map
        )


@dataclass(frozen=True)
class DecodeOptions:
    """What the caller asks of a decoder; all thresholds are strict.

    hier: least running product when a class tree is descended. class_map: names a smaller set of
    classes by their numbers in the tree (YOLO9000's `map`); `detect` leaves it out, as in Darknet.
    """

    thresh: float
    hier: float
    net_width: int
    net_height: int
    fork: Fork
    class_map: tuple[int, ...] | None = None


def suppression_of(graph: Graph) -> Suppression:
    """AlexeyAB's program asks the last head that has a say; pjreddie's has one kind."""
    rules = graph.fork.detect
    asked = [head.suppression for head in graph.detection_heads if rules.nms_kinds]
    wish = next((wish for wish in reversed(asked) if wish), Suppression())
    return wish._replace(sorts=not rules.cell_order)
