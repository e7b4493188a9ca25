"""Two processes with half the batch each move the weights as one process with all of it."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from support.layer_check import network
from support.small_detector import small_options
from support.small_step import CONV, HEAD, NET, changed, data, weights

from darknet_py.distributed import context as distributed_context
from darknet_py.distributed import process_group
from darknet_py.distributed.context import DistributedContext
from darknet_py.network.network import Network
from darknet_py.train import Trainer, command, session
from darknet_py.train.loss_error import LossError


@pytest.fixture(autouse=True)
def _its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of torch's module, some of which tests replace: a stand-in keeps what it has found."""
    monkeypatch.setattr(distributed_context, "dist", dist)


CFG = """[net]
batch={batch}
subdivisions={subdivisions}
width=16
height=16
channels=3
learning_rate=0.01
momentum=0.9
decay=0.001
max_batches=100
{net}
[convolutional]
{normalize}
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=14
size=1
activation=linear
[yolo]
classes=2
num=2
mask=0,1
anchors=4,4, 8,8
"""
STEPS, IMAGES = 3, 8
Arrays = dict[str, np.ndarray]


def batch_of(step: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(step)
    truth = np.zeros((IMAGES, 200, 6), np.float32)
    truth[:, :3, :4] = rng.uniform(0.2, 0.7, (IMAGES, 3, 4))
    truth[:, :3, 4] = rng.integers(0, 2, (IMAGES, 3))
    return rng.random((IMAGES, 3, 16, 16), np.float32), truth.reshape(IMAGES, -1)


def trained(cfg: str, part: slice, **choices: Any) -> tuple[Arrays, list[float]]:
    """The weights after a few steps on this part of each batch, and the losses."""
    network = Network.from_cfg(cfg, seed=5)
    trainer = Trainer(network, **choices)
    losses = []
    for step in range(STEPS):
        images, truth = batch_of(step)
        losses.append(trainer.step(images[part], truth[part]))
    return {name: value.numpy() for name, value in network.state_dict().items()}, losses


def work(rank: int, cfg: str, store: str, choices: dict[str, Any], results: Any) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
    part_size = IMAGES // 2
    results.put((rank, *trained(cfg, slice(rank * part_size, (rank + 1) * part_size), **choices)))
    dist.destroy_process_group()


def in_two(tmp_path: Path, cfg: str, **choices: Any) -> dict[int, tuple[Arrays, list[float]]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["darknet_py.train.command", "darknet_py.evaluate.map"])
    results = context.Queue()
    arguments = (cfg, str(tmp_path / "store"), choices, results)
    processes = [context.Process(target=work, args=(rank, *arguments)) for rank in range(2)]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    return {rank: (arrays, losses) for rank, arrays, losses in outcomes}


def written(tmp_path: Path, batch: int, normalize: str = "", net: str = "") -> str:
    path = tmp_path / f"{batch}.cfg"
    # One sub-batch with batch normalisation: its statistics are those of a sub-batch.
    parts = 1 if normalize else 2
    path.write_text(CFG.format(batch=batch, subdivisions=parts, normalize=normalize, net=net))
    return str(path)


@pytest.mark.parametrize("net", ["", "adam=1\nlearning_rate=.001"])
def test_two_halves_are_one_whole(tmp_path: Path, net: str) -> None:
    whole, losses = trained(written(tmp_path, IMAGES, net=net), slice(None))
    both = in_two(tmp_path, written(tmp_path, IMAGES // 2, net=net))
    for arrays, shared in both.values():
        # A loss is of a sub-batch, and theirs have half the images.
        np.testing.assert_allclose(2 * np.array(shared), losses, rtol=1e-5)
        for name, value in whole.items():
            np.testing.assert_allclose(arrays[name], value, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    "normalize",
    ["batch_normalize=1", pytest.param("cbn=1\nassisted_excitation=1", marks=pytest.mark.slow)],
)
def test_synchronised_statistics(tmp_path: Path, normalize: str) -> None:
    whole, _ = trained(written(tmp_path, IMAGES, normalize), slice(None))
    both = in_two(tmp_path, written(tmp_path, IMAGES // 2, normalize), sync_batchnorm=True)
    for arrays, _ in both.values():
        for name, value in whole.items():
            np.testing.assert_allclose(arrays[name], value, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_statistics_are_each_ones_own_by_default(tmp_path: Path) -> None:
    both = in_two(tmp_path, written(tmp_path, IMAGES // 2, "batch_normalize=1"))
    (first, _), (second, _) = both[0], both[1]
    means = [name for name in first if name.endswith("rolling_mean")]
    assert means and not np.array_equal(first[means[0]], second[means[0]])
    assert all(np.array_equal(first[name], second[name]) for name in first if "rolling" not in name)


@pytest.mark.slow
def test_each_process_moves_images_of_its_own(tmp_path: Path) -> None:
    """Its coins are its own: one may have a pass more than the other, and waits for nothing."""
    net, choices = "adversarial_lr=500", {"sync_batchnorm": True, "seed": 6}
    plain = in_two(tmp_path, written(tmp_path, IMAGES // 2, "batch_normalize=1"), **choices)
    (tmp_path / "store").unlink()
    both = in_two(tmp_path, written(tmp_path, IMAGES // 2, "batch_normalize=1", net), **choices)
    (first, _), (second, _) = both[0], both[1]
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["layers.0.weights"], plain[0][0]["layers.0.weights"])


@pytest.mark.slow
def test_torchrun_counts_as_darknets_gpus(tmp_path: Path) -> None:
    """n devices: an update counts for n, with n times the rate, as in `-gpus`."""
    options = small_options(tmp_path, max_batches=8)
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    words = [
        "-m",
        "darknet_py",
        "train",
        options.data,
        options.cfg,
        "--device",
        "cpu",
        "--workers",
        "0",
    ]
    files = ["--results", str(options.results)]
    done = subprocess.run(
        [*launcher, f"--master-port={port}", *words, *files],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "batch 8/2 x 2 processes, 8 iterations from 0" in done.stdout
    rows = (tmp_path / "results.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["2", "4", "6", "8"]
    assert float(rows[-1].split(",")[4]) == pytest.approx(2 * 0.002)
    net = Network.from_cfg(options.cfg)
    assert net.load_weights(tmp_path / "backup" / "small_final.weights").seen == 8 * 8


def test_a_process_that_torchrun_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the device of its number on the machine, waits patiently, and leaves the group."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(dist, "is_initialized", lambda: bool(calls) and calls[-1] != ("left",))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(dist, "rendezvous", lambda url, timeout: iter([(url, 1, 2)]))
    monkeypatch.setattr(dist, "PrefixStore", lambda prefix, store: (prefix, store))
    monkeypatch.setattr(
        dist,
        "init_process_group",
        lambda kind, store, rank, world_size, timeout: calls.append(
            (kind, store, rank, world_size, timeout)
        ),
    )
    monkeypatch.setattr(process_group, "_groups", iter([0, 1]))
    monkeypatch.setattr(process_group, "agreed_word", lambda store, *_: f"word in {store[0]}")
    # First of all: else the process would take memory of device 0 as well.
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: calls.append(("on", device)))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: calls.append(("left",)))
    options = replace(small_options(tmp_path), device=None)
    with session._process_group(options) as (context, device):
        assert (context, device) == (DistributedContext(1, 2), torch.device("cuda:3"))
        assert not context.first
        group = ("nccl", ("word in group 0", ("group 0", "env://")), 1, 2, process_group.PATIENCE)
        assert calls == [("on", torch.device("cuda:3")), group]
    with session._process_group(replace(options, nogpu=True)) as (_, device):
        assert device == torch.device("cpu")
        assert calls[-1][:2] == ("gloo", ("word in group 1", ("group 1", "env://")))
    assert [call[0] for call in calls] == ["on", "nccl", "left", "gloo", "left"]
    assert process_group.PATIENCE.total_seconds() == 6 * 3600
    calls.append(("by the caller",))
    with session._process_group(replace(options, nogpu=True)) as (context, device):
        assert (context, device) == (DistributedContext(1, 2), torch.device("cpu"))
    assert calls[5:] == [("by the caller",)]


def one_of_two(monkeypatch: pytest.MonkeyPatch, other: list[float]) -> tuple[Trainer, list[str]]:
    """A trainer beside a process with this mean and flag; filled with what is exchanged."""
    trainer, exchanged = Trainer(network(NET + CONV + HEAD)), list[str]()

    def all_reduce(total: torch.Tensor) -> None:
        exchanged.append("all")
        total += torch.tensor(other)

    monkeypatch.setattr(dist, "all_reduce", all_reduce)
    trainer.distributed = DistributedContext(0, 2)
    trainer.watch = lambda losses: exchanged.append("sub-batch")
    return trainer, exchanged


def test_processes_talk_once_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Trainer(network(NET + CONV + HEAD)).step(*data())
    trainer, exchanged = one_of_two(monkeypatch, [10.0, 0.0])
    assert trainer.step(*data()) == pytest.approx((alone + 10) / 2)
    assert exchanged == ["sub-batch", "sub-batch", "all"]


@pytest.mark.parametrize("here", [True, False])
def test_a_loss_that_is_not_finite_is_told_at_the_end(
    here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who left before would leave the others waiting for its gradients."""
    trainer, exchanged = one_of_two(monkeypatch, [10.0, float(not here)])
    before = weights(trainer.network)
    images, truth = data()
    if here:
        images[0] = torch.nan
    with pytest.raises(LossError, match="iteration 1: the loss is " + ("nan" if here else "[0-9]")):
        trainer.step(images, truth)
    assert exchanged == ["sub-batch", "sub-batch", "all"]
    assert not changed(before, trainer.network)


def test_processes_end_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(dist, "barrier", lambda: waited.append(1))
    DistributedContext().end_together()
    assert waited == []
    DistributedContext(1, 2).end_together()
    assert waited == [1]
    monkeypatch.setattr(DistributedContext, "end_together", lambda self: waited.append(2))
    assert command.run(small_options(tmp_path, max_batches=1)) == 0
    assert waited == [1, 2]


DEAD = "[route]\nlayers=-3\n[convolutional]\nfilters=4\nsize=1\nactivation=linear\n"


@pytest.mark.slow
def test_layers_that_no_loss_reaches_move_by_decay_alone(tmp_path: Path) -> None:
    cfg = written(tmp_path, IMAGES // 2)
    Path(cfg).write_text(Path(cfg).read_text() + DEAD)
    both = in_two(tmp_path, cfg)
    start = {name: t.numpy() for name, t in Network.from_cfg(cfg, seed=5).state_dict().items()}
    for name, value in both[0][0].items():
        np.testing.assert_array_equal(value, both[1][0][name], err_msg=name)
    for arrays, _ in both.values():
        assert np.array_equal(arrays["layers.4.biases"], start["layers.4.biases"])
        assert not np.array_equal(arrays["layers.0.biases"], start["layers.0.biases"])


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_two_processes_in_which_nothing_learns(tmp_path: Path, precision: str) -> None:
    cfg = written(tmp_path, IMAGES // 2)
    text = Path(cfg).read_text().replace("filters=14\n", "filters=14\nstopbackward=1\n")
    Path(cfg).write_text(text)
    start = {name: t.numpy() for name, t in Network.from_cfg(cfg, seed=5).state_dict().items()}
    for arrays, _ in in_two(tmp_path, cfg, precision=precision).values():
        moved = {name for name in start if not np.array_equal(arrays[name], start[name])}
        assert moved == {"layers.1.weights"}
