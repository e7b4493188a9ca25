"""A convolution as PyTorch's programs keep it, and as a .weights file has it.

What is computed in one line there lies in several tensors: batch normalisation with an epsilon of
their own, the branches of a re-parameterised convolution, the implicit vectors of yolov7's heads.
Folding is done in float64 and rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.errors import WeightsError
from darknet_py.layers.base import Weights
from darknet_py.layers.normalize import BATCHNORM_EPSILON

NORM = ("bias", "weight", "running_mean", "running_var")
DARKNET = ("biases", "scales", "rolling_mean", "rolling_variance")
"""The same four, as a .weights file calls them and in its order."""
BRANCHES = ("rbr_dense", "rbr_1x1", "rbr_identity")
ONE = 1 - BATCHNORM_EPSILON
"""A variance that divides by 1."""


@dataclass(frozen=True)
class BatchNorm:
    """beta, gamma, mean, variance: float32 vectors of the output's channels."""

    beta: Tensor
    gamma: Tensor
    mean: Tensor
    variance: Tensor
    epsilon: float

    def factors(self) -> tuple[Tensor, Tensor]:
        """What it multiplies by and then adds, in float64."""
        gamma = self.gamma.double() / torch.sqrt(self.variance.double() + self.epsilon)
        return gamma, self.beta.double() - self.mean.double() * gamma

    def rolling_variance(self, kept: Tensor | None = None) -> Tensor:
        """That which gives the same with Darknet's epsilon. kept: the values a .weights file had,
        which count where this variance was made of them."""
        rolling = (self.variance.double() + (self.epsilon - BATCHNORM_EPSILON)).float()
        if kept is None or kept.shape != rolling.shape:
            return rolling
        return torch.where(running_variance(kept, self.epsilon) == self.variance, kept, rolling)


def running_variance(rolling: Tensor, epsilon: float) -> Tensor:
    """What gives the same with this epsilon as a .weights file's variance with Darknet's."""
    return (rolling.double() + (BATCHNORM_EPSILON - epsilon)).float()


@dataclass(frozen=True)
class ConvTensors:
    """kernel: float32 (out, in, k, k). bias: (out,), None where norm has it."""

    kernel: Tensor
    bias: Tensor | None = None
    norm: BatchNorm | None = None

    def reordered(self, order: Tensor | None) -> ConvTensors:
        """For inputs whose channel i is number order[i] of those it was made for."""
        if order is None:
            return self
        return ConvTensors(self.kernel[:, order].contiguous(), self.bias, self.norm)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Kernel and bias, in float64, without batch normalisation."""
        bias = torch.zeros(len(self.kernel)) if self.bias is None else self.bias
        if self.norm is None:
            return self.kernel.double(), bias.double()
        factor, offset = self.norm.factors()
        return self.kernel.double() * factor[:, None, None, None], bias.double() * factor + offset

    def darknet(self, normalized: bool, kept: Tensor | None = None) -> Weights:
        """The tensors of a [convolutional] section; normalized: it has batch_normalize=1. kept:
        see BatchNorm.rolling_variance."""
        if normalized and self.norm is not None and self.bias is None:
            norm = self.norm
            four = norm.beta, norm.gamma, norm.mean, norm.rolling_variance(kept)
            return {**dict(zip(DARKNET, four, strict=True)), "weights": self.kernel}
        kernel, bias = self.folded()
        weights = {"biases": bias.float(), "weights": kernel.float()}
        if normalized:
            ones = torch.ones(len(bias))
            weights |= {"scales": ones, "rolling_mean": 0 * ones, "rolling_variance": ones * ONE}
        return weights


def shape_of(tree: ModuleTree) -> tuple[int, ...]:
    """(out, in, k, k) of a module that is a convolution."""
    return tuple(_main(tree).tensors["weight"].shape)


def is_convolution(tree: ModuleTree) -> bool:
    return _main(tree, None).tensors.get("weight", torch.empty(0)).dim() == 4


def conv_tensors(tree: ModuleTree, epsilon: float) -> ConvTensors:
    """A module Conv, RepConv, or a bare convolution. epsilon: of batch normalisation, where the
    file does not say it. Raises WeightsError for tensors that are missing or of another shape."""
    if "rbr_dense" in tree.children and tree["rbr_dense"].has_tensors:
        return _branches(tree, epsilon)
    plain = _plain(_main(tree), tree.children.get("bn"), epsilon)
    return _implicit(tree, plain) if tree.weighted & {"ia", "im"} else plain


def _main(tree: ModuleTree, missing: Any = ...) -> ModuleTree:
    """The convolution of a module, or the module itself where it is one."""
    for name in ("conv", "rbr_reparam"):
        if name in tree.children:
            return tree[name]
    if "rbr_dense" in tree.weighted:
        return tree["rbr_dense"]["0"]
    return tree


def _plain(conv: ModuleTree, norm: ModuleTree | None, epsilon: float) -> ConvTensors:
    kernel = conv.tensors["weight"].detach().float()
    bias = conv.tensors.get("bias")
    normalised = norm is not None and norm.has_tensors
    return ConvTensors(
        kernel,
        None if bias is None else vector(conv, "bias", len(kernel)),
        batch_norm(norm, len(kernel), epsilon) if norm is not None and normalised else None,
    )


def batch_norm(tree: ModuleTree, channels: int, epsilon: float) -> BatchNorm:
    """Raises WeightsError."""
    beta, gamma, mean, variance = (vector(tree, name, channels) for name in NORM)
    return BatchNorm(beta, gamma, mean, variance, float(tree.attributes.get("eps", epsilon)))


def vector(tree: ModuleTree, name: str, size: int) -> Tensor:
    """A tensor of one value for each channel; raises WeightsError."""
    if name not in tree.tensors:
        raise WeightsError(f"{tree.path}.{name} is missing")
    tensor = tree.tensors[name]
    if tensor.numel() != size:
        shape = " x ".join(map(str, tensor.shape))
        raise WeightsError(f"{tree.path}.{name} is {shape}, expected {size} values")
    return tensor.detach().float().reshape(size)


def _branches(tree: ModuleTree, epsilon: float) -> ConvTensors:
    """The sum of a 3x3, a 1x1 and an identity, each with batch normalisation, as one 3x3.

    Where only the 3x3 gives anything, as in files that were written here, it stays as it is.
    """
    dense = _plain(tree["rbr_dense"]["0"], tree["rbr_dense"]["1"], epsilon)
    kernel, bias = dense.folded()
    point = _plain(tree["rbr_1x1"]["0"], tree["rbr_1x1"]["1"], epsilon)
    if point.kernel.shape[:2] != kernel.shape[:2]:
        raise WeightsError(f"{tree.path}.rbr_1x1 has another shape than rbr_dense")
    others = list(point.folded())
    if "rbr_identity" in tree.weighted:
        factor, offset = batch_norm(tree["rbr_identity"], len(kernel), epsilon).factors()
        if kernel.shape[0] != kernel.shape[1]:
            raise WeightsError(f"{tree.path}.rbr_identity needs as many inputs as outputs")
        others[0] = others[0] + torch.diag(factor)[:, :, None, None]
        others[1] = others[1] + offset
    if not any(part.any() for part in others):
        return dense
    padded = torch.nn.functional.pad(others[0], (1, 1, 1, 1))
    return ConvTensors((kernel + padded).float(), (bias + others[1]).float())


def _implicit(tree: ModuleTree, plain: ConvTensors) -> ConvTensors:
    """A head's convolution with what is added to its input (ia) and its output is multiplied by
    (im) folded in."""
    kernel, bias = plain.folded()
    outputs, inputs = kernel.shape[:2]
    if "ia" in tree.children:
        added = vector(tree["ia"], "implicit", inputs).double()
        bias = bias + kernel.reshape(outputs, inputs) @ added
    if "im" in tree.children:
        factor = vector(tree["im"], "implicit", outputs).double()
        kernel, bias = kernel * factor[:, None, None, None], bias * factor
    return ConvTensors(kernel.float(), bias.float())
