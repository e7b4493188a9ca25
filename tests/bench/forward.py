"""`make bench`: yolov3 at 416 against the same graph written by hand in PyTorch, in one process.

The two run in turns; medians and the median of the pairwise ratios are printed, then the loading
time of a weights file against numpy.fromfile of it, then the memory the activations take.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from darknet_py import Network
from darknet_py.layers.base import Run

CFG = Path(__file__).parents[2] / "cfg" / "yolov3.cfg"
ROUNDS = 20


class Conv(nn.Module):
    """A convolution whose batch normalisation is folded in already."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, leaky: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2)
        self.leaky = leaky

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return F.leaky_relu_(x, 0.1) if self.leaky else x


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(Conv(width, width // 2, 1), Conv(width // 2, width, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Head(nn.Module):
    """Five convolutions, then the branch that ends in boxes."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        pair = [Conv(width, 2 * width, 3), Conv(2 * width, width, 1)]
        again = [Conv(width, 2 * width, 3), Conv(2 * width, width, 1)]
        self.trunk = nn.Sequential(Conv(inputs, width, 1), *pair, *again)
        last = Conv(2 * width, 255, 1, leaky=False)
        self.branch = nn.Sequential(Conv(width, 2 * width, 3), last)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.trunk(x)
        cells = self.branch(x).unflatten(1, (3, 85))
        xy, wh, rest = cells.split([2, 2, 81], dim=2)
        return x, torch.cat([xy.sigmoid(), wh, rest.sigmoid()], dim=2).flatten(1, 2)


class HandWritten(nn.Module):
    """YOLOv3, as one would write it for speed."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 32, 3)
        counts = zip((32, 64, 128, 256, 512), (1, 2, 8, 8, 4), strict=True)
        self.stages = nn.ModuleList(
            nn.Sequential(Conv(w, 2 * w, 3, 2), *(Residual(2 * w) for _ in range(n)))
            for w, n in counts
        )
        self.heads = nn.ModuleList([Head(1024, 512), Head(768, 256), Head(384, 128)])
        self.ups = nn.ModuleList([Conv(512, 256, 1), Conv(256, 128, 1)])

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        x, first = self.heads[0](x)
        x = torch.cat([F.interpolate(self.ups[0](x), scale_factor=2), kept[3]], dim=1)
        x, second = self.heads[1](x)
        x = torch.cat([F.interpolate(self.ups[1](x), scale_factor=2), kept[2]], dim=1)
        return [first, second, self.heads[2](x)[1]]


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def compare(ours: nn.Module, theirs: nn.Module, x: Tensor) -> tuple[float, float, float]:
    """Median milliseconds of both and the median ratio of neighbouring runs."""
    for _ in range(3):
        ours(x), theirs(x)
    pairs = [
        (milliseconds(lambda: ours(x)), milliseconds(lambda: theirs(x))) for _ in range(ROUNDS)
    ]
    first, second = zip(*pairs, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    return statistics.median(first), statistics.median(second), ratio


def loading(network: Network) -> tuple[float, float]:
    """Best of five: load_weights and numpy.fromfile of the same file, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "yolov3.weights"
        network.save_weights(path)
        ours = min(milliseconds(lambda: network.load_weights(path)) for _ in range(5))
        plain = min(milliseconds(lambda: np.fromfile(path, np.uint8)) for _ in range(5))
    return ours, plain


def activations(network: Network, x: Tensor) -> tuple[float, float]:
    """MB of all outputs together, and the most that is alive at once."""
    sizes = [node.out.size * 4 / 1e6 for node in network.graph.nodes]
    alive, most, last_use = dict[int, float](), 0.0, network.graph.last_use
    for index, _ in network.outputs(x, Run()):
        alive[index] = sizes[index]
        most = max(most, sum(alive.values()))
        alive = {i: mb for i, mb in alive.items() if last_use.get(i, -1) > index}
    return sum(sizes), most


def main() -> None:
    torch.manual_seed(0)
    network = Network.from_cfg(CFG, width=416, height=416, seed=0)
    x = torch.rand(1, 3, 416, 416).contiguous(memory_format=torch.channels_last)
    theirs = HandWritten().eval().to(memory_format=torch.channels_last)
    write = sys.stdout.write
    with torch.inference_mode():
        ours, hand, ratio = compare(network.for_inference(), theirs, x)
        total, most = activations(network, x)
    write(f"yolov3 416, batch 1, fp32, {torch.get_num_threads()} threads\n")
    write(f"forward: {ours:.1f} ms, written by hand {hand:.1f} ms, ratio {ratio:.3f}\n")
    load, plain = loading(network)
    write(f"load_weights: {load:.1f} ms, numpy.fromfile {plain:.1f} ms, ratio {load / plain:.2f}\n")
    write(f"activations: {total:.0f} MB in all, at most {most:.0f} MB at once\n")


if __name__ == "__main__":
    main()
