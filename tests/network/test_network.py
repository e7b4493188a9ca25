"""Network: trace and forward, wrong inputs, state, memory, seeds, folding."""

from __future__ import annotations

import re
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from support.layer_check import close, network, random_input, read

from darknet_py.errors import CfgError, DarknetError
from darknet_py.layers.base import Run
from darknet_py.network.network import Network

NET = "[net]\nchannels=3\nheight=8\nwidth=6\n"
CONV = "[conv]\nfilters=6\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
YOLO = "[conv]\nfilters=6\nactivation=linear\n[yolo]\nclasses=1\nanchors=2,3\n"
TWO_HEADS = NET + CONV + YOLO + "[route]\nlayers=0\n[maxpool]\nsize=2\nstride=2\n" + YOLO


def test_trace_holds_every_layer_in_order() -> None:
    net = network(TWO_HEADS)
    x = random_input(net, 2)
    layers = net.trace(x)
    assert [tuple(y.shape) for y in layers] == [(2, *node.out) for node in net.graph.nodes]
    assert all(y.dtype == torch.float32 and not y.requires_grad for y in layers)


def test_forward_returns_the_heads_in_order() -> None:
    net = network(TWO_HEADS)
    x = random_input(net, 2)
    layers, heads = net.trace(x), net(x)
    assert len(heads) == 2
    assert torch.equal(heads[0], layers[2]) and torch.equal(heads[1], layers[6])
    assert [tuple(head.shape) for head in heads] == [(2, 6, 8, 6), (2, 6, 4, 3)]


def test_forward_without_heads_returns_the_last_layer_that_is_no_cost() -> None:
    net = network(NET + CONV + "[avgpool]\n[softmax]\n[cost]\n")
    x = random_input(net, 2)
    (out,) = net(x)
    assert torch.equal(out, net.trace(x)[2])
    close(out.sum(dim=1).detach().numpy(), np.ones((2, 1, 1)), 1e-6)


def test_trace_gives_tensors_of_its_own() -> None:
    """[dropout] and [route] pass on what they get; changing one must not change the other."""
    net = network(NET + CONV + "[dropout]\n[route]\nlayers=0\n")
    layers = net.trace(random_input(net, 1))
    layers[1].zero_()
    assert torch.equal(layers[0], layers[2]) and layers[0].abs().sum() > 0


def test_trace_leaves_the_mode_alone_and_uses_running_statistics() -> None:
    net = network(NET + CONV)
    x = random_input(net, 2)
    expected = net.trace(x)[0]
    net.train()
    assert torch.equal(net.trace(x)[0], expected)
    assert net.training
    assert not torch.equal(net(x)[0], expected)


def test_input_is_not_changed() -> None:
    net = network(NET + "[activation]\nactivation=leaky\n" + CONV)
    x = random_input(net, 2)
    kept = x.clone()
    with torch.no_grad():
        net(x)
        net.for_inference()(x)
    assert torch.equal(x, kept)


@pytest.mark.parametrize(
    "shape",
    [(2, 3, 8, 7), (2, 1, 8, 6), (3, 8, 6), (2, 143), (2, 3, 6, 8), (2, 3, 8, 6, 1), (144,)],
)
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    net = network(NET + CONV)
    message = re.escape(f"input of shape {shape}, expected (N, 3, 8, 6)")
    for run in (net, net.trace):
        with pytest.raises(DarknetError, match=message):
            run(torch.zeros(shape))


def test_flat_inputs_are_images_too() -> None:
    net = network(NET + CONV)
    x = random_input(net, 2)
    assert torch.equal(net.trace(x.reshape(2, -1))[0], net.trace(x)[0])


def test_rows_must_fill_the_time_steps() -> None:
    net = network("[net]\ninputs=4\ntime_steps=3\n[gru]\noutput=2\n")
    message = "4 rows are no multiple of time_steps=3; pass time_steps=1 to run single images"
    with pytest.raises(DarknetError, match=re.escape(message)):
        net(torch.zeros(4, 4))
    assert net(torch.zeros(6, 4))[0].shape == (6, 2, 1, 1)


def test_an_image_does_not_depend_on_its_neighbours() -> None:
    net = network(TWO_HEADS)
    x = random_input(net, 3)
    together = net(x)
    for n in range(3):
        for whole, part in zip(together, net(x[n : n + 1]), strict=True):
            close(part[0].detach().numpy(), whole[n].detach().numpy(), 1e-6)


# memory


def test_outputs_are_let_go_after_their_last_use() -> None:
    layers = 12
    net = network(NET + CONV + (CONV * (layers - 2)) + "[shortcut]\nfrom=0\n")
    alive: list[int] = []
    seen: list[weakref.ref[torch.Tensor]] = []
    with torch.no_grad():
        for _, y in net.outputs(random_input(net, 1), Run()):
            seen.append(weakref.ref(y))
            del y
            alive.append(sum(reference() is not None for reference in seen))
    # layer 0 waits for the shortcut; beside it live this layer's output and the one before it
    assert max(alive) <= 3
    assert [reference() is not None for reference in seen] == [False] * layers


def test_heads_are_kept_and_nothing_else() -> None:
    net = network(TWO_HEADS)
    kept: list[weakref.ref[torch.Tensor]] = []
    with torch.no_grad():
        actual = {i: y for i, y in net.outputs(random_input(net, 1), Run()) if i in net.graph.heads}
        for _, y in net.outputs(random_input(net, 1), Run()):
            kept.append(weakref.ref(y))
            del y
    assert sorted(actual) == [2, 6]
    assert all(reference() is None for reference in kept)


# construction


def test_seeds_repeat() -> None:
    graph = read(NET + CONV + "[connected]\noutput=3\n[implicit]\nfilters=3\n")
    first, again, other = Network(graph, seed=3), Network(graph, seed=3), Network(graph, seed=4)
    pairs = list(zip(first.parameters(), again.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert any(not torch.equal(a, c) for a, _, c in pairs)


def test_without_a_seed_every_start_differs() -> None:
    graph = read(NET + CONV)
    first, second = Network(graph), Network(graph)
    assert not torch.equal(first.own(0)["weights"], second.own(0)["weights"])


def test_start_is_darknets() -> None:
    net = Network(read(NET + CONV + CONV + "[connected]\noutput=50\n[batchnorm]\n"), seed=1)
    for index in (0, 1, 3):
        own = {name: tensor for name, tensor in net.own(index).items() if name != "weights"}
        values = {name: set(tensor.flatten().tolist()) for name, tensor in own.items()}
        assert values == {
            "biases": {0.0},
            "scales": {1.0},
            "rolling_mean": {0.0},
            "rolling_variance": {0.0},
        }
    for index, fan_in in ((0, 3 * 9), (1, 6 * 9), (2, 6 * 8 * 6)):
        weights, limit = net.own(index)["weights"], np.sqrt(2 / fan_in)
        assert 0.9 * limit < weights.abs().max() <= limit
        assert abs(weights.mean()) < 0.2 * limit


def test_reset_of_some_layers() -> None:
    net = network(NET + CONV + CONV)
    kept = net.own(0)["weights"].clone()
    net.reset(seed=8, layers=[1])
    assert torch.equal(net.own(0)["weights"], kept)
    assert net.own(1)["biases"].tolist() == [0.0] * 6


def test_statistics_are_buffers_and_the_rest_is_trained() -> None:
    net = network(NET + CONV)
    assert {name for name, _ in net.named_buffers()} == {
        "layers.0.rolling_mean",
        "layers.0.rolling_variance",
    }
    assert {name for name, _ in net.named_parameters()} == {
        "layers.0.biases",
        "layers.0.scales",
        "layers.0.weights",
    }
    assert not net.training


def test_from_cfg_with_overrides(tmp_path: Path) -> None:
    path = tmp_path / "net.cfg"
    path.write_text("[net]\nchannels=3\nheight=8\nwidth=6\ntime_steps=2\n" + CONV)
    net = Network.from_cfg(path, width=10, height=12, fork="pjreddie", time_steps=1, seed=2)
    assert net.graph.net.input == (3, 12, 10)
    assert net.trace(torch.zeros(1, 3, 12, 10))[0].shape == (1, 6, 12, 10)
    assert (net.graph.fork.name, net.graph.net.time_steps, net.header.revision) == (
        "pjreddie",
        1,
        0,
    )
    assert net.notices == ()
    with pytest.raises(DarknetError, match="unknown fork"):
        Network.from_cfg(path, fork="joseph")
    with pytest.raises(CfgError, match="width: read -3"):
        Network.from_cfg(path, width=-3)


def test_print_names_the_essentials() -> None:
    assert "net.cfg: 2 layers, input 6 x 8 x 3, alexeyab" in repr(
        network(NET + CONV + "[dropout]\n")
    )


# folding


def test_for_inference_has_no_batch_normalisation_left() -> None:
    net = network(NET + CONV + "[connected]\noutput=4\nbatch_normalize=1\n")
    fast = net.for_inference()
    assert [sorted(fast.own(index)) for index in (0, 1)] == [["biases", "weights"]] * 2
    assert not any(parameter.requires_grad for parameter in fast.parameters())
    assert fast.folded and not net.folded and not fast.training
    x = random_input(net, 2)
    close(fast(x)[0].numpy(), net(x)[0].detach().numpy(), 1e-5)


def test_for_inference_leaves_the_network_alone() -> None:
    net = network(NET + CONV)
    kept = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.for_inference()(random_input(net, 1))
    assert all(torch.equal(tensor, kept[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_for_inference_of_shared_and_binary_layers() -> None:
    shared = CONV.replace("size=3", "size=3\nshare_index=1")
    cfg = NET + CONV + CONV + shared + CONV + "xnor=1\n" + "[batchnorm]\n[shortcut]\nfrom=-3\n"
    net = network(cfg)
    x = random_input(net, 2)
    close(net.for_inference()(x)[0].numpy(), net(x)[0].detach().numpy(), 1e-5)


def test_state_is_carried_only_when_given() -> None:
    net = network("[net]\ninputs=3\n[rnn]\noutput=2\nhidden=2\n[gru]\noutput=2\n")
    x = torch.randn(2, 3)
    state: dict[int, object] = {}
    first, second = net(x, state)[0], net(x, state)[0]
    assert set(state) == {0, 1}
    assert torch.equal(first, net(x)[0]) and not torch.equal(first, second)


def test_gradients_reach_every_tensor() -> None:
    net = network(TWO_HEADS).train()
    sum(head.sum() for head in net(random_input(net, 2))).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_double_networks_stay_double() -> None:
    """Heads are made in at least float32; a network in double is not rounded on the way."""
    net = network(TWO_HEADS).double()
    assert all(head.dtype == torch.float64 for head in net(random_input(net, 1).double()))


def test_a_network_runs_on_after_its_tensors_moved() -> None:
    """Another type, new values, a copy: no pass works with tensors of before."""
    net = network(TWO_HEADS)
    x = random_input(net, 1)
    before = net(x)
    moved = net.double()(x.double())
    assert all(a.allclose(b.float(), atol=1e-5) for a, b in zip(before, moved, strict=True))
    net.float()
    with torch.no_grad():
        for tensor in net.parameters():
            tensor.zero_()
    assert not any(a.equal(b) for a, b in zip(before, net(x), strict=True))


def test_huge_seeds_are_seeds_of_their_own() -> None:
    graph = network("[net]\nwidth=4\nheight=4\nchannels=1\n[conv]\n").graph
    seeds = (0, 9, 2**40, 2**64 - 1, -5)
    starts = {float(Network(graph, seed=s).own(0)["weights"].detach().sum()) for s in seeds}
    assert len(starts) == len(seeds)
