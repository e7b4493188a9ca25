"""`train` with track=1: a detector with memory learns films, and goes on where it stopped."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.moving_squares import FILMS, FRAMES, moving_options
from support.outcome import rows_of

from darknet_py.distributed.context import DistributedContext
from darknet_py.evaluate.map import evaluate
from darknet_py.network.network import load_network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train.command import run
from darknet_py.train.tasks.detection_task import open_detection
from darknet_py.train.tasks.image_task import ImageTask

TWO_PASSES = "sequential_subdivisions=1\naugment_speed=1\n"


def opened(options: DetectorTrainOptions, world: int = 1) -> ImageTask:
    ready = open_detection(options, DistributedContext(world=world), torch.device("cpu"))
    assert isinstance(ready.task, ImageTask)
    return ready.task


def frames_of(task: ImageTask, step: int) -> list[int]:
    """Positions in the list of an update's images."""
    names = [Path(path).stem.removeprefix("film").split("-") for path in task.drawn(step)]
    return [int(film) * FRAMES + int(frame) for film, frame in names]


def steps_of(frames: list[int]) -> set[int]:
    """By how many frames each of two streams goes on."""
    return {(b - a) % (FILMS * FRAMES) for a, b in zip(frames, frames[2:], strict=False)}


def test_a_resumed_run_is_the_same(tmp_path: Path) -> None:
    scales = "policy=steps\nsteps=2\nscales=1\nseq_scales=.5\n"
    whole = moving_options(tmp_path / "whole", 5, f"{scales}mosaic=1\nhue=.1\n")
    halves = moving_options(tmp_path / "halves", 5, f"{scales}mosaic=1\nhue=.1\n")
    run(whole)
    run(replace(halves, iterations=3))
    run(replace(halves, resume=True, seed=5))
    one, two = (tmp_path / name / "backup" / "film_final.weights" for name in ("whole", "halves"))
    assert one.read_bytes() == two.read_bytes()


def test_an_update_shows_a_sequence_over_both_sub_batches(tmp_path: Path) -> None:
    """Rows of a sub-batch are moments of two streams, and the second one goes on with both."""
    task = opened(moving_options(tmp_path, net=TWO_PASSES))
    for step in (1, 2, 9):
        frames = frames_of(task, step)
        assert (len(frames), steps_of(frames)) == (12, {1})
    (batch,) = itertools.islice(task.batches(2), 1)
    for row, frame in enumerate(frames_of(task, 2)):
        film, number = divmod(frame, FRAMES)
        label = (tmp_path / f"film{film}-{number:02d}.txt").read_text().split()
        _, x, y, *_ = map(float, label)
        assert batch.truth[row][:2].tolist() == pytest.approx([x, y], abs=1e-6)


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_batches_are_the_same_whatever_makes_them(tmp_path: Path, workers: int) -> None:
    options = moving_options(tmp_path, net=f"{TWO_PASSES}hue=.1\n", workers=workers)
    (made,) = itertools.islice(opened(options).batches(3), 1)
    alone = opened(replace(options, workers=0)).batches(1)
    third = list(itertools.islice(alone, 3))[2]
    assert made.images.equal(third.images) and made.truth.equal(third.truth)


def test_each_process_has_sequences_of_its_own(tmp_path: Path) -> None:
    # Two updates are counted at each step of two processes: seq_scales counts from the second on.
    scales = "policy=steps\nsteps=2\nscales=1\nseq_scales=.5\naugment_speed=1\n"
    task = opened(moving_options(tmp_path, net=scales), world=2)
    first, second = (replace(task, plan=replace(task.plan, rank=r, world=2)) for r in (0, 1))
    for one in (first, second):
        assert steps_of(frames_of(one, 2)) == {1}
        assert len(steps_of(frames_of(one, 1))) > 1
    assert frames_of(first, 2) != frames_of(second, 2)


def test_it_learns_and_is_measured_on_the_film_in_its_order(tmp_path: Path) -> None:
    """Of a list that no time_steps divide, image by image; `map` finds the same afterwards."""
    options = moving_options(tmp_path, 40, TWO_PASSES, evaluates=True)
    listed = (tmp_path / "train.txt").read_text().split()[:-1]
    (tmp_path / "valid.txt").write_text("\n".join(listed))
    with open(options.data, "a") as data:
        data.write(f"valid={tmp_path / 'valid.txt'}\n")
    run(options)
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    assert np.mean(losses[-5:]) < 0.4 * np.mean(losses[:3])
    last = rows_of(tmp_path)[-1]
    # 4 streams an update of 3 moments each: 12 images.
    assert last["images"] == str(40 * 12)
    weights = tmp_path / "backup" / "film_final.weights"
    network, _ = load_network(options.cfg, weights, time_steps=1)
    film = evaluate(network, listed, ["square"])
    assert float(last["map"]) == pytest.approx(film.map, abs=1e-4)
    backwards = evaluate(network, listed[::-1], ["square"])
    assert backwards.map != pytest.approx(film.map, abs=1e-4)


def test_what_is_said_of_a_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = "sequential_subdivisions=9\nseq_scales=.5\n"
    options = moving_options(tmp_path, 1, net)
    run(options)
    said = "".join(capsys.readouterr())
    assert "film.cfg:15: [net] sequential_subdivisions: is above subdivisions=2" in said
    assert "film.cfg:16: [net] seq_scales: no effect: they go with policy=steps" in said
    run(replace(options, log_style="darknet"))
    out = capsys.readouterr()
    told = "\n Tracking! batch = 6, subdiv = 2, time_steps = 3, mini_batch = 2 \n"
    assert told in out.out
    assert " Create 2 permanent cpu-threads \n" in out.err
    assert " sequential_subdivisions = 2, sequence = 1 \nLoaded: " in out.out
