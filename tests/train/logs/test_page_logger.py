"""When results.png is drawn: a hundredth of a training's time at most, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.one_update import UPDATE

from darknet_py.errors import OutputError
from darknet_py.train.logs import page_logger
from darknet_py.train.logs.page_logger import LEAST, PageLogger, page_path
from darknet_py.train.logs.results_table import columns
from darknet_py.train.logs.run_curves import RunCurves


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A drawing takes two seconds."""
    clock = Clock()

    def draw(path: Path, curves: RunCurves, title: str) -> None:
        clock.now += 2
        path.write_text(title)

    monkeypatch.setattr(page_logger, "draw_results", draw)
    yield clock


def logger(folder: Path, clock: Clock) -> PageLogger:
    return PageLogger(folder / "results.png", "small", RunCurves(columns()), clock)


def test_a_hundredth_of_the_time(tmp_path: Path, clock: Clock) -> None:
    page = logger(tmp_path, clock)
    drawn = []
    for number in range(1, 4_001):
        clock.now += 0.5
        page.add(replace(UPDATE, number=number, images=64 * number))
        if page.drawn == number:
            drawn.append(number)
    # The first is thought to take a second, all others the two that it took.
    assert drawn[:3] == [200, 796, 1192]
    assert page.spent <= 0.01 * (clock.now - 1000)
    assert page.spent > 0.007 * (clock.now - 1000)
    page.end(replace(UPDATE, number=4_000))
    title = "small    iteration 4000 of 500    average loss 4.5"
    assert page.drawn == 4_000 and (tmp_path / "results.png").read_text() == title


def test_what_was_measured_is_shown_when_the_time_allows(tmp_path: Path, clock: Clock) -> None:
    page = logger(tmp_path, clock)
    clock.now += 99
    page.add(replace(UPDATE, number=7, evaluated=True, map=0.5))
    assert page.drawn == 0
    clock.now += 1
    page.add(replace(UPDATE, number=8, evaluated=True, map=0.5))
    assert page.drawn == 8
    assert "0.20 hours left" in (tmp_path / "results.png").read_text()


@pytest.mark.parametrize(("updates", "there"), [(LEAST - 1, False), (LEAST, True)])
def test_the_end_of_a_run_of_few_iterations(
    tmp_path: Path, clock: Clock, updates: int, there: bool
) -> None:
    page = logger(tmp_path, clock)
    for number in range(1, updates + 1):
        page.add(replace(UPDATE, number=number))
    page.end(replace(UPDATE, number=updates))
    assert (tmp_path / "results.png").exists() == there
    spent = page.spent
    page.end(replace(UPDATE, number=updates))
    assert page.spent == spent, "it is there already"


def test_a_drawing_that_fails_is_a_line(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no\nfont")

    monkeypatch.setattr(page_logger, "draw_results", fail)
    page = logger(tmp_path, clock)
    clock.now += 100
    with pytest.raises(OutputError, match="results.png: cannot be drawn: RuntimeError: no font"):
        page.add(replace(UPDATE, number=100))


def test_where_the_page_is(tmp_path: Path) -> None:
    results = tmp_path / "results.csv"
    assert page_path(results) == tmp_path / "results.png"
    assert page_path(tmp_path / "a.csv") == tmp_path / "a.png"
    taken = (tmp_path / "chart.png",)
    assert page_path(tmp_path / "chart.csv", taken) == tmp_path / "chart_results.png"
    assert page_path(tmp_path / "a.png") == tmp_path / "a_results.png"
    assert page_path(Path("/dev/null")) is None
