"""Numbers of a layer that are taken to a device once."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from support.device_under_test import STAND_IN, device_under_test

from darknet_py.layers.device_constant import DeviceConstant

CPU = torch.device("cpu")


def test_the_same_tensor_for_each_device_and_type() -> None:
    constant = DeviceConstant([[0.5, 1.0], [2.0, 4.0]])
    first = constant.on(CPU)
    assert first.tolist() == [[0.5, 1.0], [2.0, 4.0]] and first.dtype == torch.float32
    assert constant.on(CPU) is first
    half = constant.on(CPU, torch.float16)
    assert half.dtype == torch.float16 and constant.on(CPU, torch.float16) is half
    assert DeviceConstant([3, 4]).on(CPU).dtype == torch.int64


@pytest.mark.gpu
def test_it_goes_to_a_device_once() -> None:
    constant = DeviceConstant([1.0, 2.0])
    with device_under_test(STAND_IN) as place:
        with place.counted() as counted:
            first = constant.on(place.device)
        assert counted.uploads == 1 and place.values(first).tolist() == [1, 2]
        with place.counted() as counted:
            assert constant.on(place.device) is first
        assert counted.uploads == 0


def test_a_training_may_use_what_an_inference_made() -> None:
    constant = DeviceConstant([2.0, 3.0])
    with torch.inference_mode():
        constant.on(CPU)
    x = torch.ones(2, requires_grad=True)
    (x * constant.on(CPU)).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2, 3]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_has_no_tensors(again: object) -> None:
    constant = DeviceConstant((1, 2))
    made = constant.on(CPU)
    other = again(constant)  # type: ignore[operator]
    assert other.on(CPU) is not made and other.on(CPU).tolist() == [1, 2]


def test_what_is_being_followed_keeps_nothing_here() -> None:
    """An exported program's own tensors end with it."""
    constant = DeviceConstant([1.0, 2.0])

    class Scaled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * constant.on(x.device, x.dtype)

    exported = torch.export.export(Scaled(), (torch.ones(2),))
    assert exported.module()(torch.ones(2)).tolist() == [1, 2]
    assert type(constant.on(CPU)) is torch.Tensor and constant.on(CPU).tolist() == [1, 2]
