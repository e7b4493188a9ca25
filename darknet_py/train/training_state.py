"""The state that continues a training exactly.

It holds the weights as well: whatever moment a run is killed at, its last state is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.losses.delta_rejection import ROLLING_VALUES
from darknet_py.network.weights_header import Header
from darknet_py.train.ema import WeightAverage
from darknet_py.train.state_facts import StateFacts, TrainingProgress
from darknet_py.train.state_file import ArraySpec, most_bytes, open_state, refuse, write_state
from darknet_py.train.trainer import Trainer

NETWORK, UPDATE, AVERAGE = "net.", "update.", "average."
REJECTION = "rejection"
MOMENTS = ("moment0.", "moment1.")


def save_state(
    path: Path,
    trainer: Trainer,
    average: WeightAverage,
    progress: TrainingProgress,
    job: str = "",
) -> None:
    """Write all that `load_state` needs; the file appears whole or not at all. job: of torchrun.

    Raises OutputError.
    """
    facts = StateFacts(
        seed=trainer.seed,
        update=trainer.batch,
        seen=trainer.network.header.seen,
        images=_images(trainer),
        subdivisions=trainer.subdivisions,
        moves=trainer.optimizer.moves,
        precision=trainer.amp.state(),
        progress=progress,
        job=job,
    )
    arrays = {name: _array(tensor) for name, tensor in _tensors(trainer, average)}
    write_state(path, facts.as_json(), arrays)


def load_state(path: Path, trainer: Trainer, average: WeightAverage) -> TrainingProgress:
    """Continue where `save_state` was called, with its seed.

    Raises WeightsError; nothing of the training has changed then.
    """
    with open_state(path, most_bytes(_declared(trainer, average))) as archive:
        facts = StateFacts.checked(path, archive.facts())
        _require_same_steps(path, facts, trainer)
        arrays = archive.arrays(_declared(trainer, average, archive.entries.keys()))
    trainer.seed, trainer.batch = facts.seed, facts.update
    trainer.subdivisions, trainer.optimizer.moves = facts.subdivisions, facts.moves
    revision = trainer.network.graph.fork.weights.revision
    trainer.network.header = Header(0, 2, revision, facts.seen)
    trainer.amp.restore(facts.precision)
    _prepare(trainer, average, arrays)
    _fill(dict(_tensors(trainer, average)), arrays)
    return facts.progress


def _images(trainer: Trainer) -> int:
    """Of one step in all processes."""
    return trainer.images * trainer.distributed.world


def _require_same_steps(path: Path, facts: StateFacts, trainer: Trainer) -> None:
    if facts.images != _images(trainer):
        had = f"{facts.images} images a step, this one has {_images(trainer)}"
        refuse(path, f"of a training with {had}; use the same cfg, --batch and processes")
    if trainer.images % facts.subdivisions:
        message = f"read {facts.subdivisions}, expected a divisor of {trainer.images} images"
        refuse(path, message, "facts subdivisions")


def _array(tensor: Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def _tensors(trainer: Trainer, average: WeightAverage) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a training by its name in the state."""
    for name, tensor in trainer.network.state_dict().items():
        yield f"{NETWORK}{name}", tensor
    for number, state in enumerate(trainer.optimizer.states):
        yield f"{UPDATE}{number}", state.update
        for word, moment in zip(MOMENTS, state.moments or (), strict=False):
            yield f"{word}{number}", moment
    for name, tensor in average.averages.items():
        yield f"{AVERAGE}{name}", tensor
    if trainer.rejection:
        yield REJECTION, trainer.rejection.state


def _declared(
    trainer: Trainer, average: WeightAverage, names: Collection[str] | None = None
) -> dict[str, ArraySpec]:
    """What the arrays of a state must be.

    names: those that are there: Adam's moments and the averages begin after some updates. None:
    all that a state can have.
    """
    declared = {
        f"{NETWORK}{name}": _spec(tensor) for name, tensor in trainer.network.state_dict().items()
    }
    for number, state in enumerate(trainer.optimizer.states):
        declared[f"{UPDATE}{number}"] = _spec(state.update)
        moments = [f"{word}{number}" for word in MOMENTS]
        if names is None or not {*moments}.isdisjoint(names):
            declared |= dict.fromkeys(moments, _spec(state.tensor))
    if names is None or any(name.startswith(AVERAGE) for name in names):
        declared |= {f"{AVERAGE}{name}": _spec(tensor) for name, tensor in average.tensors()}
    # Whether the cfg asks for it may change between two runs, as whether it has Adam.
    if names is None or REJECTION in names:
        declared[REJECTION] = _spec(torch.zeros(ROLLING_VALUES))
    return declared


def _spec(tensor: Tensor) -> ArraySpec:
    return ArraySpec(tuple(tensor.shape), torch.empty(0, dtype=tensor.dtype).numpy().dtype)


def _prepare(trainer: Trainer, average: WeightAverage, arrays: dict[str, Any]) -> None:
    """Make the tensors that a training has only after some updates."""
    for number, state in enumerate(trainer.optimizer.states):
        if f"{MOMENTS[0]}{number}" in arrays:
            state.moments = torch.zeros_like(state.tensor), torch.zeros_like(state.tensor)
    if any(name.startswith(AVERAGE) for name in arrays):
        average.start()


@torch.no_grad()
def _fill(targets: dict[str, Tensor], arrays: dict[str, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        if name != REJECTION or name in targets:
            targets[name].copy_(torch.from_numpy(array))
