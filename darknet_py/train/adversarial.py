"""Self-adversarial training (adversarial_lr of [net]): a network learns images that it has spoilt.

In half of all sub-batches after burn_in the images first go through the network against a truth
without objects. What comes back moves them to where the network sees less of what is in them, and
these images are then learnt with their true labels. The first pass leaves no trace on the network:
batch normalisation takes its rolling statistics and no tensor gets a gradient. (Darknet leaves out
the gradients of kernels alone there, and adds those of biases to the ones that follow.)
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.forks import Fork
from darknet_py.layers.net import Net
from darknet_py.network.network import Network
from darknet_py.train.amp import Precision

SHARE = 0.5
"""Of the sub-batches after burn_in."""
SEED_BITS = 63


@dataclass(frozen=True)
class AdversarialStep:
    """rate: how far images move along the negative gradient. seed: of what is random on the way."""

    rate: float
    seed: int


@dataclass(frozen=True)
class AdversarialView:
    """The first image of a sub-batch, (C, H, W) each: as it was, in [0, 1]; the negative gradient
    at its pixels; and as it was learnt."""

    image: Tensor
    delta: Tensor
    moved: Tensor


Ends = tuple[list[Tensor], list[Tensor]]
"""Tensors that a backward pass begins at, and their gradients."""


def require_end(net: Net, fork: Fork) -> None:
    """Raises DarknetError where the rate, which grows up to max_batches, would be infinite."""
    if _is_on(net, fork) and not net.max_batches:
        message = "grows up to the end, and max_batches is 0: for ever"
        raise DarknetError(f"{message}; set max_batches", net.section.location("adversarial_lr"))


def adversarial_step(
    net: Net, fork: Fork, completed: int, rng: random.Random
) -> AdversarialStep | None:
    """For a sub-batch that is due, by a coin; completed: the updates before."""
    if not _is_on(net, fork) or completed <= net.burn_in or rng.random() >= SHARE:
        return None
    rate = net.adversarial_lr * completed / net.max_batches
    return AdversarialStep(rate, rng.getrandbits(SEED_BITS))


def _is_on(net: Net, fork: Fork) -> bool:
    return fork.update.adversarial and bool(net.adversarial_lr)


def moved_images(
    x: Tensor,
    step: AdversarialStep,
    network: Network,
    amp: Precision,
    ends_of: Callable[[Tensor], Ends],
) -> tuple[Tensor, Tensor]:
    """x (N, C, H, W) moved, in [0, 1]; and the negative gradient it moved along.

    ends_of: runs x through the network, against a truth without objects.
    """
    leaf = x.detach().requires_grad_()
    with _seeded(step, x.device), _without_gradients(network):
        gradient = amp.input_gradient(*ends_of(leaf), leaf)
    return (x - step.rate * gradient).clamp_(0, 1), -gradient


def view_of(x: Tensor, delta: Tensor, moved: Tensor) -> AdversarialView:
    return AdversarialView(x[0].clone(), delta[0].clone(), moved[0].clone())


@contextlib.contextmanager
def _seeded(step: AdversarialStep, device: torch.device) -> Iterator[None]:
    """Dropout of the pass that learns is the same with this pass before it as without."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(step.seed)
        yield


@contextlib.contextmanager
def _without_gradients(network: Network) -> Iterator[None]:
    """A pass whose backward pass computes the gradient of the images and no other."""
    learning = [tensor for tensor in network.parameters() if tensor.requires_grad]
    for tensor in learning:
        tensor.requires_grad_(False)
    try:
        yield
    finally:
        for tensor in learning:
            tensor.requires_grad_()
