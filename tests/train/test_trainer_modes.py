"""What the caller has set in torch: requires_grad, no_grad, inference_mode."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, changed, data, weights

from darknet_py.errors import DarknetError
from darknet_py.train import Trainer


@pytest.mark.parametrize(
    ("net", "conv"), [(NET, CONV), (NET + "adam=1\n", CONV), (NET, CONV + "clip=.1\n")]
)
def test_requires_grad_false_holds_a_tensor(net: str, conv: str) -> None:
    made = network(net + conv + conv + HEAD)
    trainer = Trainer(made)
    trainer.step(*data())
    for name, tensor in made.named_parameters():
        tensor.requires_grad_("layers.1." not in name)
    before = weights(made)
    for seed in range(3):
        trainer.step(*data(seed=seed))
    moved = {name for name in changed(before, made) if name.startswith("layers.1.")}
    assert moved == {"layers.1.rolling_mean", "layers.1.rolling_variance"}
    assert "layers.0.weights" in changed(before, made)
    made.requires_grad_(True)
    trainer.step(*data())
    assert "layers.1.weights" in changed(before, made)


@pytest.mark.parametrize("mode", [torch.no_grad(), torch.inference_mode()])
def test_a_step_learns_whatever_mode_the_caller_is_in(mode: AbstractContextManager[None]) -> None:
    nets = [network(NET + "adam=1\n" + CONV + HEAD) for _ in range(2)]
    plain = Trainer(nets[0])
    expected = [plain.step(*data(seed=seed)) for seed in range(2)]
    with mode:
        trainer = Trainer(nets[1])
        losses = [trainer.step(*data(seed=seed)) for seed in range(2)]
        assert torch.is_grad_enabled() is False
    assert losses == expected
    assert not changed(weights(nets[0]), nets[1])
    trainer.step(*data())


@pytest.mark.parametrize("seed", [2**64 - 1, 2**40, -5])
def test_any_seed_trains(seed: int) -> None:
    """Each its own; 2**40 has 32 bits in common with 0."""
    nets = [network(NET + CONV + "[dropout]\n" + HEAD) for _ in range(2)]
    losses = [Trainer(net, seed=seed).step(*data()) for net in nets]
    assert losses[0] == losses[1]
    assert losses[0] != Trainer(network(NET + CONV + "[dropout]\n" + HEAD)).step(*data())


def test_tensors_of_inference_mode_cannot_be_trained() -> None:
    with torch.inference_mode():
        net = network(NET + CONV + HEAD)
    with pytest.raises(DarknetError, match="inference_mode, whose tensors cannot be trained"):
        Trainer(net)


@pytest.mark.parametrize("stop", ["requires_grad", "stopbackward"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_step_in_which_nothing_learns(precision: str, stop: str) -> None:
    head = HEAD.replace("size=1\n", "size=1\nstopbackward=1\n") if stop == "stopbackward" else HEAD
    net = network(NET + CONV + head)
    if stop == "requires_grad":
        net.requires_grad_(False)
    before, trainer = weights(net), Trainer(net, precision=precision)
    assert trainer.step(*data()) > 0
    moved = {name for name in changed(before, net) if "rolling" not in name}
    assert moved == (set() if stop == "requires_grad" else {"layers.1.weights"})
    assert (trainer.batch, net.header.seen) == (1, 4)
