"""The precision of training: single, or torch's mixed precision."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from darknet_py.errors import DarknetError, nearest
from darknet_py.train.optimizer import Optimizer, StepInfo

TYPES = {"fp32": None, "tf32": None, "bf16": torch.bfloat16, "fp16": torch.float16}

USUAL_SCALE = 128.0
"""loss_scale of AlexeyAB's cfgs: deltas reach far beyond 1, so torch's 65536 would overflow."""


@dataclass
class Precision:
    """fp32, or torch's autocast to bf16 or fp16; losses, heads and weights stay in fp32.

    tf32 is fp32 here: what it changes, the Trainer tells CUDA.

    scale: what fp16 gradients are multiplied by at first (loss_scale of [net]), 1: the usual.
    """

    name: str
    device: torch.device
    scale: float = 1.0
    scaler: torch.amp.GradScaler = field(init=False)

    def __post_init__(self) -> None:
        if self.name not in TYPES:
            known = ", ".join(TYPES)
            message = f"unknown precision '{self.name}', known are {known}"
            raise DarknetError(message + nearest(self.name, TYPES))
        # fp16 alone cannot hold small gradients; others pass the scaler untouched.
        start = self.scale if self.scale > 1 else USUAL_SCALE
        is_fp16 = self.name == "fp16"
        self.scaler = torch.amp.GradScaler(self.device.type, init_scale=start, enabled=is_fp16)

    def cast(self) -> AbstractContextManager[Any]:
        """Where the forward pass runs."""
        kind = TYPES[self.name]
        if kind is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=kind)

    def backward(self, ends: list[Tensor], gradients: list[Tensor]) -> None:
        """From each end with its gradient."""
        torch.autograd.backward(ends, self._seeds(ends, gradients))

    def _seeds(self, ends: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
        """What a backward pass begins with."""
        scaled = self.scaler.scale(gradients)
        return [seed.to(end.dtype) for end, seed in zip(ends, scaled, strict=True)]

    def input_gradient(self, ends: list[Tensor], gradients: list[Tensor], x: Tensor) -> Tensor:
        """Of x, from each end with its gradient; 0 where none comes, or where fp16 overflowed.

        Nothing is left on any other tensor.
        """
        if not ends:
            return torch.zeros_like(x)
        seeds = self._seeds(ends, gradients)
        (gradient,) = torch.autograd.grad(ends, x, seeds, allow_unused=True)
        if gradient is None:
            return torch.zeros_like(x)
        return torch.nan_to_num(gradient / self.delta_scale(), nan=0.0, posinf=0.0, neginf=0.0)

    def delta_scale(self) -> Tensor:
        """What gradients are multiplied by: a tensor (), for which no host waits."""
        return self.scaler.scale(torch.ones((), device=self.device))

    def step(self, optimizer: Optimizer, info: StepInfo, factor: float) -> None:
        """One step of the optimizer, left out when fp16 gradients overflowed."""
        if optimizer.has_gradients:
            # GradScaler asks for nothing but param_groups and step.
            self.scaler.step(optimizer, info, factor)  # type: ignore[arg-type]
            self.scaler.update()
        else:
            # It refuses an optimizer without gradients; decay goes on without them.
            optimizer.step(info, factor)
        optimizer.clear()

    def state(self) -> dict[str, float]:
        """What a resumed training needs."""
        if not self.scaler.is_enabled():
            return {}
        current = self.scaler.state_dict()
        return {"scale": current["scale"], "growth": current["_growth_tracker"]}

    def restore(self, state: dict[str, float]) -> None:
        if self.scaler.is_enabled() and state:
            current = self.scaler.state_dict()
            current |= {"scale": state["scale"], "_growth_tracker": int(state["growth"])}
            self.scaler.load_state_dict(current)
