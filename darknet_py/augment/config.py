"""What a network's cfg says about its training samples: augmentation, and truth arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment import label_boxes
from darknet_py.augment.draws import Pairing, first_of_pair
from darknet_py.augment.effects import EFFECT_LIMITS, ColorEffect, Effect, effects_of
from darknet_py.augment.mix import CUTMIX, EITHER, MOSAIC
from darknet_py.augment.mix_coin import MixCoin
from darknet_py.augment.option_limits import IMAGE_CHANNELS, NONE_OR_MORE, Limit, check_options
from darknet_py.errors import BadOption, DarknetError
from darknet_py.forks import Fork
from darknet_py.layers.head import Head
from darknet_py.layers.scores import Contrastive
from darknet_py.network.graph import Graph

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class AugmentConfig:
    """What augmentation does: the options of [net] and of the last head, and the truth's layout.

    cells: the side of YOLOv1's grid, 0 for rows of boxes. color: what YOLOv1 and pjreddie's canvas
    draw colours from; effects: AlexeyAB's other detectors'. mixing: 0, MIXUP or MOSAIC, where the
    coin says so. pairing: of samples that come in pairs. tracks: whether labels say which object of
    which image they are of, for a [contrastive] loss.
    """

    fork: Fork
    channels: int
    classes: int
    boxes: int
    cells: int
    jitter: float
    resize: float
    flip: bool
    color: ColorEffect
    effects: tuple[Effect[Any], ...]
    mixing: int
    coin: MixCoin
    mosaic_bound: bool
    letter_box: bool
    pairing: Pairing | None = None
    tracks: bool = False

    @staticmethod
    def of(graph: Graph) -> AugmentConfig:
        """Raises DarknetError for a network without detection head or options that cannot be."""
        net, fork = graph.net, graph.fork
        head = last_head(graph)
        cells = head.label_grid
        # Neither fork's training of YOLOv1 knows more than jitter and colours.
        plain = bool(cells) or fork.samples.canvas
        _check(graph, head, plain)
        return AugmentConfig(
            fork=fork,
            channels=net.channels,
            classes=head.classes,
            boxes=head.most_labels(fork),
            cells=cells,
            jitter=head.jitter,
            resize=head.resize,
            flip=bool(net.flip),
            color=ColorEffect.of(net),
            effects=() if plain else effects_of(net),
            mixing=0 if plain else _mixing(graph),
            coin=MixCoin.of(net, fork.samples.detector_mix_parts),
            mosaic_bound=bool(net.mosaic_bound),
            letter_box=bool(net.letter_box),
            pairing=None if plain else Pairing.of(graph),
            tracks=not plain and any(isinstance(node.layer, Contrastive) for node in graph.nodes),
        )

    def mixing_of(self, number: int, seed: int) -> int:
        """How the number-th sample of a training is mixed: 0, MIXUP or MOSAIC."""
        return self.coin.mixing(self.mixing, first_of_pair(self.pairing, number), seed)

    def truth_of(self, labels: Floats) -> Floats:
        if self.cells:
            least = self.fork.samples.least_cell_side
            return label_boxes.cell_truth(labels, self.cells, self.classes, least)
        return label_boxes.box_truth(labels, self.boxes, self.fork.samples.truth_size)

    def labels_of(self, values: Floats) -> Floats:
        """The labels (K, 5) in a sample's truth: the inverse of `truth_of`."""
        if self.cells:
            return label_boxes.labels_of_cells(values, self.cells, self.classes)
        return label_boxes.labels_of_boxes(values, self.fork.samples.truth_size)


def last_head(graph: Graph) -> Head:
    """The head whose jitter, resize, random and classes training uses: the last one."""
    heads = graph.detection_heads
    if not heads:
        kind = graph.nodes[graph.last].layer.kind
        message = f"has no detection head, it ends in [{kind}]; is it for `classifier train`?"
        raise DarknetError(f"{graph.path}: {message}")
    return heads[-1]


ALWAYS: dict[str, Limit] = {
    **ColorEffect.LIMITS,
    "channels": IMAGE_CHANNELS,
}
ON_CROPS: dict[str, Limit] = {
    **EFFECT_LIMITS,
    "mixup": (lambda value: value in range(5), "0 to 4"),
}
OF_HEAD: dict[str, Limit] = {
    "max": (lambda value: 1 <= value <= 100_000, "1 to 100000 labels an image"),
    "jitter": NONE_OR_MORE,
    "resize": (lambda value: 0 < value < math.inf, "more than 0; 1 changes nothing"),
}
ON_CANVAS: dict[str, Limit] = {
    **OF_HEAD,
    "jitter": (lambda value: 0 <= value < 1, "0 to less than 1"),
}


def _check(graph: Graph, head: Head, plain: bool) -> None:
    if not (graph.net.width and graph.net.height):
        location = graph.net.section.location()
        raise BadOption("needs width and height: detection networks read images", location)
    check_options(graph.net, ALWAYS if plain else ALWAYS | ON_CROPS)
    check_options(head, ON_CANVAS if graph.fork.samples.canvas else OF_HEAD)


def _mixing(graph: Graph) -> int:
    """mixup, cutmix and mosaic of [net] as one mode; cutmix is for classifiers only."""
    net = graph.net
    mode = CUTMIX if net.cutmix else net.mixup
    if net.mosaic:
        mode = MOSAIC
    mode = {CUTMIX: 0, EITHER: MOSAIC}.get(mode, mode)
    if mode == MOSAIC and net.letter_box:
        message = "mosaic=1 and letter_box=1 do not go together; use one of them"
        raise BadOption(message, net.section.location("letter_box"))
    return mode
