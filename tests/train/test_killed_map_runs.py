"""SIGKILL at random moments of `train -map`, with a damaged image in the list that is measured.

DARKNET_PY_KILLS sets how many, DARKNET_PY_KILL_SECONDS how long after a save at most; -s shows what
they hit.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from support.outcome import kept_in, require_same, state_of
from support.small_detector import small_options

from darknet_py.cfg.names import read_names
from darknet_py.evaluate.map import evaluate
from darknet_py.network.network import Network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.synthetic.shape_dataset import write_dataset
from darknet_py.train.command import run
from darknet_py.train.tasks import detection_task

KILLS = int(os.environ.get("DARKNET_PY_KILLS", "5"))
LONGEST = float(os.environ.get("DARKNET_PY_KILL_SECONDS", "0.6"))
"""Seconds after a save until the kill: an update takes about a fiftieth, an evaluation a tenth."""


def options_in(folder: Path, shapes: Path) -> DetectorTrainOptions:
    options = small_options(folder, 9_000, evaluates=True, epochs=1, data="savelast=4\n")
    lists = f"classes=8\ntrain={shapes}/train.txt\nvalid={shapes}/valid.txt\n"
    rest = f"names={shapes}/shapes.names\nbackup={folder}/backup\nsavelast=4\n"
    Path(options.data).write_text(lists + rest)
    return options


def damaged_shapes(folder: Path) -> Path:
    write_dataset(folder, 12, seed=3, width=64, height=64, valid_every=3)
    first = Path((folder / "valid.txt").read_text().splitlines()[0])
    (first if first.is_absolute() else folder / first).write_bytes(b"no image")
    return folder


def train(options: DetectorTrainOptions) -> None:
    import torch

    torch.set_num_threads(1)
    detection_task.LEAST_BETWEEN = 3
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    run(options)


def progress_of(folder: Path) -> dict[str, Any]:
    facts = json.loads(state_of(folder)["facts"].tobytes())
    return {"update": facts["update"], **facts["progress"]}


def measured(folder: Path, shapes: Path, word: str) -> float:
    net = Network.from_cfg(folder / "small.cfg")
    net.load_weights(folder / "backup" / f"small_{word}.weights")
    images = (shapes / "valid.txt").read_text().splitlines()
    paths = [path if Path(path).is_absolute() else str(shapes / path) for path in images]
    return evaluate(net, paths, read_names(shapes / "shapes.names")).map


def killed_once(options: DetectorTrainOptions, folder: Path, rng: random.Random) -> None:
    context = multiprocessing.get_context("forkserver")
    state = folder / "backup" / "small_last.state"
    before = state.stat().st_mtime_ns if state.exists() else 0
    process = context.Process(target=train, args=(options,))
    process.start()
    end = time.monotonic() + 100
    while not state.exists() or state.stat().st_mtime_ns <= before:
        assert time.monotonic() < end and process.is_alive(), "the training has written nothing"
        time.sleep(0.002)
    time.sleep(rng.uniform(0, LONGEST))
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.mark.slow
def test_kills_during_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["darknet_py.train.command", "darknet_py.evaluate.map"])
    shapes, folder, rng = damaged_shapes(tmp_path / "shapes"), tmp_path / "killed", random.Random(2)
    options = options_in(folder, shapes)
    reached, best, repaired, evaluations, leftovers = [0], -1.0, 0, 0, 0
    for _ in range(KILLS):
        killed_once(options, folder, rng)
        options = replace(options, resume=True)
        now = progress_of(folder)
        assert now["update"] >= reached[-1]
        reached.append(now["update"])
        evaluations += now["last_map_at"] < now["update"] and now["update"] % 4 != 0
        leftovers += any(name.startswith(".") for name in kept_in(folder))
        net = Network.from_cfg(options.cfg)
        for name in kept_in(folder):
            if name.endswith(".weights") and not name.startswith("."):
                net.load_weights(folder / "backup" / name)
        if "small_best.weights" not in kept_in(folder):
            assert now["best_map"] < 0 or now["best_map_at"] == now["update"]
            continue
        value = measured(folder, shapes, "best")
        assert value >= best - 1e-9, "_best has become worse"
        best = value
        if value < now["best_map"] - 1e-9:
            # Killed between the state and the weights: the state has them.
            assert now["best_map_at"] == now["update"]
            repaired += 1
    last = reached[-1] + 3
    monkeypatch.setattr(detection_task, "LEAST_BETWEEN", 3)
    assert run(replace(options, max_batches=last)) == 0
    whole = options_in(tmp_path / "whole", shapes)
    assert run(replace(whole, max_batches=last)) == 0
    require_same(tmp_path / "whole", folder)
    assert kept_in(tmp_path / "whole") == kept_in(folder)
    sys.stdout.write(
        f"\n{KILLS} kills, {last} updates, _best {100 * best:.2f} %, "
        f"{repaired} killed between state and _best, {evaluations} in an evaluation, "
        f"{leftovers} in the middle of a file\n"
    )
