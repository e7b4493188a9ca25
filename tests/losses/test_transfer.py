"""What a loss takes to the device: the values stay, and there are few copies."""

from __future__ import annotations

import pytest
import torch
from support.stand_in_device import DEVICE, stand_in_device, to_device

from darknet_py.losses.transfer import cell_grid, constant, sent


def test_a_constant_is_made_once() -> None:
    like = torch.zeros(1)
    made = constant([(1, 2), (3, 4.5)], like)
    assert made.tolist() == [[1, 2], [3, 4.5]] and made.dtype == torch.float32
    assert constant([(1, 2), (3, 4.5)], like) is made
    assert constant([(1, 2), (3, 4.5)], like.double()).dtype == torch.float64
    assert constant((7,), like, torch.int64).dtype == torch.int64


def test_a_constant_goes_to_each_device_once() -> None:
    with stand_in_device() as log:
        like = to_device(torch.zeros(1))
        made = [constant((0.125, 977.0), like) for _ in range(3)]
        assert log.uploads.total() == 1 and made[0].device == DEVICE
        assert made[2].tolist() == [0.125, 977.0]


def test_column_and_row_of_each_cell() -> None:
    grid = cell_grid(2, 3, torch.float32, torch.device("cpu"))
    assert grid.tolist() == [[[0, 0], [1, 0], [2, 0]], [[0, 1], [1, 1], [2, 1]]]


TENSORS = [
    torch.tensor([True, False, True]),
    torch.tensor([[1, 2], [3, -4]]),
    torch.tensor([]),
    torch.rand(5, 4)[:, ::2],
    torch.tensor(7.5),
]


def test_tensors_of_all_types_travel_together() -> None:
    with stand_in_device() as log:
        there = sent(TENSORS, DEVICE)
        assert log.totals == (0, 0, 1)
        assert "(blocking)" not in str(log)
        back = [tensor.cpu() for tensor in there]
    for actual, expected in zip(back, TENSORS, strict=True):
        assert actual.dtype == expected.dtype and actual.equal(expected)


def test_on_the_host_nothing_is_copied() -> None:
    for actual, expected in zip(sent(TENSORS, torch.device("cpu")), TENSORS, strict=True):
        assert actual is expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_tensors_travel_to_a_gpu() -> None:
    for actual, expected in zip(sent(TENSORS, torch.device("cuda:0")), TENSORS, strict=True):
        assert actual.is_cuda and actual.cpu().equal(expected)
