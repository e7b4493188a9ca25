"""Weights under Darknet's names and at its times, and the state that continues a training exactly.

The state holds the weights as well: whatever moment a run is killed at, its last state is whole.
It is a plain .npz file of arrays without pickled objects.
"""

from __future__ import annotations

import glob
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from darknet_py.errors import DarknetError, OutputError, WeightsError
from darknet_py.files import replacing
from darknet_py.forks import Fork
from darknet_py.network.weights_layout import Header
from darknet_py.train.ema import WeightAverage
from darknet_py.train.trainer import Trainer

FORMAT = 1
SHORT_RUN = 10_000
"""Trainings of fewer updates keep numbered weights ten times as often."""
LAST, FINAL = "_last.weights", "_final.weights"
PLAIN_LAST = ".backup"
"""The last weights of pjreddie's program, and of recurrent nets in both."""


@dataclass(frozen=True)
class SavePolicy:
    """numbered, last: updates between the numbered weights and between the last ones.

    early: updates up to which the last ones are kept under their number too (pjreddie's). epoch:
    where weights are numbered by passes over the list instead, how many images it has. images: of
    an update. passes: what an update counts for in all these numbers, and in the names.
    """

    numbered: int
    last: int
    early: int = 0
    epoch: int = 0
    images: int = 0
    passes: int = 1

    @staticmethod
    def of(fork: Fork, max_batches: int, options: dict[str, str]) -> SavePolicy:
        """That of the fork; AlexeyAB's reads saveweights and savelast of the .data file."""
        if fork.saving.detector_backup:
            return SavePolicy(SHORT_RUN, 100, early=1000)
        return SavePolicy.written(options, 1000 if max_batches < SHORT_RUN else SHORT_RUN)

    @staticmethod
    def written(options: dict[str, str], numbered: int) -> SavePolicy:
        """saveweights and savelast of the .data file; else `numbered`, and the last ones at 100.

        Raises DarknetError for a value that is not a number of updates.
        """
        numbered = _positive(options, "saveweights", numbered)
        return SavePolicy(numbered, _positive(options, "savelast", 100))

    def number(self, before: int, now: int) -> int | None:
        """What number to keep the weights under after the updates up to `now`, None for none."""
        if self.epoch:
            epoch = now * self.images // self.epoch
            return epoch if epoch > before * self.images // self.epoch else None
        early = now < self.early and self.keeps_last(before, now)
        due = early or _passed(self.numbered, before * self.passes, now * self.passes)
        return now * self.passes if due else None

    def keeps_last(self, before: int, now: int) -> bool:
        return _passed(self.last, before * self.passes, now * self.passes)


def _positive(options: dict[str, str], key: str, usual: int) -> int:
    text = options.get(key, "")
    if not text:
        return usual
    if not text.isdigit() or int(text) < 1:
        raise DarknetError(f"{key}={text} of the .data file: expected a number from 1 on")
    return int(text)


def _passed(every: int, before: int, now: int) -> bool:
    return now // every > before // every


@dataclass(frozen=True)
class TrainingProgress:
    """What a training knows beside its tensors.

    average_loss: Darknet's, none before the first update. best_map, last_map_at: of `-map`.
    """

    average_loss: float | None = None
    best_map: float = -1.0
    last_map: float = -1.0
    last_map_at: int = 0


@dataclass(frozen=True)
class CheckpointFiles:
    """Where a training writes. base: the cfg's name without folder and suffix.

    last_ending, final_ending: what follows it in the names of those weights.
    """

    folder: Path
    base: str
    last_ending: str = LAST
    final_ending: str = FINAL

    @staticmethod
    def of(
        folder: Path,
        cfg: str,
        last: str = LAST,
        final: str = FINAL,
        cure: str = "set backup= in the .data file",
    ) -> CheckpointFiles:
        """Raises OutputError, with this cure, when the folder cannot be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            message = f"{folder}: cannot be made: {failure.strerror}; {cure}"
            raise OutputError(message) from None
        base = Path(cfg).stem
        _sweep(folder, base)
        return CheckpointFiles(folder, base, last, final)

    @property
    def last(self) -> Path:
        return self.folder / f"{self.base}{self.last_ending}"

    @property
    def final(self) -> Path:
        return self.folder / f"{self.base}{self.final_ending}"

    @property
    def state(self) -> Path:
        return self.folder / f"{self.base}_last.state"

    def named(self, word: str) -> Path:
        """Such as best, ema or a number of updates."""
        return self.folder / f"{self.base}_{word}.weights"


def _sweep(folder: Path, base: str) -> None:
    """Remove what runs that were killed while they wrote have left behind."""
    for ending in (".weights", ".backup", ".state"):
        for path in folder.glob(f".{glob.escape(base)}*{ending}.*"):
            path.unlink(missing_ok=True)


def save_state(
    path: Path, trainer: Trainer, average: WeightAverage | None, progress: TrainingProgress
) -> None:
    """Write all that `load_state` needs; the file appears whole or not at all."""
    facts = {
        "format": FORMAT,
        "seed": trainer.seed,
        "update": trainer.batch,
        "seen": trainer.network.header.seen,
        "images": trainer.images * trainer.distributed.world,
        "subdivisions": trainer.subdivisions,
        "precision": trainer.amp.state(),
        "progress": asdict(progress),
    }
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    arrays = {name: _array(tensor) for name, tensor in _tensors(trainer, average)}
    with replacing(path) as file:
        np.savez(file, facts=text, **arrays)


def _array(tensor: Tensor) -> Any:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def _tensors(trainer: Trainer, average: WeightAverage | None) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a training by its name in the state."""
    for name, tensor in trainer.network.state_dict().items():
        yield f"net.{name}", tensor
    for number, state in enumerate(trainer.optimizer.states):
        yield f"update.{number}", state.update
        for index, moment in enumerate(state.moments or ()):
            yield f"moment{index}.{number}", moment
    for name, tensor in (average.averages if average else {}).items():
        yield f"average.{name}", tensor


def load_state(path: Path, trainer: Trainer, average: WeightAverage | None) -> TrainingProgress:
    """Continue where `save_state` was called, with its seed. Raises WeightsError."""
    facts, arrays = _read(path)
    images = trainer.images * trainer.distributed.world
    if facts.get("format") != FORMAT or facts["images"] != images:
        had = f"{facts.get('images')} images a step, this one has {images}"
        raise WeightsError(f"{path}: of a training with {had}; use the same cfg and processes")
    trainer.seed = facts["seed"]
    trainer.batch = facts["update"]
    trainer.subdivisions = facts["subdivisions"]
    trainer.network.header = Header(
        0, 2, trainer.network.graph.fork.weights.revision, facts["seen"]
    )
    trainer.amp.restore(facts["precision"])
    _prepare(trainer, average, arrays)
    _fill(path, dict(_tensors(trainer, average)), arrays)
    return TrainingProgress(**facts["progress"])


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with path.open("rb") as file:
            arrays = dict(np.load(file, allow_pickle=False))
        return json.loads(arrays.pop("facts").tobytes()), arrays
    except FileNotFoundError:
        cure = "leave --resume out to start, or set backup to the folder the training wrote to"
        raise WeightsError(f"{path}: no such file, so nothing to resume; {cure}") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as failure:
        message = f"{path}: is no state of a training ({failure}); start from the .weights file"
        raise WeightsError(message) from None


def _prepare(trainer: Trainer, average: WeightAverage | None, arrays: dict[str, Any]) -> None:
    """Make the tensors that a training has only after some updates."""
    for number, state in enumerate(trainer.optimizer.states):
        if f"moment0.{number}" in arrays:
            state.moments = torch.zeros_like(state.tensor), torch.zeros_like(state.tensor)
    if average and any(name.startswith("average.") for name in arrays):
        average.start()


@torch.no_grad()
def _fill(path: Path, targets: dict[str, Tensor], arrays: dict[str, Any]) -> None:
    if targets.keys() != arrays.keys():
        odd = sorted(targets.keys() ^ arrays.keys())[0]
        raise WeightsError(f"{path}: {odd} does not fit; is it of another cfg?")
    for name, tensor in targets.items():
        if tuple(tensor.shape) != arrays[name].shape:
            message = f"{name} has shape {arrays[name].shape}, expected {tuple(tensor.shape)}"
            raise WeightsError(f"{path}: {message}; is it of another cfg?")
        tensor.copy_(torch.from_numpy(arrays[name]))
