"""`make bench-folder`: `detect` over a folder, against what its slowest part alone would allow.

    python tests/bench/folder.py FOLDER CFG WEIGHTS [THRESH [ROUNDS]]

In one process and in turns: decoding the images on all cores, the forward pass alone (batch 1 on
all cores, and side by side with one core each), and the stream of results with every image drawn
and written. The share is that of the slower of decoding and forward. Without weights a file with
random ones is made; their boxes are many, so give a THRESH near 1.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch

from darknet_py import Detector, load
from darknet_py.benchmark.bench_inputs import random_network
from darknet_py.detect.command_start import usual_batch
from darknet_py.detect.workers import WorkerPool
from darknet_py.images.frames import readers
from darknet_py.images.image_paths import images_in
from darknet_py.images.io import open_image
from darknet_py.network.graph import read_graph

ROUNDS = 5
PASSES = 48


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def decoding(paths: list[str]) -> None:
    with ThreadPoolExecutor(readers()) as pool:
        for _ in pool.map(lambda path: open_image(path).decode_bgr().shape, paths):
            pass


def forward(detector: Detector, x: torch.Tensor) -> None:
    for _ in range(PASSES):
        detector.engine(x)


def side_by_side(detector: Detector, x: torch.Tensor) -> None:
    pool = WorkerPool.of(detector.engine, 1, PASSES)
    for _ in pool.run(lambda first, group: len(detector.engine(x)), range(PASSES)):
        pass


def detecting(detector: Detector, paths: list[str], thresh: float, folder: str) -> None:
    for result in detector.stream(paths, thresh, batch=usual_batch(detector.graph, len(paths))):
        result.save(os.path.join(folder, f"predictions_{Path(result.path).stem}.jpg"))


def open_detector(cfg: str, weights: str | None, folder: str) -> Detector:
    if weights is None:
        weights = os.path.join(folder, "random.weights")
        random_network(read_graph(cfg), 0).save_weights(weights)
    return load(cfg, weights)


def report(rows: list[tuple[float, ...]]) -> None:
    names = ("decoding, all cores", "forward, batch 1", "forward, side by side", "folder, written")
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        sys.stdout.write(f"{name:24}{statistics.median(column):8.1f} images/s\n")
    for number, name in ((1, "batch 1"), (2, "side by side")):
        share = statistics.median(row[3] / min(row[0], row[number]) for row in rows)
        sys.stdout.write(f"share of the slower of decoding and forward, {name}: {share:.0%}\n")


def main(
    source: str,
    cfg: str,
    weights: str | None = None,
    thresh: str = "0.25",
    rounds: str = str(ROUNDS),
) -> None:
    paths = images_in(source, recursive=False)
    with tempfile.TemporaryDirectory() as folder:
        detector = open_detector(cfg, None if weights == "random" else weights, folder)
        net = detector.graph.net
        x = torch.rand(1, *net.input).to(detector.device, memory_format=torch.channels_last)
        parts = (
            (len(paths), partial(decoding, paths)),
            (PASSES, partial(forward, detector, x)),
            (PASSES, partial(side_by_side, detector, x)),
            (len(paths), partial(detecting, detector, paths, float(thresh), folder)),
        )
        sys.stdout.write(f"{cfg}: {len(paths)} images, {torch.get_num_threads()} threads\n")
        for _, work in parts:
            work()  # not counted
        report([tuple(rate(count, work) for count, work in parts) for _ in range(int(rounds))])


if __name__ == "__main__":
    main(*sys.argv[1:])
