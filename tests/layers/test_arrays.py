"""The same formulas on tensors and on arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from darknet_py.layers.arrays import functions_of


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_each_has_its_own_functions(make: type) -> None:
    x = make([[0.0, 1.0], [2.0, 3.0]])
    functions = functions_of(x)
    assert type(functions.exp(x)) is type(x)
    assert np.allclose(functions.exp(x), np.exp([[0, 1], [2, 3]]))
    assert functions.cat([x, x[:, :1]], -1).tolist() == [[0, 1, 0], [2, 3, 2]]
    assert functions.permute(x, (1, 0)).tolist() == [[0, 2], [1, 3]]
    like = functions.like([5, 6], x)
    assert type(like) is type(x) and like.dtype == x.dtype and like.tolist() == [5, 6]
    assert functions.like(like, x).tolist() == [5, 6]
