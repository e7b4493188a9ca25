"""Which network, as which Darknet and on what: the options that several commands have."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from darknet_py.engines.calibration import MAP_IMAGES, MAX_MAP_LOSS
from darknet_py.engines.devices import chosen_device
from darknet_py.engines.table import ENGINE_PRECISIONS, EngineConfig, checked, engine_names
from darknet_py.forks import ALEXEYAB, FORKS, Fork, default_fork, fork_named
from darknet_py.options.flag import MOST_SIDE, flag, flags_of

NAMES = "Class names, one per line."


@dataclass(frozen=True, kw_only=True)
class ForkOptions:
    """fork: a name in forks.FORKS."""

    fork: str = flag(
        ALEXEYAB.name,
        "Which Darknet's numbers to give if the two differ.",
        choices=tuple(FORKS),
        usual=default_fork,
    )

    @property
    def fork_in_force(self) -> Fork:
        """The record that is meant."""
        return fork_named(self.fork)


@dataclass(frozen=True, kw_only=True)
class ImageOptions(ForkOptions):
    """How commands that read image files read them."""

    exif: bool | None = flag(
        None,
        "Turn images upright as their EXIF says, or take them as stored (default: the fork's).",
        "--exif/--no-exif",
    )

    @property
    def fork_in_force(self) -> Fork:
        """The fork's record, with what `exif` changes in it."""
        fork = fork_named(self.fork)
        return fork if self.exif is None else fork.reading(upright=self.exif)


LIVE = "live"
"""A log style of trainings alone."""


def log_style_set() -> str:
    """$DARKNET_PY_LOG_STYLE, or auto."""
    return os.environ.get("DARKNET_PY_LOG_STYLE", "auto")


def default_log_style() -> str:
    """The same for commands that have no live line."""
    return "auto" if log_style_set() == LIVE else log_style_set()


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """How much of what the C programs print is printed."""

    log_style: str = flag(
        "auto",
        "darknet: all lines that Darknet prints; plain: results; auto: darknet unless stdout is a "
        "terminal.",
        "--log-style",
        choices=("auto", "plain", "darknet"),
        usual=default_log_style,
    )

    @property
    def as_darknet(self) -> bool:
        """Whether every line of Darknet's is printed."""
        piped = self.style == "auto" and not sys.stdout.isatty()
        return piped or self.style == "darknet"

    @property
    def style(self) -> str:
        """The style that is meant: auto leaves it to the environment."""
        return log_style_set() if self.log_style == "auto" else self.log_style


@dataclass(frozen=True, kw_only=True)
class SizeOptions:
    """Pixels of the network's input, None for the cfg's."""

    width: int | None = flag(
        None, "Input width in pixels instead of the cfg's.", least=1, most=MOST_SIDE
    )
    height: int | None = flag(
        None, "Input height in pixels instead of the cfg's.", least=1, most=MOST_SIDE
    )


@dataclass(frozen=True, kw_only=True)
class CfgOptions(ForkOptions, SizeOptions):
    """A cfg file and how it is read."""

    cfg: str


@dataclass(frozen=True, kw_only=True)
class ModelOptions(CfgOptions):
    """A cfg and a .weights file that fits it; None for random weights, as in Darknet."""

    weights: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Where a network runs. device: cpu, cuda, cuda:N or mps; None: a GPU, if there is one."""

    gpu: int | None = flag(None, "Number of the CUDA device to run on.", "-i", metavar="GPU")
    nogpu: bool = flag(False, "Run on the CPU.")
    device: str | None = flag(None, "cpu, cuda, cuda:N or mps (default: CUDA if there is one).")

    @property
    def chosen_device(self) -> str:
        """The device meant; looks, with torch, whether there is a GPU."""
        return chosen_device(self.device, self.gpu, self.nogpu)


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How a network runs there; see EngineConfig."""

    precision: str = flag(
        EngineConfig.precision,
        "Precision of the arithmetic; heads are always fp32.",
        choices=ENGINE_PRECISIONS,
    )
    engine: str = flag(EngineConfig.engine, f"What runs the network: {', '.join(engine_names())}.")
    compiled: bool | None = flag(
        EngineConfig.compiled,
        "Compile the network first; the result is kept for the next start (default: only where "
        "that takes seconds, which is fp32 on a CPU with a C++ compiler).",
        "--compile/--no-compile",
    )
    exact: bool = flag(
        EngineConfig.exact, "Sums in the usual order, without Winograd's fewer products."
    )

    calibrate: str | None = flag(
        None,
        "Data set whose labelled images of valid= calibrate --precision int8: mAP before and after "
        "is printed, and what was found is kept for later starts, which need no DATA.",
        metavar="DATA",
    )
    calibrate_images: int | None = flag(
        None,
        f"At most so many of these images [default: {MAP_IMAGES}].",
        "--calibrate-images",
        least=1,
        metavar="N",
    )
    max_map_loss: float | None = flag(
        None,
        f"int8 is refused where it loses more of the mAP@.50 [default: {MAX_MAP_LOSS:g}].",
        "--max-map-loss",
        least=0,
        most=1,
    )

    def require_engine(self) -> None:
        """Raises DarknetError for an engine that is not there, or cannot do what is asked."""
        checked(self._config())

    def _config(self, device: str = "cpu", threads: int | None = None) -> EngineConfig:
        """All that is said of the engine, there."""
        own = {name: getattr(self, name) for name in flags_of(EngineOptions)}
        return EngineConfig(device=device, threads=threads, **own)


@dataclass(frozen=True, kw_only=True)
class RunOptions(DeviceOptions, EngineOptions):
    """What a network runs on."""

    def engine_config(self, threads: int | None = None) -> EngineConfig:
        """On the device that is meant."""
        return self._config(self.chosen_device, threads)
