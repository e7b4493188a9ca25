"""A stand-in for a GPU: tensors that compute on the CPU but claim to lie elsewhere.

`with stand_in_device() as log:` everything on DEVICE works as on a real one, and `log` counts what
would hurt there, each with the line of the package that did it. The device is torch's "meta", whose
tensors have no values of their own: nothing is registered or patched for it, so that nothing is
left behind. Values lie in a CPU tensor beside each.
"""

from __future__ import annotations

import contextlib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
PACKAGE = "/darknet_py/"

WAITS = {
    "_local_scalar_dense",
    "_unique2",
    "argwhere",
    "bincount",
    "equal",
    "is_nonzero",
    "masked_select",
    "multinomial",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
"""Operations whose result, or its size, the host must know before it goes on."""
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}
TRANSFERS = {"_to_copy", "copy_", "lift_fresh"}
COPIED_SCALARS = {"where"}
"""Operations that copy a single value of the host to the device, where others pass it by value."""
FROM_LISTS = {torch.tensor, torch.as_tensor, Tensor.new_tensor}
"""What leaves tensors of the device without values unless it is told them."""


@dataclass
class DeviceLog:
    """How often each line of the package did what a GPU does not like.

    mixing: tensors of two devices in one operation, an error on CUDA. waits: the host waits until
    the device is done. uploads: copies to the device, marked where the host waits for them.
    """

    mixing: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    uploads: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        for counts in (self.mixing, self.waits, self.uploads):
            counts.clear()

    @property
    def totals(self) -> tuple[int, int, int]:
        """Of mixing, waits, uploads."""
        return self.mixing.total(), self.waits.total(), self.uploads.total()

    def __str__(self) -> str:
        parts = {"mixing": self.mixing, "wait": self.waits, "upload": self.uploads}
        rows = ((name, *row) for name, counts in parts.items() for row in counts.most_common())
        return "\n".join(f"{name} x{count}: {what}" for name, what, count in rows)


class StandIn(Tensor):
    """A tensor of DEVICE; `values` holds what it would on the CPU."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> StandIn:
        tensor = Tensor._make_wrapper_subclass(
            cls,
            values.size(),
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            layout=values.layout,
            device=DEVICE,
        )
        tensor.values = values.detach()
        return tensor

    def __repr__(self, **_: Any) -> str:
        return f"StandIn({self.values})"

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func} on the stand-in device outside `with stand_in_device()`")


def _line() -> str:
    """The innermost line of the package that is at work."""
    for frame in reversed(traceback.extract_stack()):
        if PACKAGE in frame.filename:
            return f"{frame.filename.rsplit(PACKAGE, 1)[1]}:{frame.lineno} {frame.line}"
    return "outside the package"


@dataclass(frozen=True)
class _Call:
    """One operation of torch, and which of its arguments lie where."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.func.overloadpacket.__name__)

    @property
    def tensors(self) -> list[Tensor]:
        flat, _ = tree_flatten((self.args, self.kwargs))
        return [value for value in flat if isinstance(value, Tensor)]

    @property
    def there(self) -> list[StandIn]:
        return [tensor for tensor in self.tensors if isinstance(tensor, StandIn)]

    @property
    def here(self) -> list[Tensor]:
        return [tensor for tensor in self.tensors if not isinstance(tensor, StandIn)]

    @property
    def target(self) -> torch.device | None:
        device = self.kwargs.get("device")
        return None if device is None else torch.device(device)

    @property
    def gives_there(self) -> bool:
        return bool(self.there) if self.target is None else self.target == DEVICE

    def run(self) -> Any:
        """On the CPU."""
        args, kwargs = tree_map(_on_cpu, self.args), tree_map(_on_cpu, self.kwargs)
        out = self.func(*args, **kwargs)
        if out is None:
            return None
        if self.func._schema.is_mutable and self.name.endswith("_"):
            return self.args[0]
        if not self.gives_there:
            return out
        return tree_map(lambda one: StandIn(one) if isinstance(one, Tensor) else one, out)


def _on_cpu(value: Any) -> Any:
    if isinstance(value, StandIn):
        return value.values
    return torch.device("cpu") if isinstance(value, torch.device) else value


class _Watched(TorchDispatchMode):
    """Runs every operation on the CPU and tells the log."""

    def __init__(self, log: DeviceLog) -> None:
        super().__init__()
        self.log = log

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._can_decompose():  # inference mode hands on what else is taken apart before
            with self:
                return func.decompose(*args, **kwargs or {})
        call = _Call(func, args, kwargs or {})
        if call.name in TRANSFERS:
            self._transfer(call)
        elif call.there:
            self._compute(call)
        return call.run()

    def _transfer(self, call: _Call) -> None:
        """An operation that may take a tensor from one device to the other."""
        to_there = call.gives_there
        if call.name == "copy_":
            to_there, from_there = (isinstance(one, StandIn) for one in call.args[:2])
        else:
            from_there = bool(call.there)
        if from_there and not to_there:
            self.log.waits[f"{call.name} to the host, {_line()}"] += 1
        if to_there and not from_there and call.name != "lift_fresh":
            self._upload(call.name, call.kwargs.get("non_blocking") or len(call.args) > 2)

    def _compute(self, call: _Call) -> None:
        if call.name in WAITS:
            self.log.waits[f"{call.name}, {_line()}"] += 1
        sized = [tensor for tensor in call.here if tensor.dim() > 0]
        if call.name in INDEXED:
            self._index(call, sized)
        elif sized:
            self.log.mixing[f"{call.name}, {_line()}"] += 1
        if call.name in COPIED_SCALARS and len(sized) < len(call.here):
            self._upload("single value", False)

    def _index(self, call: _Call, sized: list[Tensor]) -> None:
        """Indices of the host are copied to the device; masks have a number of rows to be told."""
        indices = [index for index in call.args[1] if index is not None]
        if any(index.dtype in (torch.bool, torch.uint8) for index in indices):
            self.log.waits[f"mask, {_line()}"] += 1
        copied = [index for index in indices if not isinstance(index, StandIn)]
        for _ in copied:
            self._upload("index", False)
        if len(sized) > len([index for index in copied if index.dim() > 0]):
            self.log.mixing[f"{call.name}, {_line()}"] += 1

    def _upload(self, what: str, non_blocking: bool) -> None:
        self.log.uploads[f"{what}{'' if non_blocking else ' (blocking)'}, {_line()}"] += 1


class _Filled(TorchFunctionMode):
    """Takes Python's numbers to the device and back by way of the CPU, which has values."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is Tensor.tolist:
            return args[0].cpu().tolist()
        if func not in FROM_LISTS:
            return func(*args, **kwargs)
        device = kwargs.pop("device", None)
        if func is Tensor.new_tensor:
            device = args[0].device if device is None else device
            kwargs.setdefault("dtype", args[0].dtype)
            func, args = torch.tensor, args[1:]
        made = func(*args, **kwargs)
        return made if device is None else made.to(device)


@contextlib.contextmanager
def stand_in_device() -> Iterator[DeviceLog]:
    """Where tensors of DEVICE have values; what happens there is counted in the log."""
    log = DeviceLog()
    with _Filled(), _Watched(log):
        yield log


def to_device(tensor: Tensor) -> Tensor:
    """A copy on DEVICE that nobody counts."""
    return StandIn(tensor.clone())
