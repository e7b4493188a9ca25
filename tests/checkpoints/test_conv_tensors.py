"""What is folded into a convolution computes what its parts computed."""

from __future__ import annotations

import pytest
import torch
from support.torch_twins import Conv, RepConv
from torch import nn

from darknet_py.checkpoints.conv_tensors import BatchNorm, conv_tensors, running_variance
from darknet_py.checkpoints.module_tree import tree_of_tensors
from darknet_py.errors import WeightsError


def test_another_epsilon_is_a_part_of_the_variance() -> None:
    """sqrt(.01 + .001) = sqrt(.01099 + .00001)"""
    variance, other = torch.tensor([0.01, 4.0]), torch.zeros(2)
    norm = BatchNorm(other, other, other, variance, 1e-3)
    assert norm.rolling_variance().tolist() == pytest.approx([0.01099, 4.00099], rel=1e-6)
    assert running_variance(norm.rolling_variance(), 1e-3).tolist() == pytest.approx([0.01, 4.0])
    kept = torch.tensor([0.01099, 7.0])
    assert norm.rolling_variance(kept).tolist() == pytest.approx([0.01099, 4.00099], rel=1e-6)


@pytest.mark.parametrize("outputs", [4, 6])
def test_branches_are_one_convolution(outputs: int) -> None:
    torch.manual_seed(1)
    block = RepConv(4, outputs).eval()
    for norm in block.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
    folded = conv_tensors(tree_of_tensors(block.state_dict()), 1e-3)
    x = torch.rand(1, 4, 5, 5)
    with torch.no_grad():
        y = nn.functional.silu(nn.functional.conv2d(x, folded.kernel, folded.bias, padding=1))
        assert torch.allclose(y, block(x), atol=1e-6)


def test_a_branch_that_gives_nothing_leaves_the_other_as_it_is() -> None:
    block = RepConv(4, 6)
    nn.init.zeros_(block.rbr_1x1[0].weight)  # type: ignore[arg-type]
    folded = conv_tensors(tree_of_tensors(block.state_dict()), 1e-3)
    assert folded.norm is not None and torch.equal(folded.kernel, block.rbr_dense[0].weight)  # type: ignore[arg-type]


def test_normalisation_for_a_cfg_with_and_without_it() -> None:
    torch.manual_seed(2)
    block = Conv(3, 4).eval()
    assert block.bn.running_mean is not None
    block.bn.running_mean.normal_()
    made = conv_tensors(tree_of_tensors(block.state_dict()), 1e-3)
    plain = made.darknet(normalized=False)
    x = torch.rand(1, 3, 2, 2)
    with torch.no_grad():
        y = nn.functional.conv2d(x, plain["weights"], plain["biases"])
        assert set(plain) == {"weights", "biases"} and torch.allclose(
            y, block.bn(block.conv(x)), atol=1e-6
        )
    assert torch.equal(made.darknet(normalized=True)["rolling_mean"], block.bn.running_mean)


def test_tensors_of_another_shape() -> None:
    tensors = RepConv(4, 6).state_dict()
    with pytest.raises(WeightsError, match="rbr_1x1 has another shape than rbr_dense"):
        conv_tensors(tree_of_tensors(tensors | {"rbr_1x1.0.weight": torch.zeros(6, 3, 1, 1)}), 1e-3)
    extra = {f"rbr_identity.{name}": torch.zeros(6) for name in ("weight", "bias", "running_mean")}
    with pytest.raises(WeightsError, match="rbr_identity needs as many inputs as outputs"):
        identity = extra | {"rbr_identity.running_var": torch.ones(6)}
        conv_tensors(tree_of_tensors(tensors | identity), 1e-3)
