"""Every activation word against the formula of the semantics text, one number at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from support.layer_check import check_layer, close

from darknet_py.errors import BadOption
from darknet_py.layers.activations import ACTIVATIONS, activate


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def plse(x: float) -> float:
    if x < -4:
        return 0.01 * (x + 4)
    return 0.01 * (x - 4) + 1 if x > 4 else 0.125 * x + 0.5


def stair(x: float) -> float:
    n = math.floor(x)
    return math.floor(x / 2) if n % 2 == 0 else (x - n) + math.floor(x / 2)


def lhtan(x: float) -> float:
    if x < 0:
        return 0.001 * x
    return 0.001 * (x - 1) + 1 if x > 1 else x


def mish(x: float) -> float:
    softplus = x if x > 20 else math.log1p(math.exp(x))
    return x * math.tanh(softplus)


def hard_mish(x: float) -> float:
    if x > 0:
        return x
    return x * x / 2 + x if x > -2 else 0.0


def gelu(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(0.797885 * x + 0.035677 * x**3))


POINTWISE: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "logistic": sigmoid,
    "loggy": lambda x: 2 * sigmoid(x) - 1,
    "relu": lambda x: x if x > 0 else 0.0,
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "elu": lambda x: x if x >= 0 else math.exp(x) - 1,
    "selu": lambda x: 1.0507 * x if x >= 0 else 1.0507 * 1.6732 * (math.exp(x) - 1),
    "gelu": gelu,
    "relie": lambda x: x if x > 0 else 0.01 * x,
    "ramp": lambda x: (x if x > 0 else 0.0) + 0.1 * x,
    "leaky": lambda x: x if x > 0 else 0.1 * x,
    "revleaky": lambda x: x if x > 0 else 0.1 * x,
    "tanh": math.tanh,
    "plse": plse,
    "stair": stair,
    "hardtan": lambda x: max(-1.0, min(1.0, x)),
    "lhtan": lhtan,
    "swish": lambda x: x * sigmoid(x),
    "mish": mish,
    "hard_mish": hard_mish,
}
CHANNELS = ("normalize_channels", "normalize_channels_softmax", "normalize_channels_softmax_maxval")
POINTS = [*np.linspace(-9, 9, 145), -30.0, 30.0, 7.25, -4.0, 4.0, 6.0, 1.0, 2.0, -2.0, -1.0, 0.0]


def normalized(name: str, pixel: np.ndarray) -> np.ndarray:
    """One pixel's channels, as the three channel kinds turn them into shares of about 1."""
    if name == "normalize_channels":
        parts = np.maximum(pixel, 0)
    else:
        parts = np.exp(pixel - (pixel.max() if name.endswith("maxval") else 0))
    return parts / (1e-4 + parts.sum())


def test_every_word_has_a_reference_here() -> None:
    assert set(ACTIVATIONS) == {*POINTWISE, *CHANNELS}


@pytest.mark.parametrize("name", POINTWISE)
def test_formula(name: str) -> None:
    expected = np.array([POINTWISE[name](float(np.float32(x))) for x in POINTS])
    x = torch.tensor(POINTS, dtype=torch.float32)
    close(activate(name, x).numpy(), expected, 2e-6)
    close(x.numpy(), np.float32(POINTS), 0)  # nobody's input is overwritten


@pytest.mark.parametrize(
    "name, x, expected",
    [
        ("relu6", 7.0, 6.0),  # AlexeyAB's CPU code gives 0
        ("leaky", -2.0, -0.2),
        ("relie", -2.0, -0.02),
        ("ramp", 2.0, 2.2),
        ("stair", 3.5, 1.5),
        ("stair", 2.7, 1.0),
        ("stair", -0.5, -0.5),
        ("plse", 5.0, 1.01),
        ("plse", 0.0, 0.5),
        ("lhtan", 3.0, 1.002),
        ("hard_mish", -1.0, -0.5),
        ("hard_mish", -2.5, 0.0),
        ("selu", -1.0, -1.0507 * 1.6732 * (1 - math.exp(-1))),
        ("mish", 1.0, 0.8650983882673103),
    ],
)
def test_values_by_hand(name: str, x: float, expected: float) -> None:
    assert activate(name, torch.tensor([x])).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", CHANNELS)
def test_channel_kinds_share_each_pixel_out(name: str) -> None:
    x = 3 * torch.randn(2, 5, 3, 2)
    expected = np.empty(x.shape)
    for n, i, j in np.ndindex(2, 3, 2):
        expected[n, :, i, j] = normalized(name, x.numpy()[n, :, i, j].astype(float))
    close(activate(name, x).numpy(), expected, 1e-6)


IN_PLACE = [name for name, kind in ACTIVATIONS.items() if kind.in_place]


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_versions_give_the_same(name: str) -> None:
    x = 4 * torch.randn(50)
    expected = ACTIVATIONS[name](x.clone())
    with torch.no_grad():
        given = x.clone()
        result = activate(name, given, fresh=True)
    assert result.data_ptr() == given.data_ptr()
    close(result.numpy(), expected.numpy(), 1e-7)


@pytest.mark.parametrize("name", IN_PLACE)
def test_gradients_are_those_of_the_formula(name: str) -> None:
    """Whether or not the input is overwritten in training."""
    x = (4 * torch.randn(50, generator=torch.Generator().manual_seed(1))).requires_grad_(True)
    (actual,) = torch.autograd.grad(activate(name, x * 1, fresh=True).sum(), x)
    (expected,) = torch.autograd.grad(ACTIVATIONS[name](x).sum(), x)
    close(actual.numpy(), expected.numpy(), 1e-6)


@pytest.mark.parametrize("name", [name for name, kind in ACTIVATIONS.items() if kind.bounds])
def test_bounds_say_the_same_as_the_formula(name: str) -> None:
    slope, top = ACTIVATIONS[name].bounds or (math.nan, math.nan)
    x = torch.tensor(POINTS, dtype=torch.float32)
    expected = np.where(x < 0, slope * x.numpy(), np.minimum(x.numpy(), top))
    close(activate(name, x).numpy(), expected.astype(np.float32), 1e-7)


@pytest.mark.parametrize("name", [name for name, kind in ACTIVATIONS.items() if kind.onednn])
def test_onednns_word_says_the_same_as_the_formula(name: str) -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("torch without oneDNN")
    word, numbers = ACTIVATIONS[name].onednn or ("", ())
    x = torch.tensor(POINTS, dtype=torch.float32).view(1, 1, 1, -1)
    fixed = (torch.ones(1, 1, 1, 1), torch.zeros(1), [0, 0], [1, 1], [1, 1], 1)
    y = torch.ops.mkldnn._convolution_pointwise.default(x, *fixed, word, list(numbers), "")
    close(y.numpy(), activate(name, x).numpy(), 2e-6)


def test_in_place_only_without_gradients() -> None:
    x = torch.randn(5, requires_grad=True)
    y = activate("leaky", x * 1, fresh=True)
    y.sum().backward()
    assert x.grad is not None
    close(x.grad.numpy(), np.where(x.detach().numpy() > 0, 1, 0.1), 1e-7)


@pytest.mark.parametrize("name", [*POINTWISE, *CHANNELS])
def test_works_after_every_layer(name: str) -> None:
    """The C code turns swish, mish and the channel kinds to 0 after most layers."""
    section = f"[activation]\nactivation={name}"
    checked = check_layer(section, (4, 3, 2))
    x = checked.inputs[0]
    if name in POINTWISE:
        expected = np.vectorize(POINTWISE[name], otypes=[float])(x)
    else:
        pixels = np.moveaxis(x, 1, -1).reshape(-1, 4)
        expected = np.array([normalized(name, pixel) for pixel in pixels]).reshape(2, 3, 2, 4)
        expected = np.moveaxis(expected, -1, 1)
    close(checked.output, expected, 1e-5)


def test_activation_layer_is_linear_unless_told() -> None:
    checked = check_layer("[activation]", gradient=True)
    np.testing.assert_array_equal(checked.output, checked.inputs[0])


def test_unknown_word_names_the_nearest() -> None:
    with pytest.raises(
        BadOption, match=r"\[activation\] activation: read 'leeky', .*did you mean 'leaky'"
    ):
        check_layer("[activation]\nactivation=leeky")


def test_inline_comment_behind_a_word_is_explained() -> None:
    with pytest.raises(BadOption, match="words take no inline comment"):
        check_layer("[activation]\nactivation=leaky # as in v3")


@pytest.mark.parametrize("name", ["dropout", "empty", "silence"])
def test_layers_that_pass_on_what_they_get(name: str) -> None:
    checked = check_layer(f"[{name}]", gradient=True)
    np.testing.assert_array_equal(checked.output, checked.inputs[0])


def test_logistic() -> None:
    checked = check_layer("[logistic]", gradient=True)
    close(checked.output, 1 / (1 + np.exp(-checked.inputs[0].astype(float))), 1e-6)


@pytest.mark.parametrize(
    "option, fork, share",
    [("", "alexeyab", 0.2), ("", "pjreddie", 0.5), ("probability=.75", "alexeyab", 0.75)],
)
def test_dropout_in_training(option: str, fork: str, share: float) -> None:
    checked = check_layer(f"[dropout]\n{option}", (1, 100, 100), fork=fork)
    net = checked.net.train()
    ones = torch.ones(1, 1, 100, 100)
    y = net(ones)[0]
    dropped = float((y == 0).float().mean())
    assert dropped == pytest.approx(share, abs=0.02)
    assert y.max().item() == pytest.approx(1 / (1 - share))


@pytest.mark.parametrize("probability, limit", [("-.1", "at least 0"), ("1.5", "at most 1")])
def test_dropout_probability_out_of_range(probability: str, limit: str) -> None:
    with pytest.raises(
        BadOption, match=f"probability: read {float(probability)}, expected {limit}"
    ):
        check_layer(f"[dropout]\nprobability={probability}")
