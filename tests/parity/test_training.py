"""Three optimiser steps against those of the C programs: rates, losses, gradients, weights.

The recordings of AlexeyAB's program were made by its CPU code, which between passes clears the
deltas of convolutions and max pools only, so that those of [route], [upsample], [avgpool] and
[connected] add up (its GPU code clears all of them). Here all are cleared, as on the GPU;
`stale_deltas` brings the CPU code's habit back for the comparison. That program also never sets the
train flag of [connected], so that these layers stay as they are; here they learn, and
`unlearning` is for the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from darknet_py.layers.dense import Connected
from darknet_py.layers.joins import Route
from darknet_py.layers.pooling import Avgpool
from darknet_py.layers.resample import Upsample
from darknet_py.network import Network
from darknet_py.train import Trainer

pytestmark = pytest.mark.parity

RECORDED = [
    ("classifier_train", "alexeyab"),
    ("classifier_train", "pjreddie"),
    ("detection", "alexeyab"),
    ("detection", "pjreddie"),
    ("gaussian_yolo", "alexeyab"),
    ("region", "alexeyab"),
    ("yolov3", "alexeyab"),
    ("yolov3", "pjreddie"),
    ("yolov3_schedule", "alexeyab"),
    ("yolov3_schedule", "pjreddie"),
    ("yolov4_ciou", "alexeyab"),
    ("yolov4_csp_newcoords", "alexeyab"),
    ("yolov4_giou_focal", "alexeyab"),
]
ROLES = {"bias": "biases", "scale": "scales", "weight": "weights"}


class _Stale(torch.autograd.Function):
    """Adds the gradient of all earlier passes to that of this one."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, kept: dict[int, torch.Tensor], key: int) -> torch.Tensor:
        ctx.kept, ctx.key = kept, key
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        ctx.kept[ctx.key] = gradient + ctx.kept.get(ctx.key, 0)
        return ctx.kept[ctx.key], None, None


@pytest.fixture
def stale_deltas(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    if request.getfixturevalue("fork") == "alexeyab":
        kept: dict[int, torch.Tensor] = {}
        for kind in (Avgpool, Connected, Route, Upsample):
            monkeypatch.setattr(kind, "forward", _stale_forward(kind.forward, kept))
    yield


def _stale_forward(plain: Any, kept: dict[int, torch.Tensor]) -> Any:
    def forward(self: Any, at: Any, weights: Any, inputs: Any, run: Any) -> torch.Tensor:
        y = plain(self, at, weights, inputs, run)
        return _Stale.apply(y, kept, at.index) if run.training else y

    return forward


def loaded(folder: Path, weights: str, fork: str) -> Network:
    net = Network.from_cfg(folder / "net.cfg", fork=fork)
    net.load_weights(folder / weights)
    return net


@pytest.mark.parametrize(("name", "fork"), RECORDED)
@pytest.mark.usefixtures("stale_deltas")
def test_three_steps(shared: Path, name: str, fork: str) -> None:
    folder = shared / "golden" / name
    recorded = np.load(folder / f"train-{fork}.npz")
    net = loaded(folder, "net.weights", fork)
    start = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    trainer = Trainer(net)
    updates = first_updates(trainer)
    if fork == "alexeyab":
        unlearning(trainer)
    pairs = zip(recorded["input"], recorded["truth"], strict=True)
    losses, rates = [], []
    for images, truth in pairs:
        losses.append(trainer.step(torch.from_numpy(images), torch.from_numpy(truth)))
        rates.append(trainer.rate)
        if len(losses) == 1:
            check_deltas(trainer, recorded)
            check_updates(updates, recorded)
    np.testing.assert_allclose(rates, recorded["rate"], rtol=1e-6)
    np.testing.assert_allclose(losses, recorded["loss"], rtol=1e-4)
    check_weights(net, loaded(folder, f"after3-{fork}.weights", fork), start)


def unlearning(trainer: Trainer) -> None:
    """Leaves [connected] out of the optimiser's moves, but not out of the recorded updates."""
    move, slots = trainer.optimizer.move, trainer.optimizer.slots

    def without(*arguments: Any) -> None:
        kept = {id(s): s.tensor.clone() for s in slots if s.layer.kind == "connected"}
        move(*arguments)
        with torch.no_grad():
            for slot in slots:
                if id(slot) in kept:
                    slot.tensor.copy_(kept[id(slot)])

    trainer.optimizer.move = without  # type: ignore[method-assign]


def first_updates(trainer: Trainer) -> dict[str, np.ndarray]:
    """Filled with the accumulated updates of the first step, before the optimiser uses them."""
    kept: dict[str, np.ndarray] = {}
    move = trainer.optimizer.move

    def spy(*arguments: Any) -> None:
        for slot in trainer.optimizer.slots:
            key = f"grad_{slot.index:03d}_{ROLES[slot.role]}"
            kept.setdefault(key, slot.update.numpy().copy())
        move(*arguments)

    trainer.optimizer.move = spy  # type: ignore[method-assign]
    return kept


def check_deltas(trainer: Trainer, recorded: Any) -> None:
    for index, loss in trainer.losses.items():
        expected = recorded[f"delta_{index:03d}"]
        error = np.abs(loss.delta.numpy().ravel() - expected).max()
        assert error <= 1e-4 * max(1.0, np.abs(expected).max()), index
    costs = [loss.cost for loss in trainer.losses.values()]
    np.testing.assert_allclose(costs, recorded["cost"][0], rtol=1e-4)


def check_updates(updates: dict[str, np.ndarray], recorded: Any) -> None:
    names = [name for name in recorded.files if name.startswith("grad_")]
    assert names
    for name in names:
        expected = recorded[name].ravel()
        error = np.abs(updates[name].ravel() - expected).max()
        assert error <= 1e-3 * np.abs(expected).max(), name


def check_weights(net: Network, expected: Network, start: dict[str, torch.Tensor]) -> None:
    """What three steps changed, against what they should have changed, tensor by tensor."""
    for key, wanted in expected.state_dict().items():
        moved = float((wanted - start[key]).abs().max())
        error = float((net.state_dict()[key] - wanted).abs().max())
        assert error <= 2e-3 * moved + 1e-7, key
    assert net.header.seen == expected.header.seen
