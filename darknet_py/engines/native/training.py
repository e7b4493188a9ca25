"""3x3 convolutions of a training in C++, with Winograd's fewer products: forward and backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.eager_winograd import KERNEL, POINTS, SIDE, tile_count
from darknet_py.engines.native import library as native
from darknet_py.engines.native.operations import LEAST_CHANNELS, parts
from darknet_py.engines.native.packing import block_halves, block_of
from darknet_py.layers.torch_kernels import Pair, convolve

FLOAT = 4
"""Bytes."""
FEW_TILES, MANY_TILES = 24, 96
"""That a thread takes at once: multiples of the rows that products have."""
MANY_CHANNELS = 512
"""Above, inputs and outputs together, kernels are much memory, to be read the less often."""
LEAST_SUMMED, MOST_SUMMED = 32, 256
"""Tiles of a sum of kernels' gradients before it is stored."""
MOST_GROUPS, GROUPED_FLOATS = 8, 4 << 20
"""Groups of tiles that are summed by themselves, and so side by side; the memory of their sums."""
CHANNELS_A_TILE = 3
"""The more channels, the more tiles are summed at once, as the sums are then much memory."""


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
        y = torch.empty((n, filters, h, w), memory_format=torch.channels_last)
        operation = _operation(x, pitch, filters, filters)
        _share(operation, n, threads)
        packed = _packed_floats(operation)
        each = native.whole_lines(library.scratch_of(operation))
        memory = self._floats(packed + threads * each)
        operation.weights = memory
        sizes = *kernel.shape[:2], operation.halves, flipped
        library.pack_training(kernel.data_ptr(), *sizes, memory, threads)
        operation.input.offset = operation.input2.offset = -1
        where = y.data_ptr(), x.data_ptr(), None, None, 0, memory + FLOAT * packed
        library.run(operation, 1, *where, each, n, threads)
        return y

    def kernel_gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Of a kernel (F, C, 3, 3), from its inputs x (N, C, H, W) and outputs' gradient."""
        library, threads = native.library(), torch.get_num_threads()
        (x, pitch), (gradient, gradient_pitch) = _channels_last(x), _channels_last(gradient)
        n, c = x.shape[:2]
        filters = gradient.shape[1]
        operation = _operation(x, pitch, filters, gradient_pitch)
        _group(operation, n)
        memory = self._floats(library.gradient_scratch(operation, threads))
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


def _operation(x: Tensor, pitch: int, filters: int, filters_pitch: int) -> native.Operation:
    """The convolution of x (N, C, H, W), not yet shared out."""
    _, c, h, w = x.shape
    operation = native.new_operation(native.WINOGRAD, size=KERNEL, parts=1)
    operation.stride_y = operation.stride_x = operation.pad_y = operation.pad_x = 1
    operation.input = operation.input2 = native.Tensor(0, h, w, c, pitch)
    operation.output = native.Tensor(0, h, w, filters, filters_pitch)
    return operation


def _share(operation: native.Operation, images: int, threads: int) -> None:
    """Into blocks of outputs, chunks of tiles, and parts for the threads."""
    into, out = operation.input, operation.output
    many = into.channels + out.channels > MANY_CHANNELS
    tiles = images * tile_count(out.height, out.width)
    operation.halves = block_halves(out.channels)
    operation.chunk = min(tiles, MANY_TILES if many else FEW_TILES)
    blocks = -(-out.channels // block_of(operation.halves))
    operation.parts = parts(-(-tiles // operation.chunk), blocks, threads)


def _group(operation: native.Operation, images: int) -> None:
    """For the gradient of kernels, in no way that depends on the number of threads."""
    into, out = operation.input, operation.output
    wanted = (into.channels + out.channels) // CHANNELS_A_TILE
    tiles = images * tile_count(out.height, out.width)
    operation.halves = block_halves(into.channels)
    operation.chunk = min(tiles, max(LEAST_SUMMED, min(MOST_SUMMED, wanted)))
    fitting = GROUPED_FLOATS // (POINTS * into.channels * out.channels)
    operation.parts = max(1, min(MOST_GROUPS, fitting, tiles // operation.chunk // 2))


def _packed_floats(operation: native.Operation) -> int:
    """Of kernels at Winograd's points."""
    block = block_of(operation.halves)
    filters = -(-operation.output.channels // block) * block
    return native.whole_lines(POINTS * filters * operation.input.channels)
