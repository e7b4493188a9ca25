"""States of trainings: what loads goes on exactly, and nothing else is used."""

from __future__ import annotations

import io
import json
import random
import re
import resource
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.small_detector import small_options

from darknet_py.errors import WeightsError
from darknet_py.network.network import Network
from darknet_py.train.command import run
from darknet_py.train.ema import WeightAverage
from darknet_py.train.state_facts import TrainingProgress
from darknet_py.train.trainer import Trainer
from darknet_py.train.training_state import load_state, save_state

CFG = """[net]
batch=4
subdivisions=2
width=16
height=16
channels=3
max_batches=100
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=21
size=1
activation=linear
[yolo]
mask=0,1,2
anchors=4,4, 8,8, 16,16
classes=2
num=3
"""
PROGRESS = TrainingProgress(2.5, 0.5, 0.25, 90, 80, 3.5, 0.1)
Entries = dict[str, bytes]


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    (tmp_path / "s.cfg").write_text(CFG)
    return Trainer(Network.from_cfg(tmp_path / "s.cfg", seed=1))


@pytest.fixture
def average(trainer: Trainer) -> WeightAverage:
    return WeightAverage(trainer.network)


@pytest.fixture
def path(tmp_path: Path, trainer: Trainer, average: WeightAverage) -> Path:
    """A state with everything in it."""
    for state in trainer.optimizer.states:
        state.moments = torch.ones_like(state.tensor), torch.zeros_like(state.tensor)
    average.start()
    save_state(tmp_path / "s.state", trainer, average, PROGRESS)
    return tmp_path / "s.state"


def entries_of(path: Path) -> Entries:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, entries: Entries, packed: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def with_facts(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    entries = entries_of(path)
    facts = json.loads(np.load(io.BytesIO(entries["facts.npy"])).tobytes())
    change(facts)
    text = json.dumps(facts).encode()
    rewrite(path, entries | {"facts.npy": npy(np.frombuffer(text, np.uint8))})


def kernel_of(path: Path) -> str:
    return next(name for name in entries_of(path) if np.load(path)[name[:-4]].ndim == 4)


def test_what_was_saved_is_loaded(trainer: Trainer, average: WeightAverage, path: Path) -> None:
    other = Trainer(Network(trainer.network.graph, seed=2), seed=5)
    assert load_state(path, other, WeightAverage(other.network)) == PROGRESS
    assert other.seed == 0
    for name, tensor in trainer.network.state_dict().items():
        assert torch.equal(other.network.state_dict()[name], tensor)
    assert other.optimizer.states[0].moments is not None
    assert other.optimizer.states[0].moments[0].unique().tolist() == [1.0]


REJECTING = CFG.replace("max_batches=100", "max_batches=100\nequidistant_point=1")


def rejecting(tmp_path: Path) -> Trainer:
    """A training that has rolling values to keep."""
    (tmp_path / "r.cfg").write_text(REJECTING)
    return Trainer(Network.from_cfg(tmp_path / "r.cfg", seed=1))


def test_rolling_values_of_left_out_deltas_go_on(tmp_path: Path, trainer: Trainer) -> None:
    """Where either training has none they begin at 0, or are no longer needed."""
    first, second = rejecting(tmp_path), rejecting(tmp_path)
    assert first.rejection is not None and second.rejection is not None
    rolled = torch.tensor([0.5, 0.25, 0.125, 4])
    first.rejection.state.copy_(rolled)
    path, average = tmp_path / "r.state", WeightAverage(first.network)
    save_state(path, first, average, PROGRESS)
    load_state(path, second, WeightAverage(second.network))
    assert torch.equal(second.rejection.state, rolled)
    load_state(path, trainer, WeightAverage(trainer.network))
    save_state(path, trainer, WeightAverage(trainer.network), PROGRESS)
    load_state(path, rejecting(tmp_path), average)


def test_a_state_of_an_older_version_has_less_progress(
    trainer: Trainer, average: WeightAverage, path: Path
) -> None:
    def older(facts: dict[str, Any]) -> None:
        for key in ("best_map_at", "loss", "rate"):
            del facts["progress"][key]
        del facts["moves"]
        facts["update"] = 7

    with_facts(path, older)
    expected = replace(PROGRESS, best_map_at=0, loss=None, rate=0.0)
    assert load_state(path, trainer, average) == expected
    assert trainer.optimizer.moves == 7


def set_to(value: Any, *keys: str) -> Callable[[dict[str, Any]], object]:
    def change(facts: dict[str, Any]) -> None:
        for key in keys[:-1]:
            facts = facts[key]
        facts[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_to(2, "format"), "facts format: read 2, expected a whole number from 1 to 1"),
        (set_to("", "subdivisions"), "facts subdivisions: read '', expected a whole number from 1"),
        (set_to(-5, "subdivisions"), "facts subdivisions: read -5, expected"),
        (set_to(3, "subdivisions"), "facts subdivisions: read 3, expected a divisor of 4 images"),
        (set_to(True, "update"), "facts update: read True, expected a whole number"),
        (set_to(1.5, "update"), "facts update: read 1.5, expected a whole number from 0"),
        (set_to([], "seen"), r"facts seen: read \[\], expected a whole number from 0"),
        (set_to(2**70, "seen"), "facts seen: read 1180591620717411303424, expected"),
        (set_to(-1, "moves"), "facts moves: read -1, expected a whole number from 0"),
        (set_to({}, "seed"), "facts seed: read {}, expected a whole number$"),
        (set_to(8, "images"), "of a training with 8 images a step, this one has 4; use the same"),
        (set_to(None, "precision"), "precision: read nothing, expected a table of numbers"),
        (set_to({"scale": 2.0}, "precision"), "precision growth: is missing, expected a whole"),
        (set_to([1], "progress"), r"progress: read \[1\], expected a table of numbers"),
        (set_to(None, "progress", "last_map"), "progress last_map: read nothing, expected a numb"),
        (set_to(float("nan"), "progress", "rate"), "progress rate: read nan, expected a number"),
        (set_to(10**400, "progress", "loss"), r"progress loss: read 1000.*\.\.\., expected a n"),
        (set_to(1, "progress", "a"), "progress a: unknown, known are average_loss"),
        (lambda facts: facts.pop("seed"), "facts seed: is missing, expected a whole number"),
    ],
)
def test_numbers_that_cannot_be(
    trainer: Trainer,
    average: WeightAverage,
    path: Path,
    change: Callable[[dict[str, Any]], object],
    message: str,
) -> None:
    with_facts(path, change)
    require_refused(path, trainer, average, message)


def require_refused(path: Path, trainer: Trainer, average: WeightAverage, message: str) -> None:
    """With the file's name, and before anything of the training has changed."""
    before = {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}
    facts = trainer.seed, trainer.batch, trainer.subdivisions, trainer.network.header
    with pytest.raises(WeightsError, match=f"^{re.escape(str(path))}: {message}") as caught:
        load_state(path, trainer, average)
    assert "\n" not in str(caught.value)
    assert (trainer.seed, trainer.batch, trainer.subdivisions, trainer.network.header) == facts
    for name, tensor in trainer.network.state_dict().items():
        assert torch.equal(before[name], tensor)


OTHERS = {
    "type": (np.zeros((8, 3, 3, 3), np.float64), "has type float64, expected float32"),
    "order": (np.zeros((8, 3, 3, 3), ">f4"), "has type >f4, expected float32"),
    "integers": (np.zeros((8, 3, 3, 3), np.int32), "has type int32, expected float32"),
    "shape": (np.zeros((8, 3, 3), np.float32), r"has shape \(8, 3, 3\), expected \(8, 3, 3, 3\)"),
    "scalar": (np.float32(1), r"has shape \(\), expected \(8, 3, 3, 3\)"),
    "objects": (np.array([None]), "its header is no plain array's"),
    "names": (np.zeros(8, "U3"), "its header is no plain array's"),
    "records": (np.zeros(8, [("a", "f4")]), "its header is no plain array's"),
    "columns": (np.asfortranarray(np.zeros((8, 27), np.float32)), "its header is no plain"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_arrays_that_are_not_the_networks(
    trainer: Trainer, average: WeightAverage, path: Path, kind: str
) -> None:
    array, message = OTHERS[kind]
    name = kernel_of(path)
    rewrite(path, entries_of(path) | {name: npy(array)})
    require_refused(path, trainer, average, f"{re.escape(name[:-4])}: {message}")


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }" % (b"1" * 900),
        b"__import__('os').abort()",
        b"(" * 1000,
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    ],
)
def test_headers_that_are_none(
    trainer: Trainer, average: WeightAverage, path: Path, header: bytes
) -> None:
    name = kernel_of(path)
    start = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little")
    rewrite(path, entries_of(path) | {name: start + header + b"\n"})
    require_refused(path, trainer, average, f"{re.escape(name[:-4])}: its header is no plain")


@pytest.mark.parametrize("word", ["moment1.0", "average.0.weights", "update.0"])
def test_arrays_that_are_not_there(
    trainer: Trainer, average: WeightAverage, path: Path, word: str
) -> None:
    entries = entries_of(path)
    del entries[f"{word}.npy"]
    rewrite(path, entries)
    require_refused(path, trainer, average, f"{word} does not fit, it is missing")


def test_arrays_of_another_network(trainer: Trainer, average: WeightAverage, path: Path) -> None:
    rewrite(path, entries_of(path) | {"net.9.weights.npy": npy(np.zeros(1))})
    require_refused(path, trainer, average, "net.9.weights does not fit, it is not of this network")


def test_a_text_that_is_no_table(trainer: Trainer, average: WeightAverage, path: Path) -> None:
    for text in (b"[" * 5000, b"{", b"\xff", b"1" * 5000):
        rewrite(path, entries_of(path) | {"facts.npy": npy(np.frombuffer(text, np.uint8))})
        require_refused(path, trainer, average, "is no state of a training")
    rewrite(path, entries_of(path) | {"facts.npy": npy(np.zeros(20_000, np.uint8))})
    require_refused(path, trainer, average, "facts: claims 20128 bytes, expected at most 9216")


@pytest.mark.parametrize("name", ["facts.npy", "update.0.npy", None])
def test_what_unpacks_to_more_than_the_network_has(
    trainer: Trainer, average: WeightAverage, path: Path, name: str | None
) -> None:
    """A few hundred kB that would be 400 MB: refused before that is taken."""
    entries = entries_of(path)
    target = name or kernel_of(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for other in entries.keys() - {target}:
            archive.writestr(other, entries[other])
        with archive.open(target, "w") as file:
            file.write(entries[target])
            for _ in range(400):
                file.write(bytes(1_000_000))
    size = path.stat().st_size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = rf"(has {size} bytes|.*claims 400\d+ bytes, expected at most)"
    require_refused(path, trainer, average, message)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_packed_state_is_a_state(trainer: Trainer, average: WeightAverage, path: Path) -> None:
    rewrite(path, entries_of(path), zipfile.ZIP_DEFLATED)
    assert load_state(path, trainer, average) == PROGRESS
    rewrite(path, entries_of(path), zipfile.ZIP_LZMA)
    require_refused(path, trainer, average, r"is no state of a training \(it is packed in a way")


def test_damage_anywhere_is_one_line(trainer: Trainer, average: WeightAverage, path: Path) -> None:
    whole, rng, refused = path.read_bytes(), random.Random(4), 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3, 20))):
            # The directory at the end is 1 % of the file and most of what is read.
            first = 0 if rng.random() < 0.5 else len(whole) - 900
            damaged[rng.randrange(first, len(whole))] = rng.randrange(256)
        path.write_bytes(damaged if rng.random() < 0.8 else whole[: rng.randrange(len(whole))])
        try:
            load_state(path, trainer, average)
        except WeightsError as error:
            assert str(error).startswith(f"{path}: ")
            assert "\n" not in str(error)
            refused += 1
    assert refused > 200


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="small_last.state: no such file, so nothing to resume"):
        run(small_options(tmp_path, resume=True))


def test_a_damaged_state(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=3, iterations=1))
    path = tmp_path / "backup" / "small_last.state"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="small_last.state: is no state of a training"):
        run(small_options(tmp_path, resume=True))


def test_a_state_of_another_network(tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=3, iterations=1)
    run(options)
    text = Path(options.cfg).read_text()
    Path(options.cfg).write_text(text.replace("filters=8\n", "filters=6\n"))
    with pytest.raises(WeightsError, match=r"has shape \(8,.*expected \(6,.*is it of another cfg"):
        run(replace(options, resume=True))
    Path(options.cfg).write_text(text.replace("batch=8", "batch=4"))
    with pytest.raises(WeightsError, match="8 images a step, this one has 4"):
        run(replace(options, resume=True))


def test_progress_after_an_update_and_after_an_evaluation() -> None:
    first = TrainingProgress().learnt(4.0, 0.1)
    assert (first.average_loss, first.loss, first.rate) == (4.0, 4.0, 0.1)
    second = first.learnt(2.0, 0.2)
    assert second.average_loss == pytest.approx(0.9 * 4 + 0.1 * 2)
    best = second.measured(0.5, 7)
    assert (best.last_map, best.best_map, best.best_map_at) == (0.5, 0.5, 7)
    worse = best.measured(0.25, 8)
    assert (worse.last_map, worse.best_map, worse.best_map_at) == (0.25, 0.5, 7)
    assert worse.measured(0.5, 9).best_map_at == 9
