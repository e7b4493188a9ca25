"""The options of the `go` words but `train`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_SEED, flag
from darknet_py.options.model import DeviceOptions, ForkOptions


@dataclass(frozen=True, kw_only=True)
class GoOptions(ForkOptions, DeviceOptions):
    """What the commands of networks for Go can be told."""

    cfg: str
    weights: str | None = None
    multi: bool = flag(False, "Average the network's answers over the board's 8 symmetries.")
    seed: int | None = flag(None, "Seed of what is random (default: any).", least=0, most=MOST_SEED)


@dataclass(frozen=True, kw_only=True)
class GoTestOptions(GoOptions):
    """The options of `go test`."""


@dataclass(frozen=True, kw_only=True)
class GoValidOptions(GoOptions):
    """The options of `go valid`."""

    data: str = flag("backup/go.test", "Moves to compare with.", "--file", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class GoEngineOptions(GoOptions):
    """The options of `go engine`."""

    anon: bool = flag(False, "Do not tell the program's name.")


@dataclass(frozen=True, kw_only=True)
class GoSelfOptions(GoOptions):
    """The options of `go self`; without cfg2 the network plays against itself."""

    cfg2: str | None = None
    weights2: str | None = None
    games: int = flag(0, "Number of games (default: no end, as in Darknet).", least=0, hidden=True)
