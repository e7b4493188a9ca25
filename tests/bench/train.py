"""`make bench-train`: a training step of yolov3-tiny at 416, batch 8, in one process.

The bare network, written by hand in PyTorch, runs forward and backward with a trivial loss, in
turns with `Trainer.step` in fp32, with and without Winograd, and bf16; medians and medians of
pairwise ratios are printed.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from darknet_py import Network
from darknet_py.train import Trainer

CFG = Path(__file__).parents[2] / "cfg" / "yolov3-tiny.cfg"
ROUNDS = 7
IMAGES, SIDE, LABELS = 8, 416, 5


class Conv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.1, inplace=True),
        )


class HandWritten(nn.Module):
    """YOLOv3-tiny without its heads."""

    def __init__(self) -> None:
        super().__init__()
        pool = nn.MaxPool2d(2, 2)
        self.stem = nn.Sequential(
            Conv(3, 16, 3), pool, Conv(16, 32, 3), pool, Conv(32, 64, 3), pool, Conv(64, 128, 3)
        )
        self.middle = nn.Sequential(pool, Conv(128, 256, 3))
        self.deep = nn.Sequential(
            pool,
            Conv(256, 512, 3),
            nn.ZeroPad2d((0, 1, 0, 1)),
            nn.MaxPool2d(2, 1),
            Conv(512, 1024, 3),
            Conv(1024, 256, 1),
        )
        self.first = nn.Sequential(Conv(256, 512, 3), nn.Conv2d(512, 255, 1))
        self.up = Conv(256, 128, 1)
        self.second = nn.Sequential(Conv(384, 256, 3), nn.Conv2d(256, 255, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.middle(self.stem(x))
        deep = self.deep(middle)
        joined = torch.cat([F.interpolate(self.up(deep), scale_factor=2), middle], dim=1)
        return self.first(deep), self.second(joined)


def bare(x: Tensor, amp: bool = False) -> Callable[[], object]:
    """Forward and backward of the hand-written network, its gradients thrown away."""
    network = HandWritten().to(memory_format=torch.channels_last).train()

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            first, second = network(x)
        (first.sum() + second.sum()).backward()
        network.zero_grad(set_to_none=True)

    return run


def trainer(x: Tensor, precision: str, exact: bool = False) -> Callable[[], object]:
    """A whole step: forward, loss, backward, update."""
    network = Network.from_cfg(CFG, width=SIDE, height=SIDE, seed=0)
    options = {"batch": IMAGES, "subdivisions": 1, "burn_in": 1000}
    network.graph = dataclasses.replace(
        network.graph, net=dataclasses.replace(network.graph.net, **options)
    )
    one = Trainer(network, precision=precision, exact=exact)
    truth = torch.zeros(IMAGES, 200, 6)
    truth[:, :LABELS, :4] = torch.rand(IMAGES, LABELS, 4) * 0.4 + 0.2
    return lambda: one.step(x, truth.flatten(1))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    torch.manual_seed(0)
    x = torch.rand(IMAGES, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    works = {
        "bare": bare(x),
        "bare bf16": bare(x, amp=True),
        "fp32 --exact": trainer(x, "fp32", exact=True),
        "fp32": trainer(x, "fp32"),
        "bf16": trainer(x, "bf16"),
    }
    for work in works.values():
        seconds(work), seconds(work)
    rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(ROUNDS)]
    sys.stdout.write(f"yolov3-tiny {SIDE}, batch {IMAGES}, {torch.get_num_threads()} threads\n")
    for name in works:
        median = statistics.median(times[name] for times in rounds)
        ratio = statistics.median(times[name] / times["bare"] for times in rounds)
        what = "forward + backward" if name.startswith("bare") else "Trainer.step"
        sys.stdout.write(f"{name} {what}: {median:.3f} s, {ratio:.2f} x bare\n")


if __name__ == "__main__":
    main()
