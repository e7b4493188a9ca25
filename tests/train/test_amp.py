"""Mixed precision: what moves, what does not, and what is no precision."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data, weights

from darknet_py.errors import DarknetError
from darknet_py.train import Trainer
from darknet_py.train.amp import Precision


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_moves_the_weights_alike(precision: str) -> None:
    nets = [network(NET + CONV + HEAD) for _ in range(2)]
    start = weights(nets[0])
    single, mixed = Trainer(nets[0]), Trainer(nets[1], precision=precision)
    for seed in range(3):
        losses = [trainer.step(*data(seed=seed)) for trainer in (single, mixed)]
        assert losses[1] == pytest.approx(losses[0], rel=0.02)
    for name, tensor in nets[0].state_dict().items():
        moved = (tensor - start[name]).abs().max()
        assert (nets[1].state_dict()[name] - tensor).abs().max() <= 0.1 * moved
    assert all(tensor.dtype == torch.float32 for tensor in nets[1].parameters())


def test_fp16_gradients_that_overflow_move_nothing() -> None:
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net, precision="fp16")
    trainer.amp.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100)
    before = {name: tensor.clone() for name, tensor in net.named_parameters()}
    trainer.step(*data())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.named_parameters())
    assert trainer.amp.scaler.get_scale() == 2.0**99


def test_an_unknown_precision() -> None:
    with pytest.raises(DarknetError, match="unknown precision 'fp61'.*did you mean 'fp16'"):
        Trainer(network(NET + CONV + HEAD), precision="fp61")


def test_the_scale_of_fp16_is_kept_for_a_resumed_training() -> None:
    first, second = (Precision("fp16", torch.device("cpu")) for _ in range(2))
    assert first.state() == {"scale": 128.0, "growth": 0}
    second.restore({"scale": 64.0, "growth": 3})
    assert second.state() == {"scale": 64.0, "growth": 3}
    assert Precision("fp16", torch.device("cpu"), scale=512.0).state()["scale"] == 512
    assert Precision("bf16", torch.device("cpu")).state() == {}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_deltas_of_connected_are_limited_alike(precision: str) -> None:
    """Truths of 9 make deltas of almost 9, and 128 times as much in fp16, where 1 is passed on."""
    layers = "[connected]\noutput=3\nactivation=linear\n[softmax]\n"
    nets = [network(NET + layers) for _ in range(2)]
    start, images, truth = weights(nets[0]), data()[0], 9 * torch.eye(3)[[0, 1, 1, 0]]
    for net, word in zip(nets, ("fp32", precision), strict=True):
        Trainer(net, precision=word).step(images, truth)
    (one, *_), (other, *_) = (list(net.state_dict().values()) for net in nets)
    first = next(iter(start.values()))
    torch.testing.assert_close(one - first, other - first, atol=1e-4, rtol=0.03)
    assert float((one - first).max()) == pytest.approx(0.01 / 4 * 2, rel=0.3)
