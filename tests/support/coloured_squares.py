"""A network made by hand that finds bright squares and tells them apart by their colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from darknet_py.cfg.text import parse
from darknet_py.detect.detector import Detector
from darknet_py.errors import Problems
from darknet_py.forks import fork_named
from darknet_py.network.graph import build
from darknet_py.network.network import Network

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CELL = 8
HEAD = "[conv]\nfilters={filters}\nsize=1\nactivation=linear\n[yolo]\nclasses=1\n"
CFG = (
    "[net]\nwidth=64\nheight=64\nchannels=3\n"
    f"[conv]\nfilters={{colours}}\nsize={CELL}\nstride={CELL}\nactivation=linear\n" + HEAD
)


def cfg(options: str = "", anchors: int = 1, second_head: bool = False) -> str:
    sizes = "anchors=8,8,32,32\n"
    text = CFG.format(colours=3 * anchors, filters=6 * anchors)
    text += (
        f"num={anchors}\n{sizes if anchors > 1 else 'anchors=8,8'}\nembedding_layer=0\n{options}\n"
    )
    if second_head:
        text += f"[route]\nlayers=0\n{HEAD.format(filters=6)}num=1\nanchors=8,8\n"
    return text


def network(
    options: str = "", anchors: int = 1, second_head: bool = False, fork: str = "alexeyab"
) -> Network:
    """Layer 0 gives the mean colour of each cell of 8 pixels, for a second anchor backwards; boxes
    are as large as their anchor, where a cell is bright."""
    sections = parse(cfg(options, anchors, second_head), "squares.cfg", Problems())
    net = Network(build(sections, fork_named(fork), Problems()))
    with torch.no_grad():
        colours = net.own(0)["weights"].zero_()
        for row in range(3 * anchors):
            colours[row, row if row < 3 else 5 - row] = 1 / CELL**2
        for index in [1, 4] if second_head else [1]:
            own = net.own(index)
            own["weights"].zero_(), own["biases"].zero_()
            for anchor in range(len(own["biases"]) // 6):
                own["weights"][6 * anchor + 4, :3] = 40
                own["biases"][6 * anchor + 4], own["biases"][6 * anchor + 5] = -20, 20
    return net.eval()


def detector_of(
    options: str = "", anchors: int = 1, second_head: bool = False, fork: str = "alexeyab"
) -> Detector:
    return Detector(network(options, anchors, second_head, fork), ["square"])


def picture(squares: Mapping[tuple[int, int], tuple[int, int, int]]) -> np.ndarray:
    """Black, 64 x 64, BGR, with squares of RGB colours by column and row of their cell."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    for (x, y), colour in squares.items():
        pixels[CELL * y : CELL * (y + 1), CELL * x : CELL * (x + 1)] = colour[::-1]
    return pixels
