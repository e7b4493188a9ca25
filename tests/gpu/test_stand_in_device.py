"""The stand-in device computes as the CPU does, and counts what a GPU does not like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from support.stand_in_device import DEVICE, StandIn, stand_in_device, to_device
from torch import Tensor, nn

pytestmark = pytest.mark.gpu

VALUES = torch.tensor([1.0, -2.0, 3.0])


def _written(x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    y[1:].add_(x[1:])
    y.view(-1)[0] = 5.0
    return y


def _several(x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    torch._foreach_add_([y[:1], y[1:]], [x[:1], x[1:]], alpha=2)
    return y


COMPUTED: dict[str, Callable[[Tensor], Tensor]] = {
    "arithmetic": lambda x: x * 2 + x.abs().sqrt(),
    "view": lambda x: x[None].expand(2, 3).t().contiguous(),
    "written in place": _written,
    "from a list": lambda x: x + x.new_tensor([4.0, 5.0, 6.0]),
    "made there": lambda x: x * torch.arange(3, device=x.device),
    "told the device": lambda x: x + torch.tensor([1.0, 2.0, 3.0], device=x.device),
    "out=": lambda x: torch.add(x, 1, out=torch.empty_like(x)),
    "several at once": _several,
    "two results": lambda x: x.sort()[1],
    "split": lambda x: torch.cat(x.split([1, 2])[::-1]),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_it_computes_as_the_cpu_does(name: str) -> None:
    compute = COMPUTED[name]
    with stand_in_device() as log:
        there = compute(to_device(VALUES))
        assert isinstance(there, StandIn) and there.device == DEVICE
        assert log.totals[:2] == (0, 0)
        back = there.cpu()
    assert not isinstance(back, StandIn)
    assert back.equal(compute(VALUES))


def test_gradients_flow_through_a_module() -> None:
    with stand_in_device() as log:
        layer = nn.Conv2d(1, 1, 1).to(DEVICE)
        with torch.no_grad():
            layer.weight.fill_(3.0)
        layer(to_device(torch.full((1, 1, 2, 2), 0.5)).requires_grad_()).sum().backward()
        assert layer.weight.grad is not None
        assert log.totals == (0, 0, 2)  # the module's two tensors
        assert layer.weight.grad.item() == 2.0


WAITING: dict[str, Callable[[Tensor], object]] = {
    "item": lambda x: x.sum().item(),
    "float": lambda x: float(x[0]),
    "truth": lambda x: bool(x[0] > 0),
    "list": lambda x: x.tolist(),
    "to the host": lambda x: x.to("cpu"),
    "copied to the host": lambda x: torch.zeros(3).copy_(x),
    "read by a mask": lambda x: x[x > 0],
    "nonzero": torch.nonzero,
    "unique": torch.unique,
    "equal": lambda x: x.equal(x),
}


@pytest.mark.parametrize("name", WAITING)
def test_waits_are_counted(name: str) -> None:
    with stand_in_device() as log:
        WAITING[name](to_device(VALUES))
    assert (log.mixing.total(), log.waits.total() > 0, log.uploads.total()) == (0, True, 0)


def test_writing_by_a_mask_is_a_wait() -> None:
    with stand_in_device() as log:
        x = to_device(VALUES)
        x[x > 0] = x[:2].clone()
    assert log.waits.total() == 1 and log.uploads.total() == 0


UPLOADING: dict[str, Callable[[Tensor], object]] = {
    "to the device": lambda x: VALUES.to(x.device),
    "copied to the device": lambda x: x.copy_(VALUES),
    "a list": lambda x: torch.tensor([1, 2], device=x.device),
    "a list like another": lambda x: x.new_tensor([1, 2]),
    "an index of the host": lambda x: x[torch.tensor([0, 1])],
}


@pytest.mark.parametrize("name", UPLOADING)
def test_uploads_are_counted(name: str) -> None:
    with stand_in_device() as log:
        UPLOADING[name](to_device(VALUES))
    assert log.totals == (0, 0, 1)
    assert "(blocking)" in str(log)


def test_an_upload_that_nobody_waits_for_is_told_apart() -> None:
    with stand_in_device() as log:
        VALUES.to(DEVICE, non_blocking=True)
    assert log.totals == (0, 0, 1)
    assert "(blocking)" not in str(log)


def test_numbers_of_python_are_no_upload() -> None:
    with stand_in_device() as log:
        x = to_device(VALUES)
        torch.where(x > 0, x, 0.0).clamp(max=2).masked_fill(x < 0, 1.0) / 3
    assert log.totals == (0, 0, 0)


def test_mixing_is_counted() -> None:
    with stand_in_device() as log:
        x = to_device(VALUES)
        x + VALUES
        torch.cat([x, VALUES])
        x + torch.tensor(2.0)  # a single value may come from the host
    assert log.mixing == {"add, outside the package": 1, "cat, outside the package": 1}


def test_nothing_is_counted_without_the_device() -> None:
    with stand_in_device() as log:
        assert VALUES[VALUES > 0].unique().tolist() == [1.0, 3.0]
        torch.tensor([2.0]).to("cpu")
    assert log.totals == (0, 0, 0)


def test_nothing_is_left_behind() -> None:
    with stand_in_device():
        x = to_device(VALUES)
    with pytest.raises(RuntimeError, match="outside `with stand_in_device"):
        x + 1
    assert not isinstance(torch.zeros(1, device=DEVICE), StandIn)
