"""Every engine a network can run on: where its code is, what it needs. To add one, add a row."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from darknet_py.errors import DarknetError, nearest

PRECISIONS = ("fp32", "bf16", "fp16")
RUN_PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
"""Of engines altogether; tf32: float32 whose products CUDA rounds to 10 bits, much faster."""


@dataclass(frozen=True)
class EngineConfig:
    """How a network is to run.

    engine: a row of ENGINES. precision: of the arithmetic; heads are always float32.
    compiled: made into machine code for this machine first (torch only; the others always do);
    None: where that takes no longer than a moment, which is fp32 on a processor. exact: sums as
    they are written down, without Winograd's way to fewer products (torch only). device: cpu, cuda,
    cuda:N or mps. threads: None leaves it to the engine.
    """

    engine: str = "torch"
    precision: str = "fp32"
    compiled: bool | None = None
    device: str = "cpu"
    threads: int | None = None
    exact: bool = False


@dataclass(frozen=True)
class EngineRow:
    """home: module and class. modules: what must be importable. packages: what pip installs for
    them, in which all are; none: packages of the modules' names."""

    home: str
    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    precisions: tuple[str, ...] = PRECISIONS
    compiles: bool = False


ENGINES: dict[str, EngineRow] = {
    "torch": EngineRow(
        "darknet_py.engines.torch_engine:Pytorch", precisions=RUN_PRECISIONS, compiles=True
    ),
    "onnxruntime": EngineRow(
        "darknet_py.engines.onnxruntime_engine:OnnxRuntime",
        ("onnxruntime", "onnx"),
        precisions=("fp32",),
    ),
    "openvino": EngineRow("darknet_py.engines.openvino_engine:OpenVino", ("openvino", "onnx")),
    "tensorrt": EngineRow(
        "darknet_py.engines.tensorrt_engine:TensorRt",
        ("onnxruntime", "tensorrt", "onnx"),
        packages=("onnxruntime-gpu", "tensorrt", "onnx"),
    ),
}


def installed() -> list[str]:
    """The engines that can be used here."""
    return [name for name, row in ENGINES.items() if not missing(row)]


def checked(config: EngineConfig) -> EngineRow:
    """The engine's row; raises DarknetError when it cannot do what is asked."""
    row = ENGINES.get(config.engine)
    if row is None:
        hint = nearest(config.engine, ENGINES)
        raise DarknetError(
            f"unknown engine '{config.engine}', known are {', '.join(ENGINES)}{hint}"
        )
    if config.precision not in row.precisions:
        known = ", ".join(row.precisions)
        hint = (
            "" if config.precision in RUN_PRECISIONS else nearest(config.precision, row.precisions)
        )
        unknown = f"unknown precision '{config.precision}' for engine {config.engine}"
        raise DarknetError(f"{unknown}, known are {known}{hint}")
    if lacking := missing(row):
        cure = f"pip install {' '.join(row.packages or row.modules)}"
        raise DarknetError(f"engine {config.engine} needs {', '.join(lacking)}; {cure}")
    if config.compiled and not row.compiles:
        raise DarknetError(f"--compile is for engine torch; {config.engine} always compiles")
    if config.exact and not row.compiles:
        raise DarknetError(f"--exact is for engine torch; {config.engine} sums as it likes")
    return row


def missing(row: EngineRow) -> list[str]:
    """The modules it needs that are not installed."""
    return [name for name in row.modules if importlib.util.find_spec(name) is None]
