"""What takes part in a benchmark: engines, precisions and batch sizes multiplied out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from darknet_py.engines.table import ENGINES, EngineConfig, checked, installed
from darknet_py.errors import DarknetError

ALL = "all"


@dataclass(frozen=True)
class Entry:
    """One row of the table. compiled: as EngineConfig has it.

    named: the engine was asked for by its name, so it has to run.
    """

    engine: str
    precision: str = "fp32"
    compiled: bool | None = None
    batch: int = 1
    named: bool = True

    @property
    def label(self) -> str:
        return " ".join([self.engine, self.precision, *(["compiled"] if self.compiled else [])])

    def config(self, device: str, threads: int | None) -> EngineConfig:
        return EngineConfig(self.engine, self.precision, self.compiled, device, threads)


def entries(
    engines: Sequence[str], precisions: Sequence[str], compiled: bool, batches: Sequence[int]
) -> list[Entry]:
    """Every combination, batch by batch; with `compiled` torch takes part eager and compiled.

    Raises DarknetError for an engine that is not in the table, and for `compiled` when no engine
    is among them that has it to choose.
    """
    chosen = list(_chosen(engines))
    if compiled and not any(ENGINES[name].compiles for name, _ in chosen):
        names = ", ".join(name for name, _ in chosen)
        raise DarknetError(f"--compile is for engine torch; {names} always compiles")
    return [
        Entry(name, precision, made, batch, named)
        for batch in batches
        for precision in precisions
        for name, named in chosen
        for made in _forms(name, compiled)
    ]


def _chosen(engines: Sequence[str]) -> Iterable[tuple[str, bool]]:
    """(engine, whether it was named), each once, in the order written."""
    named: dict[str, bool] = {}
    for word in engines:
        if word == ALL:
            named = dict.fromkeys(installed(), False) | named
        elif word in ENGINES:
            named[word] = True
        else:
            checked(EngineConfig(word))  # raises the table's own message
    return named.items()


def _forms(engine: str, compiled: bool) -> tuple[bool | None, ...]:
    return (False, True) if compiled and ENGINES[engine].compiles else (None,)
