"""The network on torch: machine code made for this processor where it can be, else prepared calls.

On a processor that is C++ of our own (engines/native), built once by its compiler; elsewhere, with
--compile, what torch's compiler makes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.compiled import CannotCompile, compiled
from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.cuda_graphs import float32_arithmetic, recorded
from darknet_py.engines.devices import (
    checked_device,
    computes,
    device_types,
    possible_precision,
)
from darknet_py.engines.eager import EXACT_RULES, RULES, EagerProgram
from darknet_py.engines.engine import Engine
from darknet_py.engines.native.operations import ProgramOptions
from darknet_py.engines.native.packing import PackedWeights
from darknet_py.engines.native.program import NativeProgram
from darknet_py.engines.native.stored_program import ProgramRecord
from darknet_py.engines.table import EngineConfig
from darknet_py.network.network import Network

logger = logging.getLogger(__name__)
TYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
MOST_PROGRAMS = 4
"""Programs of as many batch sizes are kept; each may hold the weights once more."""

Call = Callable[[Tensor], list[Tensor]]


class Pytorch(Engine):
    """Runs the inference form of a network, prepared for each batch size when it first comes.

    Its calls are of the weights there were when it was opened.
    """

    def __init__(self, network: Network, config: EngineConfig) -> None:
        device = checked_device(config.device)
        precision = possible_precision(config.precision, device)
        super().__init__(network, replace(config, precision=precision), device)
        fp32 = self.config.precision == EngineConfig.precision
        self._native = device.type == "cpu" and fp32 and config.compiled is not False
        self.compiled = bool(config.compiled)
        self.parallel = self._native or not self.compiled
        self.dtype = TYPES[self.config.precision]
        self.layout = layout_for(self.config.precision, device)
        self.network.to(self.device, self.dtype)
        self.network.to(memory_format=self.layout)  # type: ignore[call-overload]
        self._files = NetworkFiles(self.network)
        self._packed = PackedWeights()
        self._programs: dict[tuple[int, int], Call] = {}
        self._lock = threading.Lock()

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        everywhere = [name for name in TYPES if name != "tf32"]
        on_cpu = tuple(name for name in everywhere if computes(TYPES[name]))
        own = {"cpu": on_cpu, "cuda": tuple(TYPES)}
        return {device: own.get(device, tuple(everywhere)) for device in device_types()}

    def __call__(self, x: Tensor) -> list[Tensor]:
        x = self._placed(self.network.checked(x))
        with torch.inference_mode():
            size, program = self._program(len(x))
            if size > len(x):
                x, count = F.pad(x, (0, 0, 0, 0, 0, 0, 0, size - len(x))), len(x)
                heads = [head[:count] for head in program(x)]
            else:
                heads = program(x)
        if self.device.type == "cuda":
            # Not the whole device: another thread may be recording on it.
            torch.cuda.current_stream(self.device).synchronize()
        return heads

    def prepare(self, batch: int) -> None:
        with torch.inference_mode():
            self._program(batch)

    def record(self) -> ProgramRecord | None:
        with self._lock:
            made = list(self._programs.values())
        records = (program.record() for program in made if isinstance(program, NativeProgram))
        return next(filter(None, records), None)

    def _placed(self, x: Tensor) -> Tensor:
        """Copied to the device as it is and converted there."""
        x = x.to(self.device, non_blocking=self.device.type == "cuda")
        return x.to(self.dtype, memory_format=self.layout)

    def _program(self, count: int) -> tuple[int, Call]:
        """A program for so many images, and its batch size: where it is compiled maybe more."""
        # What oneDNN prepares depends on the number of threads as well.
        threads = torch.get_num_threads()
        with self._lock:
            fitting = [size for size, width in self._programs if width == threads and size >= count]
            size = min(fitting) if fitting and not self.parallel else count
            key = size, threads
            program = self._programs.pop(key, None) or self._made(count)
            self._programs[key] = program
            if len(self._programs) > MOST_PROGRAMS:
                del self._programs[next(iter(self._programs))]
        return size, program

    def _made(self, batch: int) -> Call:
        program = self._native_program(batch) if self._native else None
        if program:
            return program
        x = self._placed(torch.zeros(batch, *self.graph.net.input, device=self.device))
        call = self._compiled(x) if self.compiled else self._eager(batch)
        return recorded(call, x, self._tf32) if self.device.type == "cuda" else call

    @property
    def _tf32(self) -> bool:
        return self.config.precision == "tf32"

    def _native_program(self, batch: int) -> Call | None:
        """None where there is no C++ compiler, which is said if one was asked for."""
        options = ProgramOptions(torch.get_num_threads(), self.config.exact, self._packed)
        try:
            program = NativeProgram(self.network, batch, options)
        except CannotBuild as failure:
            level = logging.WARNING if self.config.compiled else logging.DEBUG
            logger.log(level, "--compile: %s; running without", failure)
            self._native = self.compiled = False
            return None
        self.compiled = True
        return program

    def _compiled(self, x: Tensor) -> Call:
        try:
            with float32_arithmetic(self._tf32):
                return compiled(self._files, x, self.config.precision)
        except CannotCompile as failure:
            logger.warning("--compile: %s; running without", failure)
            self.compiled = False
            return self._eager(len(x))

    def _eager(self, batch: int) -> EagerProgram:
        return EagerProgram(self.network, batch, EXACT_RULES if self.config.exact else RULES)


def layout_for(precision: str, device: torch.device) -> torch.memory_format:
    """Tensor cores and oneDNN want channels last; CUDA's exact kernels of float32 do not."""
    exact = device.type == "cuda" and precision == "fp32"
    return torch.contiguous_format if exact else torch.channels_last
