"""The options of `benchmark` and `speed`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.engines.table import ENGINES, RUN_PRECISIONS, EngineConfig
from darknet_py.options.flag import MOST_IMAGES, MOST_WORKERS, flag, seed_flag
from darknet_py.options.model import CfgOptions, DeviceOptions, RunOptions

MINUTES, MOST_MINUTES = 8.0, 600.0
"""Of `benchmark --gpu`."""
SECONDS = 4.0
"""For each entry of `benchmark` when neither --runs nor --seconds is given."""


@dataclass(frozen=True, kw_only=True)
class ThreadOptions:
    """Of the CPU; None leaves it to the engine."""

    threads: int | None = flag(
        None,
        "Threads of the CPU (default: as many as the engine takes).",
        least=1,
        most=MOST_WORKERS,
    )


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(CfgOptions, DeviceOptions, ThreadOptions):
    """The options of `benchmark`."""

    weights: str | None = None
    engines: tuple[str, ...] = flag(
        (EngineConfig.engine,),
        f"Engines to run side by side: {', '.join(ENGINES)}; all: those that are installed.",
        listed=True,
        metavar="LIST",
    )
    precision: tuple[str, ...] = flag(
        (EngineConfig.precision,),
        f"Precisions of the arithmetic: {', '.join(RUN_PRECISIONS)}.",
        choices=RUN_PRECISIONS,
        listed=True,
        metavar="LIST",
    )
    compiled: bool = flag(False, "Run torch twice: not compiled, and compiled.", "--compile")
    batch: tuple[int, ...] = flag(
        (1,), "Batch sizes.", least=1, most=MOST_IMAGES, listed=True, metavar="LIST"
    )
    runs: int | None = flag(None, "Timed calls of each entry.", least=1)
    seconds: float | None = flag(
        None,
        f"Time for each entry [default: {SECONDS:g}, unless --runs is given].",
        least=0,
        above=True,
    )
    seed: int = seed_flag("Seed of random weights and inputs.")
    parts: bool = flag(False, "Time decoding, fitting, network and boxes as well.")
    image: str | None = flag(None, "Image for --parts instead of a drawn one.", metavar="FILE")
    layers: bool = flag(False, "Time every layer as well.")
    out: str | None = flag(None, "Write the metrics as JSON.", "-o", "--out", metavar="FILE.json")
    chart: str | None = flag(None, "Draw the medians as bars.", metavar="FILE.png")
    gpu_table: bool = flag(
        False,
        "Instead: one table of all that a CUDA device is to show, as gpu-table.json (or --out) and "
        ".md. It takes no CFG, or one that comes beside its own.",
        "--gpu",
    )
    minutes: float = flag(
        MINUTES, "After which --gpu begins no further row.", least=0, above=True, most=MOST_MINUTES
    )

    @property
    def time(self) -> float | None:
        """Seconds for each entry; None where only the number of calls ends the run."""
        return SECONDS if self.runs is None and self.seconds is None else self.seconds


@dataclass(frozen=True, kw_only=True)
class SpeedOptions(CfgOptions, RunOptions, ThreadOptions):
    """The options of `speed`. tics: counted passes, 0 for Darknet's 1000."""

    tics: int = 0
