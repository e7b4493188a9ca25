"""Darknet's activation functions by Darknet's names: one complete table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

Function = Callable[["torch.Tensor"], "torch.Tensor"]

SELU_SCALE, SELU_ALPHA = 1.0507, 1.6732
"""Darknet rounds SELU's two constants to four decimals."""
CHANNEL_EPSILON = 1e-4
"""Keeps the channel sums of normalize_channels away from 0."""


def _linear(x: torch.Tensor) -> torch.Tensor:
    return x


def _loggy(x: torch.Tensor) -> torch.Tensor:
    return 2 * torch.sigmoid(x) - 1


def _selu(x: torch.Tensor) -> torch.Tensor:
    return SELU_SCALE * torch.where(x >= 0, x, SELU_ALPHA * (torch.exp(x) - 1))


def _gelu(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x, approximate="tanh")


def _relie(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, 0.01)


def _ramp(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x) + 0.1 * x


def _leaky(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, 0.1)


def _plse(x: torch.Tensor) -> torch.Tensor:
    middle = 0.125 * x + 0.5
    return torch.where(x < -4, 0.01 * (x + 4), torch.where(x > 4, 0.01 * (x - 4) + 1, middle))


def _stair(x: torch.Tensor) -> torch.Tensor:
    whole = torch.floor(x)
    half = torch.floor(x / 2)
    return torch.where(whole % 2 == 0, half, x - whole + half)


def _hardtan(x: torch.Tensor) -> torch.Tensor:
    return F.hardtanh(x)


def _lhtan(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x < 0, 0.001 * x, torch.where(x > 1, 0.001 * (x - 1) + 1, x))


def _hard_mish(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, torch.where(x > -2, x * x / 2 + x, 0.0))


def _per_channel_sum(weights: torch.Tensor) -> torch.Tensor:
    return weights / (CHANNEL_EPSILON + weights.sum(dim=1, keepdim=True))


def _normalize_channels(x: torch.Tensor) -> torch.Tensor:
    return _per_channel_sum(F.relu(x))


def _normalize_channels_softmax(x: torch.Tensor) -> torch.Tensor:
    return _per_channel_sum(torch.exp(x))


def _normalize_channels_softmax_maxval(x: torch.Tensor) -> torch.Tensor:
    return _per_channel_sum(torch.exp(x - x.amax(dim=1, keepdim=True)))


def _logistic(x: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(x)


def _relu(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x)


def _relu6(x: torch.Tensor) -> torch.Tensor:
    # AlexeyAB's CPU code forgets this case and gives 0; its GPU code and the paper clamp.
    return F.relu6(x)


def _elu(x: torch.Tensor) -> torch.Tensor:
    return F.elu(x)


def _tanh(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x)


def _swish(x: torch.Tensor) -> torch.Tensor:
    return F.silu(x)


def _mish(x: torch.Tensor) -> torch.Tensor:
    return F.mish(x)


def _leaky_in_place(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu_(x, 0.1)


def _relu6_in_place(x: torch.Tensor) -> torch.Tensor:
    return F.relu6(x, inplace=True)


def _swish_in_place(x: torch.Tensor) -> torch.Tensor:
    return F.silu(x, inplace=True)


def _mish_in_place(x: torch.Tensor) -> torch.Tensor:
    return F.mish(x, inplace=True)


def _relu_in_place(x: torch.Tensor) -> torch.Tensor:
    return x.relu_()


def _logistic_in_place(x: torch.Tensor) -> torch.Tensor:
    return x.sigmoid_()


def _tanh_in_place(x: torch.Tensor) -> torch.Tensor:
    return x.tanh_()


@dataclass(frozen=True)
class ActivationFunction:
    """An activation: what it computes, and what those who compute it faster need to know.

    in_place: the same over its input. gradient_from_output: the gradient follows from the output,
    so that the input may go in training too. onednn: torch's word and numbers for it as a part of
    oneDNN's convolution. bounds: where it is x above 0 up to a highest value and a slope times x
    below, the slope and that value.
    """

    function: Function
    in_place: Function | None = None
    gradient_from_output: bool = False
    onednn: tuple[str, tuple[float, ...]] | None = None
    bounds: tuple[float, float] | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


_LEAKY = ActivationFunction(
    _leaky, _leaky_in_place, True, onednn=("leaky_relu", (0.1,)), bounds=(0.1, math.inf)
)
ACTIVATIONS: dict[str, ActivationFunction] = {
    "linear": ActivationFunction(_linear, onednn=("none", ()), bounds=(1.0, math.inf)),
    "logistic": ActivationFunction(_logistic, _logistic_in_place, True, onednn=("sigmoid", ())),
    "loggy": ActivationFunction(_loggy),
    "relu": ActivationFunction(
        _relu, _relu_in_place, True, onednn=("relu", ()), bounds=(0.0, math.inf)
    ),
    "relu6": ActivationFunction(
        _relu6, _relu6_in_place, onednn=("hardtanh", (0.0, 6.0)), bounds=(0.0, 6.0)
    ),
    "elu": ActivationFunction(_elu),
    "selu": ActivationFunction(_selu),
    "gelu": ActivationFunction(_gelu),
    "relie": ActivationFunction(_relie, bounds=(0.01, math.inf)),
    "ramp": ActivationFunction(_ramp),
    "leaky": _LEAKY,
    "revleaky": _LEAKY,  # differs from leaky only in the gradient of AlexeyAB's GPU code
    "tanh": ActivationFunction(_tanh, _tanh_in_place, True, onednn=("tanh", ())),
    "plse": ActivationFunction(_plse),
    "stair": ActivationFunction(_stair),
    "hardtan": ActivationFunction(_hardtan),
    "lhtan": ActivationFunction(_lhtan),
    "swish": ActivationFunction(_swish, _swish_in_place, onednn=("swish", ())),
    "mish": ActivationFunction(_mish, _mish_in_place),
    "hard_mish": ActivationFunction(_hard_mish),
    "normalize_channels": ActivationFunction(_normalize_channels),
    "normalize_channels_softmax": ActivationFunction(_normalize_channels_softmax),
    "normalize_channels_softmax_maxval": ActivationFunction(_normalize_channels_softmax_maxval),
}
"""Words of both forks. Swish, mish and the channel kinds, which the C code runs only after some
layers and turns to 0 elsewhere, work after every layer here."""


def activate(name: str, x: torch.Tensor, fresh: bool = False) -> torch.Tensor:
    """The activation of x; `fresh` says that nobody else holds x, so it may be overwritten."""
    kind = ACTIVATIONS[name]
    if fresh and kind.in_place and (kind.gradient_from_output or not torch.is_grad_enabled()):
        return kind.in_place(x)
    return kind.function(x)
