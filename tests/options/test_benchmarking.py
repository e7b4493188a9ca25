"""Options of `benchmark` and `speed`."""

from __future__ import annotations

from darknet_py.options.benchmarking import BenchmarkOptions, SpeedOptions, ThreadOptions


def test_the_time_of_an_entry() -> None:
    assert BenchmarkOptions(cfg="c").time == 4
    assert BenchmarkOptions(cfg="c", runs=3).time is None
    assert BenchmarkOptions(cfg="c", runs=3, seconds=1).time == 1


def test_lists_hold_what_a_single_run_has() -> None:
    options, speed = BenchmarkOptions(cfg="c"), SpeedOptions(cfg="c")
    assert options.engines == (speed.engine,) == ("torch",)
    assert options.precision == (speed.precision,) == ("fp32",)
    assert (options.batch, speed.tics, ThreadOptions().threads) == ((1,), 0, None)
