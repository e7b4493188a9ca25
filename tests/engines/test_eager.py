"""Which quicker form a layer gets, and that a program of calls computes what its network does.

The forms' numbers on every recorded network are in test_pytorch.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.golden_check import relative

from darknet_py.engines import eager
from darknet_py.engines.eager import EagerProgram, RuleContext
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.convolution import Convolutional
from darknet_py.network.network import Network

CFG = """[net]
width={side}
height={side}
channels=3
[convolutional]
filters={filters}
size={size}
pad=1
activation={activation}
{more}
"""


def network(
    folder: Path,
    side: int = 16,
    filters: int = 16,
    size: int = 1,
    activation: str = "leaky",
    more: str = "",
) -> Network:
    cfg = CFG.format(side=side, filters=filters, size=size, activation=activation, more=more)
    (folder / "net.cfg").write_text(cfg)
    return Network.from_cfg(folder / "net.cfg", seed=1).for_inference()


@pytest.fixture
def forms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The quicker forms that were taken, in order."""
    taken: list[str] = []
    for name in ("_as_product", "_as_convolution"):
        real = getattr(eager, name)

        def spy(*values: Any, name: str = name, real: Any = real) -> Any:
            taken.append(name)
            return real(*values)

        monkeypatch.setattr(eager, name, spy)
    return taken


def run(net: Network, batch: int = 1, **rules: Any) -> torch.Tensor:
    """The one output of its program, after a comparison with the network's own."""
    x = torch.rand(batch, *net.graph.net.input, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        (found,) = EagerProgram(net, batch, **rules)(x)
        (expected,) = net(x)
    assert found.shape == expected.shape
    assert relative(found.numpy(), expected.numpy()) < 1e-6
    return found


@pytest.mark.parametrize(
    ("made", "batch", "form"),
    [
        ({}, 1, "_as_product"),
        ({"size": 3}, 1, "_as_convolution"),
        ({"filters": eager.SMALL_FILTERS - 1}, 1, "_as_convolution"),
        ({"side": 80}, 1, "_as_product"),
        ({"side": 80}, 2, "_as_convolution"),
        ({"side": 81}, 1, "_as_convolution"),
        ({"filters": 512, "side": 72}, 1, "_as_product"),
        ({"filters": 520, "side": 72}, 1, "_as_convolution"),
    ],
    ids=str,
)
def test_small_1x1_convolutions_are_products(
    tmp_path: Path, forms: list[str], made: dict[str, Any], batch: int, form: str
) -> None:
    run(network(tmp_path, **made), batch)
    assert forms == [form]


@pytest.mark.parametrize("more", ["binary=1", "xnor=1"])
def test_what_has_no_quicker_form_runs_as_its_layer_says(
    tmp_path: Path, forms: list[str], more: str
) -> None:
    run(network(tmp_path, size=3, more=more))
    assert forms == []


def test_a_type_the_processor_lacks_has_no_quicker_form(
    tmp_path: Path, forms: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eager, "computes", lambda dtype: False)
    run(network(tmp_path))
    assert forms == []


@pytest.mark.parametrize("activation", [word for word, one in ACTIVATIONS.items() if one.onednn])
def test_activations_onednn_does_itself(tmp_path: Path, activation: str) -> None:
    """With a bias that drives values beyond where relu6 and the like bend."""
    net = network(tmp_path, size=3, activation=activation)
    with torch.no_grad():
        net.used(0)["biases"].copy_(torch.linspace(-9, 9, 16))
    found = run(net)
    if activation == "relu6":
        assert found.max() == 6


def test_other_rules_are_asked_and_may_decline(tmp_path: Path, forms: list[str]) -> None:
    asked: list[tuple[int, tuple[int, ...], int]] = []

    def declines(ctx: RuleContext) -> None:
        asked.append((ctx.node.index, tuple(ctx.input), ctx.batch))

    run(network(tmp_path), 3, rules={Convolutional: declines})
    assert asked == [(0, (3, 16, 16), 3)] and forms == []
    run(network(tmp_path), 3, rules={})
    assert forms == []
