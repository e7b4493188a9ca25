"""Engines measured against each other, with a clock that only their calls move."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from support import fake_engine, tiny_detector

from darknet_py.engines.engine import Engine
from darknet_py.engines.race import FEWEST_ROUNDS, MOST_ROUNDS, Race, RaceResult, listed
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network, load_network


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.rests = 0

    def __call__(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.rests += 1


class Timed(Engine):
    """Its calls take these seconds each in turn, the last one for good, and give `value`."""

    layout = torch.contiguous_format

    def __init__(self, clock: Clock, seconds: Iterable[float], value: float = 1.0) -> None:
        self.clock, self.seconds, self.value = clock, list(seconds), value
        self.device = torch.device("cpu")
        self.calls = 0

    def prepare(self, batch: int) -> None:
        self.clock.now += 100

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        self.calls += 1
        self.clock.now += self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        if self.value < 0:
            raise ArithmeticError("kernel\n  lost")
        return [torch.full((len(x), 2), self.value)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def raced(clock: Clock, **engines: Engine) -> RaceResult:
    race = Race(torch.zeros(2, 3, 4, 4), 1e-3, clock, clock.rest)
    return race.run({name: lambda engine=engine: engine for name, engine in engines.items()})  # type: ignore[misc]


def test_the_least_of_all_counted_calls_decides(clock: Clock) -> None:
    """What is slow in its first call, and now and then, is not slow."""
    one = Timed(clock, [9.0, 0.5, 0.02, 0.5])
    other = Timed(clock, [0.01, 0.03])
    result = raced(clock, torch=one, other=other)
    assert result.seconds["torch"] == pytest.approx(0.02)
    assert result.seconds["other"] == pytest.approx(0.03)
    assert (result.fastest, result.left_out) == ("torch", {})


def test_turns(clock: Clock) -> None:
    """A rest before each; quick engines are called again and again in one."""
    quick, slow = Timed(clock, [0.004]), Timed(clock, [0.006])
    raced(clock, torch=quick, other=slow)
    assert clock.rests == 2 * MOST_ROUNDS
    assert (quick.calls, slow.calls) == (1 + 3 * MOST_ROUNDS, 1 + 2 * MOST_ROUNDS)


def test_it_ends_after_some_seconds(clock: Clock) -> None:
    large, larger = Timed(clock, [60.0]), Timed(clock, [61.0])
    result = raced(clock, torch=large, other=larger)
    assert large.calls == larger.calls == 1 + FEWEST_ROUNDS
    assert result.seconds == {"torch": 60.0, "other": 61.0}


def test_what_is_far_behind_is_not_asked_for_long(clock: Clock) -> None:
    quick, slow = Timed(clock, [0.02]), Timed(clock, [0.05])
    result = raced(clock, torch=slow, other=quick)
    assert slow.calls == 1 + FEWEST_ROUNDS and quick.calls == 1 + MOST_ROUNDS
    assert result.fastest == "other" and result.seconds["torch"] == pytest.approx(0.05)


def test_other_values_are_left_out(clock: Clock) -> None:
    """However fast they come."""
    right, close = Timed(clock, [0.3]), Timed(clock, [0.2], 1.0009)
    wrong = Timed(clock, [0.01], 1.002)
    nothing = Timed(clock, [0.01], float("nan"))
    result = raced(clock, torch=right, close=close, wrong=wrong, nothing=nothing)
    assert list(result.seconds) == ["torch", "close"] and result.fastest == "close"
    assert result.left_out == {
        "wrong": "its output is 2.0e-03 of the largest value off",
        "nothing": "its output is inf of the largest value off",
    }
    assert wrong.calls == nothing.calls == 1


def test_failures_are_left_out_with_their_reason_in_a_line(clock: Clock) -> None:
    def refusing() -> Engine:
        raise DarknetError("no such device; use another")

    race = Race(torch.zeros(1, 3, 4, 4), 1e-3, clock, clock.rest)
    good, broken = Timed(clock, [0.02]), Timed(clock, [0.01], -1.0)
    result = race.run({"torch": lambda: good, "refusing": refusing, "breaking": lambda: broken})
    assert result.left_out == {
        "refusing": "no such device; use another",
        "breaking": "ArithmeticError: kernel lost",
    }
    assert set(result.seconds) == {"torch"} and listed(result.left_out) == (
        "refusing (no such device; use another), breaking (ArithmeticError: kernel lost)"
    )


def test_an_engine_that_breaks_while_it_is_timed(clock: Clock) -> None:
    class Tiring(Timed):
        def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
            heads = super().__call__(x)
            if self.calls == 3:
                raise RuntimeError("worn out")
            return heads

    race = Race(torch.zeros(1, 3, 4, 4), 1e-3, clock, clock.rest)
    good, tiring = Timed(clock, [0.2]), Tiring(clock, [0.1])
    result = race.run({"torch": lambda: good, "tiring": lambda: tiring})
    assert (result.fastest, list(result.seconds)) == ("torch", ["torch"])
    assert result.left_out == {"tiring": "RuntimeError: worn out"} and tiring.calls == 3
    assert race.engine("torch") is good
    with pytest.raises(KeyError):
        race.engine("tiring")


def test_errors_of_the_first_are_raised(clock: Clock) -> None:
    """torch runs every network: what it refuses nothing can run."""
    with pytest.raises(ArithmeticError):
        raced(clock, torch=Timed(clock, [0.1], -1.0), other=Timed(clock, [0.1]))


def test_real_engines_get_the_layout_they_want(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted")
    network: Network = load_network(*tiny_detector.files(tmp_path))[0]  # type: ignore[arg-type]
    engine = fake_engine.Shifted(network.for_inference(), EngineConfig("shifted"))
    clock = Clock()

    def later() -> float:
        clock.now += 1
        return clock.now

    Race(torch.zeros(2, 3, 32, 64), 1e-3, later, clock.rest).run({"shifted": lambda: engine})
    assert set(fake_engine.CALLS) == {("shifted", (2, 3, 32, 64), True)}
