"""What a benchmark is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

SECONDS = 4.0
"""For each entry when neither --runs nor --seconds is given."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of `benchmark`."""

    cfg: str
    weights: str | None = None
    engines: tuple[str, ...] = ("torch",)
    precision: tuple[str, ...] = ("fp32",)
    compiled: bool = False
    batch: tuple[int, ...] = (1,)
    width: int | None = None
    height: int | None = None
    fork: str = "alexeyab"
    device: str | None = None
    gpu: int | None = None
    nogpu: bool = False
    threads: int | None = None
    runs: int | None = None
    seconds: float | None = None
    seed: int = 0
    parts: bool = False
    image: str | None = None
    layers: bool = False
    out: str | None = None
    chart: str | None = None

    @property
    def time(self) -> float | None:
        """Seconds for each entry; None where only the number of calls ends the run."""
        return SECONDS if self.runs is None and self.seconds is None else self.seconds
