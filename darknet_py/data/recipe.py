"""What a network's cfg says about its training samples: augmentation, and the truth's layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.data import truth
from darknet_py.errors import DarknetError
from darknet_py.forks import Fork
from darknet_py.graph import Graph
from darknet_py.layers.detection import Detection
from darknet_py.layers.region import Region
from darknet_py.layers.yolo import AnchorHead

Floats = NDArray[np.float32]

HEADS = (AnchorHead, Region, Detection)
MOST_BOXES = {
    ("alexeyab", False): 200,
    ("alexeyab", True): 200,
    ("pjreddie", False): 90,
    ("pjreddie", True): 30,
}
"""Labels a picture can have where the head's max= is not written: by fork, and if [region]."""
MIXUP, MOSAIC = 1, 3


@dataclass(frozen=True)
class Recipe:
    """What augmentation does: the options of [net] and of the last head, and the truth's layout.

    cells: the side of YOLOv1's grid, 0 for rows of boxes. mixing: 0, MIXUP or MOSAIC.
    """

    fork: Fork
    channels: int
    classes: int
    boxes: int
    cells: int
    jitter: float
    resize: float
    hue: float
    saturation: float
    exposure: float
    flip: bool
    blur: int
    noise: int
    mixing: int
    mosaic_bound: bool
    letter_box: bool

    @staticmethod
    def of(graph: Graph) -> Recipe:
        """Raises DarknetError for a network without detection head or a mix Darknet refuses."""
        net, fork = graph.net, graph.fork
        head = last_head(graph)
        mixing = 0 if fork.training_canvas else _mixing(graph)
        return Recipe(
            fork=fork,
            channels=net.channels,
            classes=head.classes,
            boxes=head.max or MOST_BOXES[fork.name, isinstance(head, Region)],
            cells=head.side if isinstance(head, Detection) else 0,
            jitter=head.jitter,
            resize=head.resize,
            hue=net.hue,
            saturation=net.saturation,
            exposure=net.exposure,
            flip=fork.training_canvas or bool(net.flip),
            blur=net.blur,
            noise=net.gaussian_noise,
            mixing=mixing,
            mosaic_bound=bool(net.mosaic_bound),
            letter_box=bool(net.letter_box),
        )

    def truth_of(self, labels: Floats) -> Floats:
        if self.cells:
            least = truth.LEAST_CELL_SIDE[self.fork.name]
            return truth.cell_truth(labels, self.cells, self.classes, least)
        return truth.box_truth(labels, self.boxes, self.fork.truth_size)


def last_head(graph: Graph) -> AnchorHead | Region | Detection:
    """The head whose jitter, resize, random and classes training uses: the last one."""
    heads = [node.layer for node in graph.nodes if isinstance(node.layer, HEADS)]
    if not heads:
        kind = graph.nodes[graph.last].layer.kind
        message = f"has no detection head, it ends in [{kind}]; is it for `classifier train`?"
        raise DarknetError(f"{graph.path}: {message}")
    return heads[-1]


def _mixing(graph: Graph) -> int:
    """mixup, cutmix and mosaic of [net] as one mode; cutmix is for classifiers only."""
    net = graph.net
    if net.mosaic and net.letter_box:
        message = "mosaic=1 and letter_box=1 do not go together; use one of them"
        raise DarknetError(f"{net.section.place('mosaic')}: {message}")
    if net.mosaic:
        return MOSAIC
    return MIXUP if net.mixup == MIXUP and not net.cutmix else 0
