"""3x3 convolutions of a training in C++, with Winograd's fewer products: forward and backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.native import library as native
from darknet_py.engines.native.operations import (
    LEAST_CHANNELS,
    SIDE,
    UNBOUNDED,
    tile_count,
    winograd_chunk,
)
from darknet_py.engines.native.packing import POINTS, block_halves, block_of
from darknet_py.layers.torch_kernels import Pair, convolve

KERNEL = 3
LINE = 16
"""Floats of a line of the cache."""
LEAST_CHUNK, MOST_CHUNK = 32, 256
CHANNELS_A_TILE = 3
"""The more channels, the more tiles are summed at once, as the sums are then much memory."""
IDENTITY = native.Activation(native.BOUNDED, 1.0, UNBOUNDED)


class TrainingConvolutions:
    """What a training convolves by, in place of `torch_kernels.convolve`.

    Which way a convolution goes depends on its shape alone, and so do the sums it makes: they are
    the same for any number of threads, images at once and steps. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._memory = torch.empty(0)

    def __call__(
        self,
        x: Tensor,
        kernel: Tensor,
        bias: Tensor | None,
        strides: Pair,
        padding: int,
        dilation: int,
        groups: int,
    ) -> Tensor:
        """F.conv2d of x (N, C, H, W); strides: (y, x)."""
        plain = (strides, padding, dilation, groups) == ((1, 1), 1, 1, 1) and bias is None
        if plain and _pays(x, kernel) and _built():
            convolved: Tensor = _Winograd.apply(x, kernel, self)  # type: ignore[no-untyped-call]
            return convolved
        return convolve(x, kernel, bias, strides, padding, dilation, groups)

    def convolved(self, x: Tensor, kernel: Tensor, flipped: bool) -> Tensor:
        """x (N, C, H, W) by kernel (F, C, 3, 3); flipped: x (N, F, H, W) back to (N, C, H, W)."""
        library, threads = native.library(), torch.get_num_threads()
        (x, pitch), kernel = _channels_last(x), kernel.contiguous(memory_format=torch.channels_last)
        n, c, h, w = x.shape
        filters = kernel.shape[1 if flipped else 0]
        halves = block_halves(filters)
        packed = _lines(POINTS * -(-filters // block_of(halves)) * block_of(halves) * c)
        operation = _operation(
            x, filters, pitch, filters, halves, winograd_chunk(c, filters, tile_count(h, w))
        )
        each = _lines(library.scratch_of(operation))
        memory = self._floats(packed + threads * each)
        sides = kernel.shape[:2]
        library.pack_training(kernel.data_ptr(), *sides, halves, flipped, memory, threads)
        y = torch.empty((n, filters, h, w), memory_format=torch.channels_last)
        biases = torch.zeros(_lines(filters) + block_of(halves))
        operation.weights, operation.biases = memory, biases.data_ptr()
        operation.input.offset = operation.input2.offset = -1
        where = y.data_ptr(), x.data_ptr(), biases.data_ptr(), memory + 4 * packed
        library.run(operation, 1, *where, each, n, threads)
        return y

    def kernel_gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Of a kernel (F, C, 3, 3), from its inputs x (N, C, H, W) and outputs' gradient."""
        library, threads = native.library(), torch.get_num_threads()
        (x, pitch), (gradient, gradient_pitch) = _channels_last(x), _channels_last(gradient)
        n, c, h, w = x.shape
        filters = gradient.shape[1]
        tiles = n * tile_count(h, w)
        wanted = max(LEAST_CHUNK, min(MOST_CHUNK, (c + filters) // CHANNELS_A_TILE))
        halves, chunk = block_halves(c), min(tiles, wanted)
        operation = _operation(x, filters, pitch, gradient_pitch, halves, chunk)
        memory = self._floats(library.gradient_scratch(operation))
        result = torch.empty((filters, c, KERNEL, KERNEL), memory_format=torch.channels_last)
        tensors = x.data_ptr(), gradient.data_ptr(), n, memory, result.data_ptr()
        library.kernel_gradient(operation, *tensors, threads)
        return result

    def _floats(self, count: int) -> int:
        """Where there are so many, for now. They are kept: new memory costs more than its use."""
        if len(self._memory) < count:
            self._memory = torch.empty(0)
            self._memory = torch.empty(count)
        return self._memory.data_ptr()


class _Winograd(torch.autograd.Function):
    """x (N, C, H, W) by kernel (F, C, 3, 3), with zeros around x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, convolutions: TrainingConvolutions) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.convolutions = convolutions
        return convolutions.convolved(x, kernel, flipped=False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, kernel = ctx.saved_tensors
        of_x, of_kernel, _ = ctx.needs_input_grad
        convolutions: TrainingConvolutions = ctx.convolutions
        return (
            convolutions.convolved(gradient, kernel, flipped=True) if of_x else None,
            convolutions.kernel_gradient(x, gradient) if of_kernel else None,
            None,
        )


def _pays(x: Tensor, kernel: Tensor) -> bool:
    """Measured: at .35 to .9 of oneDNN's time wherever it can be done."""
    large = min(kernel.shape[:2]) >= LEAST_CHANNELS and min(x.shape[2:]) >= SIDE and len(x) > 0
    alike = x.dtype == kernel.dtype == torch.float32 and x.device.type == "cpu"
    return large and alike and kernel.shape[2:] == (KERNEL, KERNEL)


def _built() -> bool:
    try:
        native.library()
    except CannotBuild:  # torch's convolutions do as well
        return False
    return True


def _channels_last(x: Tensor) -> tuple[Tensor, int]:
    """x, copied if it must be, and the floats from pixel to pixel."""
    _, channels, h, w = x.shape
    pitch = x.stride(3)
    if pitch >= channels and x.stride() == (h * w * pitch, 1, w * pitch, pitch):
        return x, pitch
    return x.contiguous(memory_format=torch.channels_last), channels


def _operation(
    x: Tensor, filters: int, pitch: int, out_pitch: int, halves: int, chunk: int
) -> native.Operation:
    _, c, h, w = x.shape
    operation = native.Operation(kind=native.WINOGRAD, size=KERNEL, halves=halves, chunk=chunk)
    operation.stride_y = operation.stride_x = operation.pad_y = operation.pad_x = 1
    operation.dilation = operation.groups = operation.parts = 1
    operation.activation, operation.scale = IDENTITY, 1.0
    operation.input = operation.input2 = native.Tensor(0, h, w, c, pitch)
    operation.output = native.Tensor(0, h, w, filters, out_pitch)
    return operation


def _lines(floats: int) -> int:
    return -(-floats // LINE) * LINE
