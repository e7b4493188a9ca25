"""[dropout] with dropblock=1: squares of channels go, larger and likelier as training goes on."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import Array, close, network
from support.small_step import CONV, HEAD, NET, data
from torch import Tensor

from darknet_py.layers.base import Run
from darknet_py.layers.dropblock import block_side, drop_blocks, grown
from darknet_py.layers.run import Progress
from darknet_py.network.network import Network
from darknet_py.train import Trainer

SHAPE = (3, 6, 5, 8)


def plainly_dropped(x: Array, drawn: Array, probability: float, side: int) -> Array:
    """As the GPU code goes about it, one channel after the other."""
    out = x.astype(float).copy()
    images, channels, height, width = x.shape
    for n in range(images):
        dropped = 0
        for c in range(channels):
            flat = drawn[n, c].ravel()
            starts = [i for i in range(len(flat)) if flat[i] < probability / side**2]
            if not starts:
                continue
            cell = min(starts, key=lambda i: flat[i])
            left, top = cell % width, cell // width
            left -= (width - side) if left > width - side else 0
            top -= (height - side) if top > height - side else 0
            left, top = min(left, width - side), min(top, height - side)
            out[n, c, top : top + side, left : left + side] = 0
            dropped += side * side
        out[n] /= 1 - dropped / out[n].size
    return out


def run_at(completed: float) -> Run:
    there = Progress(torch.tensor(completed), torch.tensor(1.0), torch.zeros(1, 0, 4), {})
    return Run(training=True, progress=there)


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_each_value_against_a_plain_loop(side: int) -> None:
    torch.manual_seed(side)
    x, probability = torch.randn(SHAPE), 0.05 * side**2
    torch.manual_seed(9)
    drawn = torch.rand(SHAPE)
    torch.manual_seed(9)
    y = drop_blocks(x, torch.tensor(probability), torch.tensor(float(side)))
    expected = plainly_dropped(x.numpy(), drawn.numpy(), probability, side)
    assert 0 < (expected == 0).sum() < expected.size
    close(y.numpy(), expected, 1e-6)


def test_its_gradient_takes_the_same_way() -> None:
    torch.manual_seed(1)
    x = torch.randn(SHAPE, requires_grad=True)
    y = drop_blocks(x, torch.tensor(0.1), torch.tensor(2.0))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(gradient, (y / x).detach())
    assert len(gradient.unique()) > 2


def test_a_channel_loses_one_block_at_the_most() -> None:
    y = drop_blocks(torch.ones(2, 500, 6, 6), torch.tensor(0.08), torch.tensor(2.0))
    lost = (y == 0).sum(dim=(2, 3))
    assert lost.unique().tolist() == [0, 4]
    assert float((lost > 0).float().mean()) == pytest.approx(1 - 0.98**36, abs=0.05)


def test_an_image_of_which_nothing_is_left_is_0() -> None:
    y = drop_blocks(torch.ones(2, 3, 4, 4), torch.tensor(1e6), torch.tensor(4.0))
    assert torch.equal(y, torch.zeros(2, 3, 4, 4))


@pytest.mark.parametrize("completed", [0, 1, 84, 85, 170, 171, 200])
def test_sizes_grow(completed: int) -> None:
    """In whole cells, from 1 on, until 85 % of max_batches."""
    net = network("[net]\nwidth=9\nheight=8\nchannels=1\nmax_batches=200\n[dropout]\n").graph.net
    reached = grown(net, run_at(completed), torch.zeros(1))
    share = completed / 170 if completed < 170 else 1.0
    assert reached.item() == pytest.approx(share)
    for full in (0.4, 3, 7, 20):
        expected = min(8, max(1, int(full * share)))
        assert block_side(full, reached, 8).item() == expected


def test_a_training_without_an_end_drops_in_full() -> None:
    net = network("[net]\nwidth=9\nheight=8\nchannels=1\n[dropout]\n").graph.net
    assert grown(net, run_at(0), torch.zeros(1)).item() == 1


def dropblock(options: str, fork: str = "alexeyab") -> Network:
    cfg = "[net]\nchannels=400\nheight=10\nwidth=12\nmax_batches=100\n"
    return network(f"{cfg}[dropout]\nprobability=.3\n{options}\n", fork)


def lost(net: Network, completed: float | None = None) -> tuple[set[int], float]:
    """The numbers of cells that channels lose, and the share of channels that lose any."""
    run = Run(training=True) if completed is None else run_at(completed)
    ((_, y),) = net.outputs(torch.ones(2, 400, 10, 12), run)
    cells = (y == 0).sum(dim=(2, 3))
    return set(cells.unique().tolist()), float((cells > 0).float().mean())


@pytest.mark.parametrize(
    ("options", "side"),
    [
        ("dropblock_size_abs=3", 3),
        ("dropblock_size_rel=.4", 4),
        ("dropblock_size_abs=3\ndropblock_size_rel=.9", 3),
        ("", 7),
        ("dropblock_size_abs=50", 10),
    ],
)
def test_sizes_of_a_section(options: str, side: int) -> None:
    cells, share = lost(dropblock(f"dropblock=1\n{options}"))
    assert cells == {0, side * side}
    assert share == pytest.approx(1 - (1 - 0.3 / side**2) ** 120, abs=0.07)


def test_size_and_probability_grow_with_a_training() -> None:
    """Half of 85 updates: a block of 3 (of 7) cells, at half of the probability."""
    cells, share = lost(dropblock("dropblock=1"), completed=42.5)
    assert cells == {0, 9}
    assert share == pytest.approx(1 - (1 - 0.15 / 9) ** 120, abs=0.07)
    assert lost(dropblock("dropblock=1"), completed=0)[1] == 0
    # What is larger than the layer grows as the layer's side does.
    assert lost(dropblock("dropblock=1\ndropblock_size_abs=50"), completed=42.5)[0] == {0, 25}


@pytest.mark.parametrize(("options", "fork"), [("", "alexeyab"), ("dropblock=1", "pjreddie")])
def test_single_values_are_dropped_otherwise(options: str, fork: str) -> None:
    cells, share = lost(dropblock(options, fork))
    assert len(cells) > 20 and share == 1


def test_nothing_is_dropped_at_inference() -> None:
    x = torch.rand(1, 400, 10, 12)
    assert torch.equal(dropblock("dropblock=1").eval()(x)[0], x)


def trained(seed: int, steps: int = 3) -> list[Tensor]:
    """The masks of the last step."""
    net = network(NET + CONV + "[dropout]\ndropblock=1\ndropblock_size_abs=4\n" + HEAD)
    trainer, kept = Trainer(net, seed=seed), list[Tensor]()
    trainer.batch = 84  # as after a resumed training
    net.layers[1].register_forward_hook(lambda module, inputs, y: kept.append(y == 0))
    for step in range(steps):
        trainer.step(*data(seed=step))
    return kept[-2:]


def test_a_training_draws_by_its_seed() -> None:
    first, again, other = (torch.cat(trained(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert set(first.sum(dim=(2, 3)).unique().tolist()) == {0, 16}
