"""What the losses are given: the inputs and outputs of the layers that have one."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data
from torch import Tensor, nn

from darknet_py.errors import DarknetError
from darknet_py.train import Trainer
from darknet_py.train.head_pass import HeadPass, compiling, to_input, wrapped

CPU = torch.device("cpu")


def test_inputs_and_outputs_of_the_layers_with_a_loss() -> None:
    net = network(NET + CONV + HEAD + "[route]\nlayers=0\n" + HEAD)
    x = data()[0]
    with torch.no_grad():
        inputs, outputs = HeadPass(net.train(), (2, 5))(x, frozenset(), 0, False, torch.ones(()))
    for number, (raw, out) in enumerate(zip(inputs, outputs, strict=True)):
        layer = net.graph.nodes[(2, 5)[number]].layer
        assert raw.shape == out.shape == (4, 14, 8, 8)
        torch.testing.assert_close(out, layer.activated(raw, layer.by_channel(raw, net.graph.fork)))
    assert not torch.equal(*inputs)


def test_no_gradient_passes_some_layers() -> None:
    net = network(NET + CONV + HEAD).train()
    (raw,), _ = HeadPass(net, (2,))(data()[0], frozenset({0}), 0, False, torch.ones(()))
    raw.sum().backward()
    named = dict(net.named_parameters())
    assert named["layers.0.weights"].grad is None
    assert named["layers.1.weights"].grad is not None


def test_bytes_become_shares_in_channels_last() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1).repeat(1, 1, 2, 2)
    x = to_input(images, CPU)
    assert x[0, :, 0, 0].tolist() == pytest.approx([0, 0.2, 1])
    assert x.is_contiguous(memory_format=torch.channels_last)
    rows = torch.rand(4, 5)
    assert torch.equal(to_input(rows, CPU), rows)


def test_one_process_runs_it_as_it_is() -> None:
    plain = HeadPass(network(NET + CONV + HEAD), (2,))
    assert wrapped(plain, compiled=False, world=1) is plain


def test_a_compiler_that_fails_is_one_line() -> None:
    from torch._dynamo.exc import TorchDynamoException

    message = (
        r"^torch.compile failed: no g\+\+; install a C\+\+ compiler, or train without --compile"
    )
    with pytest.raises(DarknetError, match=message), compiling():
        raise TorchDynamoException("no g++\nmore")


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
    """torch's own, of what it compiles; here it compiles quickly, to slow programs."""
    from torch._dynamo.utils import counters

    def compile_quickly(head_pass: HeadPass, **options: bool) -> None:
        nn.Module.compile(head_pass, backend="eager", **options)

    monkeypatch.setattr(HeadPass, "compile", compile_quickly)
    torch._dynamo.reset()
    counters.clear()
    return counters


@pytest.mark.slow
def test_one_program_for_all_updates(counters: dict[str, Counter[str]]) -> None:
    """Where layers depend on how far the training is, and on labels."""
    conv = CONV + "cbn=1\nassisted_excitation=1\n[dropout]\ndropblock=1\nprobability=.5\n"
    net, twin = (network(NET + conv + HEAD) for _ in range(2))
    plain, compiled = Trainer(twin), Trainer(net, compiled=True)
    plain.batch = compiled.batch = 40
    for seed in range(3):
        assert compiled.step(*data(seed=seed)) == pytest.approx(plain.step(*data(seed=seed)))
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]


@pytest.mark.slow
def test_a_program_for_each_size_however_many(counters: dict[str, Counter[str]]) -> None:
    """torch.compile by itself gives up after eight, and takes a size that comes back for new."""
    net, twin = (network(NET + CONV + HEAD) for _ in range(2))
    plain, compiled = Trainer(twin), Trainer(net, compiled=True)
    sizes = [8 * n for n in range(1, 11)]
    for size in [*sizes, *sizes[:2]]:
        images, truth = data()
        images = torch.nn.functional.interpolate(images, (size, size))
        losses = []
        for trainer in (plain, compiled):
            trainer.resize(size, size)
            losses.append(trainer.step(images, truth))
        assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    assert counters["stats"]["unique_graphs"] == len(sizes)
    assert not counters["graph_break"]


def test_torch_compiles_it_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = HeadPass(network(NET + CONV + HEAD), (2,))
    compiled: list[object] = []
    monkeypatch.setattr(plain, "compile", lambda **options: compiled.append((plain, options)))
    assert wrapped(plain, compiled=True, world=1) is plain and compiled == [
        (plain, {"dynamic": False})
    ]


CLASSES = NET.replace("batch=4\nsubdivisions=2", "batch=4").replace("decay=0.1", "decay=0")
FULL = "[connected]\noutput=3\nactivation=linear\n"


def output_gradient(layers: str, gradient: float, scale: float = 1.0) -> tuple[Tensor, ...]:
    """Gradients of the first layer's tensors, from one of each output of the last but one."""
    net = network(CLASSES + layers + "[softmax]\n").train()
    last = net.graph.last
    run = HeadPass(net, (last,))
    (into,), _ = run(data()[0], frozenset(), 0, False, torch.tensor(scale))
    into.backward(torch.full_like(into, gradient))
    return tuple(tensor.grad for tensor in net.own(0).values() if tensor.grad is not None)


@pytest.mark.parametrize(
    ("gradient", "scale", "bias"),
    [(0.75, 1, 3.0), (5.0, 1, 4.0), (-5.0, 1, -4.0), (5.0, 128, 20.0), (500.0, 128, 512.0)],
)
def test_a_delta_of_connected_is_limited(gradient: float, scale: float, bias: float) -> None:
    """To 1 an image, times what fp16 scales it by; of four images."""
    biases, _ = output_gradient(FULL, gradient, scale)
    assert biases.tolist() == [bias] * 3


def test_it_is_limited_before_the_derivative_of_the_activation() -> None:
    """As in both programs: leaky's is .1 or 1, so that a bias gets .1 or 1 an image, of 7."""
    biases, _ = output_gradient(FULL.replace("linear", "leaky"), 7.0)
    sums = {round(value, 4) for value in biases.tolist()}
    assert sums <= {0.4, 1.3, 2.2, 3.1, 4.0} and sums != {4.0}


def test_readers_of_connected_are_added_before_it_is_limited() -> None:
    """The two readers' .75 make 1.5, of which 1 is left."""
    both = FULL + "[shortcut]\nfrom=-1\nactivation=linear\n"
    biases, _ = output_gradient(both, 0.75)
    assert biases.tolist() == [4.0] * 3


@pytest.mark.parametrize(
    "layers",
    [
        "[conv]\nfilters=3\nsize=8\nactivation=linear\n",
        "[rnn]\noutput=3\nhidden=3\nactivation=linear\n",
    ],
)
def test_other_kinds_take_deltas_as_they_come(layers: str) -> None:
    """Also those that have [connected] parts."""
    small, large = (output_gradient(layers, gradient) for gradient in (0.5, 500.0))
    for one, other in zip(small, large, strict=True):
        torch.testing.assert_close(1000 * one, other, atol=1e-2, rtol=1e-4)
