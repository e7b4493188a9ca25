"""Engines measured against each other on one network: which of them is the fastest here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from darknet_py.engines.comparison import differences
from darknet_py.engines.engine import Engine
from darknet_py.errors import DarknetError

Clock = Callable[[], float]
Rest = Callable[[float], object]
Opener = Callable[[], Engine]

SECONDS = 5.0
"""When these are over no further round begins."""
FEWEST_ROUNDS, MOST_ROUNDS = 3, 40
"""On a busy machine single calls take many times what others do; of three turns one is undisturbed,
nearly always."""
REST_SECONDS = 0.02
"""Before an engine's turn: the threads of the last one go on spinning for some milliseconds, for
more work that might come, and would share the processor with it."""
TURN_SECONDS = 0.01
"""A turn's calls take about as long in all; the first fills caches and wakes the own threads."""
HOPELESS = 2.0
"""Times the best time of all; what is slower takes no part in rounds beyond the fewest."""


@dataclass(frozen=True)
class RaceResult:
    """seconds: the least time of a call, by engine. left_out: why those have none that took no
    part or dropped out."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def fastest(self) -> str:
        return min(self.seconds, key=self.seconds.__getitem__)


class Race:
    """Engines side by side, all on the same images.

    The first one is the measure of right and wrong: its own errors are raised.
    """

    def __init__(
        self,
        x: Tensor,
        tolerance: float,
        clock: Clock = time.perf_counter,
        rest: Rest = time.sleep,
    ) -> None:
        """x (N, C, H, W). tolerance: how far from the first one's heads others may be, as a share
        of the largest value. clock, rest: seconds now, and a wait of so many."""
        self._x, self._tolerance = x, tolerance
        self._clock, self._rest = clock, rest
        self._expected: list[Tensor] = []
        self._running: dict[str, Engine] = {}
        self._least: dict[str, float] = {}
        self._left_out: dict[str, str] = {}

    def run(self, openers: Mapping[str, Opener]) -> RaceResult:
        """openers: by the engine's name, in the order of turns."""
        for name, opener in openers.items():
            if failure := self._opened(name, opener):
                if not self._expected:
                    raise failure
                self._left_out[name] = reason_of(failure)
        start = self._clock()
        for done in range(MOST_ROUNDS):
            if done >= FEWEST_ROUNDS and self._clock() - start >= SECONDS:
                break
            self._round(final=done >= FEWEST_ROUNDS)
        if not self._least:
            raise DarknetError(f"no engine runs: {listed(self._left_out)}")
        return RaceResult(self._least, self._left_out)

    def engine(self, name: str) -> Engine:
        """One that took part to the end, open and ready."""
        return self._running[name]

    def _opened(self, name: str, opener: Opener) -> Exception | None:
        """Takes part from here on; else the reason why not."""
        try:
            engine = opener()
            engine.prepare(len(self._x))
            heads = [head.clone() for head in engine(self._in_layout(engine))]
            self._compare(heads)
        except Exception as failure:  # noqa: BLE001 - other people's runtimes raise anything
            return failure
        self._expected = self._expected or heads
        self._running[name] = engine
        return None

    def _compare(self, heads: list[Tensor]) -> None:
        far = max(differences(heads, self._expected or heads))
        if not far <= self._tolerance:
            raise DarknetError(f"its output is {far:.1e} of the largest value off")

    def _round(self, final: bool) -> None:
        """A turn of each; in the final ones of those only that still have a chance."""
        best = min(self._least.values(), default=float("inf"))
        for name, engine in list(self._running.items()):
            if final and self._least[name] > HOPELESS * best:
                continue
            try:
                seconds = self._turn(engine)
            except Exception as failure:  # noqa: BLE001
                self._left_out[name] = reason_of(failure)
                self._least.pop(name, None)
                del self._running[name]
            else:
                self._least[name] = min(seconds, self._least.get(name, seconds))

    def _turn(self, engine: Engine) -> float:
        """The least seconds of some calls, after a rest."""
        self._rest(REST_SECONDS)
        x, least = self._in_layout(engine), float("inf")
        start = before = self._clock()
        while before - start < TURN_SECONDS:
            engine(x)
            after = self._clock()
            least, before = min(least, after - before), after
        return least

    def _in_layout(self, engine: Engine) -> Tensor:
        return self._x.to(engine.device).contiguous(memory_format=engine.layout)


def listed(left_out: Mapping[str, str]) -> str:
    """Names and reasons, in a line."""
    return ", ".join(f"{name} ({reason})" for name, reason in left_out.items())


def reason_of(failure: Exception) -> str:
    """In a line."""
    if isinstance(failure, DarknetError):
        return str(failure)
    return " ".join(f"{type(failure).__name__}: {failure}".split())
