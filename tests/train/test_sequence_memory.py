"""Memory over the sub-batches of a sequence: as in one longer sub-batch, less its gradient."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from support.layer_check import network
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.train import Trainer
from darknet_py.train.sequence_memory import SequenceMemory

NET = """[net]
batch={batch}
subdivisions={parts}
time_steps={steps}
width=6
height=6
channels=2
learning_rate=0.01
momentum=0
decay={decay}
max_batches=100
{more}
"""
CONV = "[conv]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
HEAD = (
    "[conv]\nfilters=6\nsize=1\nactivation=linear\n[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=3,3\n"
)
KINDS = {
    "conv_lstm": "[conv_lstm]\noutput=3\npad=1\npeephole=1\nactivation=leaky\n",
    "history": "[history]\nhistory_size=3\n",
    "crnn": "[crnn]\noutput=3\nhidden=2\npad=1\nactivation=leaky\n",
}
STREAMS = 2


def net_of(batch: int, parts: int, steps: int, layer: str, more: str = "", decay: float = 0) -> str:
    head = NET.format(batch=batch, parts=parts, steps=steps, more=more, decay=decay)
    return head + CONV + layer + HEAD


def rows(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    truth = torch.zeros(count, 200, 6)
    truth[:, 0, :4] = torch.rand(count, 4, generator=generator) * 0.4 + 0.3
    return torch.rand(count, 2, 6, 6, generator=generator), truth.flatten(1)


def costs_of(cfg: str, count: int) -> list[float]:
    """Of each sub-batch of a step, and where they add up: sums over the images."""
    trainer, costs = Trainer(network(cfg)), list[float]()

    def watch(losses: dict[int, HeadLoss]) -> None:
        (loss,) = losses.values()
        costs.append(loss.cost)

    trainer.watch = watch
    trainer.step(*rows(count))
    return costs


@pytest.mark.parametrize(
    ("kind", "goes_on"), [("conv_lstm", True), ("history", True), ("crnn", False)]
)
def test_two_sub_batches_of_a_sequence_are_one_that_is_longer(kind: str, goes_on: bool) -> None:
    """Two sequences of 2 x 3 moments, of two streams each: those of 6 moments at once are alike.

    AlexeyAB's [crnn] starts empty at every pass of training.
    """
    layer, count = KINDS[kind], 4 * 3 * STREAMS
    parted = costs_of(net_of(8, 4, 3, layer, "track=1\nsequential_subdivisions=2"), count)
    plain = costs_of(net_of(8, 4, 3, layer), count)
    longer = costs_of(net_of(4, 2, 6, layer), count)
    sums = [parted[0] + parted[1], parted[2] + parted[3]]
    assert (sums == pytest.approx(longer, rel=1e-5)) == goes_on
    assert (parted == pytest.approx(plain, rel=1e-6)) != goes_on
    # Each sequence begins without memory, as a sub-batch by itself does.
    assert parted[::2] == pytest.approx(plain[::2], rel=1e-6)
    assert longer != pytest.approx([plain[0] + plain[1], plain[2] + plain[3]], rel=1e-5)


def moved(cfg: str, count: int) -> dict[str, Tensor]:
    """How far a step moves each tensor, over the learning rate."""
    net = network(cfg)
    before = {name: tensor.clone() for name, tensor in net.named_parameters()}
    Trainer(net).step(*rows(count))
    return {
        name: (tensor.detach() - before[name]) / 0.01 for name, tensor in net.named_parameters()
    }


def test_the_rate_is_divided_by_the_sub_batches_of_a_sequence_and_decay_is_not() -> None:
    """network_kernels.cu's update_batch: gradients are means over as many images, decay stays."""
    more = "track=1\nsequential_subdivisions=1"
    before = dict(network(net_of(4, 2, 1, "", more)).named_parameters())
    gradient = moved(net_of(4, 2, 1, ""), 4)
    in_sequence = moved(net_of(4, 2, 1, "", more, decay=0.1), 4)
    assert any("weights" in name for name in gradient)
    for name, tensor in in_sequence.items():
        decay = 0.1 * before[name].detach() if name.endswith("weights") else 0
        torch.testing.assert_close(tensor, gradient[name] / 2 - decay, rtol=1e-4, atol=2e-5)


def test_pjreddies_program_has_no_sequences() -> None:
    layer = "[rnn]\noutput=3\nhidden=3\n[softmax]\n"
    cfg = NET.format(batch=4, parts=2, steps=2, decay=0, more="track=1\nsequential_subdivisions=1")
    trainer = Trainer(network(cfg + layer, fork="pjreddie"))
    trainer.step(torch.rand(8, 2, 6, 6), torch.eye(3)[torch.arange(8) % 3])
    assert trainer._pass.memory.passes == 1


def test_no_gradient_goes_back_to_the_sub_batch_before() -> None:
    net = network(net_of(8, 4, 3, KINDS["conv_lstm"]))
    memory = SequenceMemory(net.graph, passes=2)
    state = memory.before_pass()
    assert state == {}
    made = torch.ones(2, 3, 6, 6, requires_grad=True) * 2
    state[1] = (made, made + 1)
    then = memory.before_pass()
    assert then is not None
    (first, second) = then[1]
    assert (first.requires_grad, second.requires_grad) == (False, False)
    assert (first.equal(made), second.equal(made + 1)) == (True, True)
    assert memory.before_pass() == {}


def test_a_pass_beside_leaves_no_trace() -> None:
    net = network(net_of(8, 4, 3, KINDS["conv_lstm"]))
    memory = SequenceMemory(net.graph, passes=2)
    beside = memory.beside()
    assert beside == {}
    beside[1] = torch.ones(1)
    state = memory.before_pass()
    assert state == {}
    state[1] = torch.zeros(1)
    beside = memory.beside()
    assert beside is not None and beside[1] == 0
    beside[1] = torch.ones(1)
    then = memory.before_pass()
    assert then is not None and then[1] == 0
    assert SequenceMemory(net.graph).beside() is None


def test_memory_that_is_short_cannot_be_halved_in_the_middle_of_sequences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer = Trainer(network(net_of(8, 4, 1, "", "track=1\nsequential_subdivisions=2")))

    def short(*_: object) -> Callable[[], None]:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trainer._pass, "run", short)
    with pytest.raises(DarknetError, match="out of memory with 2 inputs at once, which cannot be"):
        trainer.step(*rows(8))
    assert trainer.subdivisions == 4
