"""The first training step of any cfg, on one small random image or sequence: what it reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from darknet_py.augment.config import AugmentConfig
from darknet_py.forks import Fork
from darknet_py.losses.head_loss import WIDTHS
from darknet_py.network.network import Network
from darknet_py.train import Trainer

CHANGED = {
    "subdivisions": "1",
    "learning_rate": "1",
    "burn_in": "0",
    "policy": "constant",
    "max_batches": "100",
    "decay": "0",
    "letter_box": "0",
}
"""Of [net]: one sub-batch, and a rate that moves all that has a gradient; decay would hide it."""
SIDES = (0.9, 0.6, 0.4, 0.25, 0.15, 0.08, 0.04)
"""Of the boxes, as parts of the image: some for each head."""


@dataclass(frozen=True)
class FirstStep:
    """loss: Darknet's. parameters: how many tensors learn or could. without_gradient: those that
    got none, or zeros; not_moved: those that are as before, batch statistics included. Both by
    name. not_finite: tensors with a value that is none."""

    loss: float
    parameters: int
    without_gradient: tuple[str, ...]
    not_moved: tuple[str, ...]
    not_finite: tuple[str, ...]


def small_copy(cfg: Path, folder: Path, largest_side: int, images: int = 1) -> Path:
    """The cfg with [net] for so many small images; files that it names are not copied.

    Layers that would wait for hundreds of updates (stopbackward=800) learn at once.
    """
    net, second, rest = re.split(r"(\n\s*\[(?!net))", cfg.read_text(errors="replace"), maxsplit=1)
    wanted = {**CHANGED, "batch": str(images)}
    for side in ("width", "height"):
        if found := re.search(rf"^\s*{side}\s*=\s*(\d+)", net, re.M):
            wanted[side] = str(min(int(found[1]), largest_side))
    kept = [line for line in net.splitlines() if line.partition("=")[0].strip() not in wanted]
    lines = [*kept, *(f"{key}={value}" for key, value in wanted.items())]
    copy = folder / cfg.name
    rest = re.sub(r"^\s*stopbackward\s*=\s*\d{2,}\s*$", "", rest, flags=re.M)
    copy.write_text("\n".join(lines) + second + rest)
    return copy


def first_step(cfg: Path, fork: str | Fork = "alexeyab", seed: int = 0) -> FirstStep:
    """Take the step; the network's weights are its random start."""
    torch.manual_seed(seed)
    net = Network.from_cfg(cfg, fork=fork)
    trainer = Trainer(net, seed=seed)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    names = {id(tensor): name for name, tensor in net.named_parameters()}
    still: list[str] = []
    move = trainer.optimizer.move

    def look(info: object) -> None:
        updates = {id(state.tensor): state.update for state in trainer.optimizer.states}
        for key, name in names.items():
            if key not in updates or not updates[key].any():
                still.append(name)
        move(info)  # type: ignore[arg-type]

    trainer.optimizer.move = look  # type: ignore[method-assign]
    loss = trainer.step(*step_input(trainer))
    after = net.state_dict()
    return FirstStep(
        loss,
        len(names),
        tuple(still),
        tuple(name for name, tensor in after.items() if tensor.equal(before[name])),
        tuple(name for name, tensor in after.items() if not tensor.isfinite().all()),
    )


def step_input(trainer: Trainer) -> tuple[Tensor, Tensor]:
    """Random images (N, C, H, W) and a truth (N, truths) for each."""
    graph, count = trainer.network.graph, trainer.images
    images = torch.rand(count, *graph.net.input)
    if graph.head_classes is None:
        nodes = [graph.nodes[index] for index in trainer.owners]
        return images, one_hot(
            count, max(WIDTHS[type(n.layer)](n, graph.fork).values for n in nodes)
        )
    config = AugmentConfig.of(graph)
    truths = [config.truth_of(labels(config.classes)) for _ in range(count)]
    return images, torch.from_numpy(np.stack(truths))


def one_hot(count: int, width: int) -> Tensor:
    truth = torch.zeros(count, width)
    truth[torch.arange(count), torch.randint(width, (count,))] = 1
    return truth


def labels(classes: int) -> np.ndarray:
    """Rows of class, x, y, w, h: boxes of all SIDES anywhere in the image."""
    sides = torch.tensor(SIDES)
    centres = sides / 2 + torch.rand(2, len(sides)) * (1 - sides)
    number = torch.randint(classes, sides.shape).float()
    return torch.stack([number, *centres, sides, sides], dim=1).numpy()
