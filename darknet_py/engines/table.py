"""Every engine a network can run on: where its code is, what it needs. To add one, add a row."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from darknet_py.errors import DarknetError, nearest

if TYPE_CHECKING:
    from darknet_py.engines.calibration import Calibration

PRECISIONS = ("fp32", "bf16", "fp16")
RUN_PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
"""Of torch; tf32: float32 whose products CUDA rounds to 10 bits, much faster."""
INT8 = "int8"
ENGINE_PRECISIONS = (*RUN_PRECISIONS, INT8)
"""Of engines altogether."""


@dataclass(frozen=True)
class EngineConfig:
    """How a network is to run.

    engine: a row of ENGINES, or AUTO. precision: of the arithmetic; heads are always float32.
    compiled: made into machine code for this machine first (torch only; the others always do);
    None: where that takes no longer than a moment, which is fp32 on a processor. exact: sums as
    they are written down, without Winograd's way to fewer products (torch only). device: cpu, cuda,
    cuda:N or mps. threads: None leaves it to the engine.

    Of int8 alone: calibrate: the data set whose images say the ranges of values; None: as they were
    kept before. calibrate_images: at most so many of them. max_map_loss: of the mAP, a share of 1;
    None: MAX_MAP_LOSS. calibration: the ranges, where they are known.
    """

    engine: str = "torch"
    precision: str = "fp32"
    compiled: bool | None = None
    device: str = "cpu"
    threads: int | None = None
    exact: bool = False
    calibrate: str | None = None
    calibrate_images: int | None = None
    max_map_loss: float | None = None
    calibration: Calibration | None = None


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
        precisions=("fp32", INT8),
    ),
    "openvino": EngineRow(
        "darknet_py.engines.openvino_engine:OpenVino",
        ("openvino", "onnx"),
        precisions=(*PRECISIONS, INT8),
    ),
    "tensorrt": EngineRow(
        "darknet_py.engines.tensorrt_engine:TensorRt",
        ("onnxruntime", "tensorrt", "onnx"),
        packages=("onnxruntime-gpu", "tensorrt", "onnx"),
    ),
    "ncnn": EngineRow("darknet_py.engines.ncnn_engine:Ncnn", ("ncnn",), precisions=("fp32",)),
    "mnn": EngineRow("darknet_py.engines.mnn_engine:Mnn", ("MNN", "onnx"), precisions=("fp32",)),
}
AUTO = "auto"
"""In the place of an engine's name: whichever of them is the fastest, by measurement."""
CHOOSING = EngineRow(
    "darknet_py.engines.auto_engine:AutoEngine", precisions=RUN_PRECISIONS, compiles=True
)


def engine_names() -> list[str]:
    """What may be asked for."""
    return [*ENGINES, AUTO]


def installed() -> list[str]:
    """The engines that can be used here."""
    return [name for name, row in ENGINES.items() if not missing(row)]


def checked(config: EngineConfig) -> EngineRow:
    """The engine's row; raises DarknetError when it cannot do what is asked."""
    row = CHOOSING if config.engine == AUTO else ENGINES.get(config.engine)
    if row is None:
        names = engine_names()
        hint = nearest(config.engine, names)
        raise DarknetError(f"unknown engine '{config.engine}', known are {', '.join(names)}{hint}")
    if config.precision not in row.precisions:
        known = ", ".join(row.precisions)
        known_elsewhere = config.precision in ENGINE_PRECISIONS
        hint = "" if known_elsewhere else nearest(config.precision, row.precisions)
        unknown = f"unknown precision '{config.precision}' for engine {config.engine}"
        raise DarknetError(f"{unknown}, known are {known}{hint}{_who_else(config.precision)}")
    if lacking := missing(row):
        cure = f"pip install {' '.join(row.packages or row.modules)}"
        raise DarknetError(f"engine {config.engine} needs {', '.join(lacking)}; {cure}")
    if config.compiled and not row.compiles:
        raise DarknetError(f"--compile is for engine torch; {config.engine} always compiles")
    if config.exact and not row.compiles:
        raise DarknetError(f"--exact is for engine torch; {config.engine} sums as it likes")
    _require_int8(config)
    return row


def _who_else(precision: str) -> str:
    having = [name for name, row in ENGINES.items() if precision in row.precisions]
    return f"; {precision} have {', '.join(having)}" if having else ""


def _require_int8(config: EngineConfig) -> None:
    """Raises DarknetError for what is said of int8 beside another precision."""
    if config.precision == INT8:
        return
    for word in ("calibrate", "calibrate_images", "max_map_loss"):
        if getattr(config, word) is not None:
            flag = word.replace("_", "-")
            raise DarknetError(f"--{flag} is for precision int8, not for {config.precision}")


def missing(row: EngineRow) -> list[str]:
    """The modules it needs that are not installed."""
    return [name for name in row.modules if importlib.util.find_spec(name) is None]
