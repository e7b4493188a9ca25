"""Darknet's activation functions by Darknet's names: one complete table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from darknet_py.deferred import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

Activation = Callable[["torch.Tensor"], "torch.Tensor"]

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


ACTIVATIONS: dict[str, Activation] = {
    "linear": _linear,
    "logistic": _logistic,
    "loggy": _loggy,
    "relu": _relu,
    "relu6": _relu6,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "relie": _relie,
    "ramp": _ramp,
    "leaky": _leaky,
    "revleaky": _leaky,  # differs from leaky only in the gradient of AlexeyAB's GPU code
    "tanh": _tanh,
    "plse": _plse,
    "stair": _stair,
    "hardtan": _hardtan,
    "lhtan": _lhtan,
    "swish": _swish,
    "mish": _mish,
    "hard_mish": _hard_mish,
    "normalize_channels": _normalize_channels,
    "normalize_channels_softmax": _normalize_channels_softmax,
    "normalize_channels_softmax_maxval": _normalize_channels_softmax_maxval,
}
"""Words of both forks. Swish, mish and the channel kinds, which the C code runs only after some
layers and turns to 0 elsewhere, work after every layer here."""


def _leaky_in_place(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu_(x, 0.1)


IN_PLACE: dict[str, Activation] = {
    "leaky": _leaky_in_place,
    "revleaky": _leaky_in_place,
    "relu": lambda x: x.relu_(),
    "relu6": lambda x: F.relu6(x, inplace=True),
    "logistic": lambda x: x.sigmoid_(),
    "tanh": lambda x: x.tanh_(),
    "swish": lambda x: F.silu(x, inplace=True),
    "mish": lambda x: F.mish(x, inplace=True),
}
BY_OUTPUT = ("leaky", "revleaky", "relu", "logistic", "tanh")
"""Of these, the ones whose gradient follows from the output, so that the input may go."""


def activate(name: str, x: torch.Tensor, fresh: bool = False) -> torch.Tensor:
    """The activation of x; `fresh` says that nobody else holds x, so it may be overwritten."""
    if fresh and name in (BY_OUTPUT if torch.is_grad_enabled() else IN_PLACE):
        return IN_PLACE[name](x)
    return ACTIVATIONS[name](x)
