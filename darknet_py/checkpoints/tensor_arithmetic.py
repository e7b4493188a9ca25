"""A model's forward pass from the tensors of its file as they are, nothing folded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.checkpoints.conv_tensors import BRANCHES, NORM, vector
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.checkpoints.weight_match import WeightMatch
from darknet_py.layers.activations import activate


@dataclass(frozen=True)
class TensorArithmetic:
    """As those programs compute; strides and activations are those of the matching layers."""

    match: WeightMatch

    def conv(self, tree: ModuleTree, x: Tensor) -> Tensor:
        index = self.match.nodes[tree.path]
        layer: Any = self.match.graph.nodes[index].layer
        if "ia" in tree.children:
            x = x + tree["ia"].tensors["implicit"].float()
        y = self._summed(tree, x, layer)
        if "im" in tree.children:
            y = y * tree["im"].tensors["implicit"].float()
        return activate(layer.activation, y, fresh=True)

    def _summed(self, tree: ModuleTree, x: Tensor, layer: Any) -> Tensor:
        if "rbr_dense" not in tree.weighted:
            conv = next(
                (tree[name] for name in ("conv", "rbr_reparam") if name in tree.children), tree
            )
            return self._normalised(_convolved(conv, x, layer), tree.children.get("bn"))
        parts = []
        for name in BRANCHES:
            if name in tree.weighted:
                branch = tree[name]
                inner = branch.children.get("0")
                y = _convolved(inner, x, layer) if inner is not None else x
                parts.append(self._normalised(y, branch.children.get("1", branch)))
        return torch.stack(parts).sum(dim=0)

    def _normalised(self, x: Tensor, norm: ModuleTree | None) -> Tensor:
        if norm is None or not norm.has_tensors:
            return x
        beta, gamma, mean, variance = (vector(norm, name, x.shape[1]) for name in NORM)
        epsilon = float(norm.attributes.get("eps", self.match.epsilon))
        return F.batch_norm(x, mean, variance, gamma, beta, eps=epsilon)

    def concat(self, values: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(values), 1)

    def add(self, one: Tensor, other: Tensor) -> Tensor:
        return one + other

    def part(self, x: Tensor, number: int, of: int) -> Tensor:
        return x.chunk(of, 1)[number]

    def pool(self, x: Tensor, size: int, stride: int) -> Tensor:
        if stride == 1:
            # An even window reaches one further to the right and below, as in Darknet.
            before, after = (size - 1) // 2, size // 2
            x = F.pad(x, (before, after, before, after), value=-math.inf)
        return F.max_pool2d(x, size, stride)

    def upsample(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="nearest")

    def adds(self, tree: ModuleTree) -> bool:
        return self.match.adds[tree.path]


def _convolved(conv: ModuleTree, x: Tensor, layer: Any) -> Tensor:
    kernel, bias = conv.tensors["weight"].float(), conv.tensors.get("bias")
    padding = kernel.shape[-1] // 2
    bias = None if bias is None else bias.float()
    return F.conv2d(x, kernel, bias, layer.strides, padding, groups=layer.split)


def head_inputs(match: WeightMatch, image: Tensor) -> Mapping[int, Tensor]:
    """image (N, C, H, W): what the heads read, by the layers that compute it."""
    with torch.no_grad():
        return match.run(TensorArithmetic(match), image)
