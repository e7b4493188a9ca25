"""The live line and the plain lines."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from support.one_update import UPDATE

from darknet_py.train.logs import progress_log
from darknet_py.train.logs.progress_log import SYMBOLS, LiveLog, PlainLog


def test_the_line() -> None:
    assert UPDATE.line == (
        "12/500  loss 3.25  avg 4.5  rate 0.00025  768 images  40 img/s  data wait 10%  ETA 0:12:11"
    )
    evaluated = replace(UPDATE, metric="mAP", map=0.5, best_map=0.625)
    assert "  mAP 50.00% (best 62.50%)  ETA" in evaluated.line


def test_the_line_of_a_training_without_end() -> None:
    endless = replace(UPDATE, of=0, hours_left=0.0, units=SYMBOLS, speed=123456.7)
    assert endless.line == (
        "12  loss 3.25  avg 4.5  rate 0.00025  768 symbols  123457 symbols/s  data wait 10%"
    )
    assert replace(UPDATE, metric="top5", map=0.5, best_map=0.5).line.count("top5 50.00%") == 1


def test_a_narrow_terminal_shows_what_matters_most() -> None:
    evaluated = replace(UPDATE, map=0.5, best_map=0.625)
    assert UPDATE.fitted(200) == UPDATE.line
    short = "12/500  avg 4.5  40 img/s  data wait 10%  mAP 50.00% (best 62.50%)  ETA 0:12:11"
    assert evaluated.fitted(len(short)) == short
    assert evaluated.fitted(len(short) + 11) == short.replace("avg", "loss 3.25  avg")
    assert evaluated.fitted(20) == short[:20]


def test_plain_lines_come_now_and_then() -> None:
    to = io.StringIO()
    log = PlainLog(to)
    for number in range(1, 41):
        log.update(replace(UPDATE, number=number, of=38, evaluated=number == 15))
    numbers = [line.split("/")[0] for line in to.getvalue().splitlines()]
    assert numbers == ["1", "10", "15", "20", "30", "38", "40"]


def test_the_live_line_is_written_over_and_notes_stay() -> None:
    to = io.StringIO()
    log = LiveLog(to)
    log.update(UPDATE)
    log.note("saved")
    log.update(replace(UPDATE, number=500))
    log.end()
    text = to.getvalue()
    assert text.startswith("\r12/500  loss")
    assert "\rsaved\n\r500/500" in text
    assert text.endswith("\n")
    assert max(map(len, text.replace("\n", "\r").split("\r"))) < 80


def test_plain_lines_of_a_start() -> None:
    to = io.StringIO()
    log = PlainLog(to)
    log.start(["one", "two"])
    log.end()
    assert to.getvalue() == "one\ntwo\n"


def test_the_live_line_is_drawn_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress_log.time, "monotonic", lambda: now[0])
    to = io.StringIO()
    log = LiveLog(to)
    log.start(["ready"])
    for number, seconds in ((1, 100.0), (2, 100.05), (3, 100.2), (4, 100.25), (500, 100.26)):
        now[0] = seconds
        log.update(replace(UPDATE, number=number))
    drawn = [line.split("/")[0] for line in to.getvalue().split("\r")]
    assert drawn == ["ready\n", "1", "3", "500"]
    log.update(replace(UPDATE, number=5, map=0.5, best_map=0.5, evaluated=True))
    text = to.getvalue()
    assert text.endswith("ETA 0:12:11\n") and "mAP 50.00%" in text
    length = len(text)
    log.end()
    assert len(to.getvalue()) == length, "the cursor stands on a line of its own already"
