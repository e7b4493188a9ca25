"""`make bench-video`: a video through `detect`, against the forward passes alone.

    python tests/bench/video.py CFG WEIGHTS [VIDEO [THRESH [ROUNDS]]]

In one process and in turns: as many forward passes as the video has frames, side by side as
`detect` runs them, and the whole of it, frames decoded, boxes found, drawn, and written to a video
and to JSON. WEIGHTS: random makes a file of random ones; their boxes are many, so give a THRESH
near 1. Without a video one of 300 frames of moving shapes is drawn. The share is that of the least
times; memory is that of the process after each round.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import torch

from darknet_py import Detector, load
from darknet_py.benchmark.bench_inputs import random_network
from darknet_py.detect.command_start import usual_batch
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.workers import WorkerPool
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.sources import open_source
from darknet_py.network.graph import read_graph
from darknet_py.options.datasets import ShapesVideoOptions
from darknet_py.video.json_files import JsonFile
from darknet_py.video.playback import play
from darknet_py.video.shapes_video import write_shapes_video
from darknet_py.video.video_writer import VideoFile

FRAMES, ROUNDS = 300, 5


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def forward(detector: Detector, frames: int, batch: int) -> None:
    """The same number of passes, with the batches and threads of `detect`."""
    pool = WorkerPool.of(detector.engine, batch, frames)
    x = torch.rand(batch, *detector.graph.net.input).contiguous(
        memory_format=detector.engine.layout
    )
    for _ in pool.run(lambda first, group: len(detector.engine(x[: len(group)])), range(frames)):
        pass


def whole(detector: Detector, video: Path, folder: Path, thresh: float, batch: int) -> int:
    source = open_source(video, CaptureOptions())
    options = PipelineOptions(thresh=thresh, batch=batch)
    results = detector.results(source, options, InputSpec.of(detector.graph))
    outputs = [VideoFile(folder / "out.mp4", source.fps), JsonFile(folder / "out.json")]
    return sum(1 for _ in play(results, outputs))


def main(cfg: str, weights: str, video: str = "", thresh: str = ".5", rounds: str = "") -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if weights == "random":
            weights = str(folder / "random.weights")
            random_network(read_graph(cfg), 0).save_weights(weights)
        detector = load(cfg, weights)
        if not video:
            video = str(folder / "shapes.mp4")
            write_shapes_video(ShapesVideoOptions(out=video, frames=FRAMES, seed=3))
        batch = usual_batch(detector.graph, FRAMES)
        frames = whole(detector, Path(video), folder, float(thresh), batch)
        alone, all_of_it = [], []
        for _ in range(int(rounds or ROUNDS)):
            alone.append(seconds(lambda: forward(detector, frames, batch)))
            all_of_it.append(
                seconds(lambda: whole(detector, Path(video), folder, float(thresh), batch))
            )
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            times = f"forward {alone[-1]:.2f} s, whole {all_of_it[-1]:.2f} s"
            click.echo(f"{times}, {megabytes:.0f} MB at most")
        share = min(all_of_it) / min(alone)
        click.echo(f"{frames} frames, batch {batch}: {share:.2f} x of the forward passes alone")


if __name__ == "__main__":
    main(*sys.argv[1:])
