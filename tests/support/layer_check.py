"""One check for all section kinds: shapes, values, weights file, folding and gradients."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from darknet_py.cfg import text
from darknet_py.errors import Notice, Problems
from darknet_py.forks import fork_named
from darknet_py.layers.base import INPUT, Run
from darknet_py.network import graph
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

Array = np.ndarray
Expect = Callable[[list[Array], dict[str, Array]], Array]
"""From the layer's inputs (N, C, H, W) and its tensors by name to its output."""


@dataclass(frozen=True)
class Checked:
    """What a check saw, for further assertions."""

    net: Network
    x: torch.Tensor
    output: Array
    inputs: list[Array]
    weights: dict[str, Array]
    trace: list[Array]
    index: int

    @property
    def notices(self) -> list[str]:
        return notices_of(self.net.graph)


def notices_of(read: Graph) -> list[str]:
    return [_words(notice) for notice in read.notices]


def _words(notice: Notice) -> str:
    return f"{notice.level}: [{notice.location.section}] {notice.location.key}: {notice.message}"


def read(cfg: str, fork: str = "alexeyab", collect: bool = False, strict: bool = False) -> Graph:
    """The graph of a cfg text, named net.cfg in messages."""
    problems = Problems(collect=collect, strict=strict)
    return graph.build(text.parse(cfg, "net.cfg", problems), fork_named(fork), problems)


def network(cfg: str, fork: str = "alexeyab", seed: int = 1) -> Network:
    """A network of a cfg text whose tensors are all random, as after training."""
    made = Network(read(cfg, fork), seed=seed)
    randomize(made, seed)
    return made


@torch.no_grad()
def randomize(net: Network, seed: int) -> None:
    """Every tensor the file holds in [-1, 1], variances and scales in [.5, 1.5]."""
    generator = torch.Generator().manual_seed(seed)
    for node in net.graph.nodes:
        for stored in net.graph.stored(node.index):
            if not stored.in_file:
                continue
            values = torch.rand(stored.shape, generator=generator)
            positive = stored.role in ("variance", "scale")
            net.own(node.index)[stored.name].copy_(values + 0.5 if positive else 2 * values - 1)


def sections(layers: str) -> str:
    """The text of sections written short: `conv size=3 pad=1;max`."""
    parts = (section.split() for section in layers.split(";"))
    return "".join("\n".join([f"[{name}]", *options, ""]) for name, *options in parts)


def net_section(channels: int, height: int, width: int, extra: str = "") -> str:
    return f"[net]\nchannels={channels}\nheight={height}\nwidth={width}\n{extra}\n"


def random_input(net: Network, rows: int, seed: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(rows, *net.graph.net.input, generator=generator) - 1


def check_layer(
    section: str,
    inputs: tuple[int, int, int] = (3, 6, 5),
    expect: Expect | None = None,
    *,
    feed: str = "",
    net: str = "",
    fork: str = "alexeyab",
    rows: int = 2,
    tolerance: float = 2e-5,
    gradient: bool = False,
) -> Checked:
    """Build [net] + feed + section, run it, and check all that holds for every kind.

    inputs: (C, H, W) of the network's input. expect: a literal reference for the last layer.
    gradient: compare with finite differences.
    """
    made = network(f"{net_section(*inputs, net)}{feed}\n{section}\n", fork)
    x = random_input(made, rows)
    outputs = _run(made, x)
    _check_shapes(made, outputs)
    _check_trace(made, x, outputs)
    index = len(outputs) - 1
    node = made.graph.nodes[index]
    read_from = [x.numpy() if i == INPUT else outputs[i] for i in node.inputs]
    tensors = {name: tensor.detach().numpy() for name, tensor in made.used(index).items()}
    if expect is not None:
        close(outputs[index], expect(read_from, tensors), tolerance)
    _check_file(made, x, outputs)
    _check_folded(made, x)
    if gradient:
        _check_gradient(made, x)
    trace = [y.numpy() for y in made.trace(x)]
    return Checked(made, x, outputs[index], read_from, tensors, trace, index)


def close(actual: Array, expected: Array, tolerance: float = 2e-5) -> None:
    """Equal up to `tolerance` of the largest magnitude (at least 1), and of the same shape."""
    expected = np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    assert np.isfinite(actual).all()
    error = np.abs(actual - expected).max() / max(1.0, float(np.abs(expected).max()))
    assert error <= tolerance, f"off by {error:.3g} of the largest value"


def _run(net: Network, x: torch.Tensor) -> list[Array]:
    """What each layer passes on."""
    with torch.no_grad():
        return [y.numpy().copy() for _, y in net.outputs(x, Run())]


def _check_shapes(net: Network, outputs: list[Array]) -> None:
    for node, y in zip(net.graph.nodes, outputs, strict=True):
        assert y.shape[1:] == tuple(node.out), f"layer {node.index} [{node.layer.kind}]"


def _check_trace(net: Network, x: torch.Tensor, outputs: list[Array]) -> None:
    """`trace` repeats the pass, except where l.output holds something else (antialiasing)."""
    for node, traced, y in zip(net.graph.nodes, net.trace(x), outputs, strict=True):
        if not getattr(node.layer, "antialiasing", 0):
            np.testing.assert_array_equal(traced.numpy(), y)


def _check_file(net: Network, x: torch.Tensor, outputs: list[Array]) -> None:
    """save -> load into another network -> same outputs, same bytes, the size the cfg says."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "first.weights"), Path(folder, "second.weights")
        net.save_weights(first)
        assert first.stat().st_size == 20 + 4 * net.graph.parameters
        if not net.graph.parameters:
            return
        other = Network(net.graph, seed=99)
        report = other.load_weights(first)
        assert (report.floats, report.partial) == (net.graph.parameters, False)
        other.save_weights(second)
        assert second.read_bytes() == first.read_bytes()
    for ours, theirs in zip(outputs, _run(other, x), strict=True):
        np.testing.assert_array_equal(theirs, ours)


def _check_folded(net: Network, x: torch.Tensor) -> None:
    with torch.no_grad():
        pairs = zip(net(x), net.for_inference()(x), strict=True)
    for plain, folded in pairs:
        close(folded.detach().numpy(), plain.detach().numpy(), 1e-5)


def _check_gradient(net: Network, x: torch.Tensor) -> None:
    """Autograd against finite differences, for the input and every trained tensor, in double."""
    last = _LastOutput(net)
    names = [name for name, _ in last.named_parameters()]
    buffers = {name: tensor.double() for name, tensor in last.named_buffers()}
    leaves = [x, *(tensor for _, tensor in last.named_parameters())]
    leaves = [leaf.detach().double().requires_grad_(True) for leaf in leaves]

    def run(x: torch.Tensor, *tensors: torch.Tensor) -> torch.Tensor:
        given = buffers | dict(zip(names, tensors, strict=True))
        return torch.func.functional_call(last, given, (x,))

    assert torch.autograd.gradcheck(run, leaves, fast_mode=True, atol=1e-5)


class _LastOutput(torch.nn.Module):
    """What the last layer passes on, head or not."""

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *_, (_, y) = self.net.outputs(x, Run())
        return y
