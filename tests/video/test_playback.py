"""The loop from results to outputs."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from support.fake_video import frame_result

from darknet_py.detect.result import Result
from darknet_py.errors import ImageError, OutputError
from darknet_py.video.output import OutputFrame
from darknet_py.video.playback import play


@dataclass
class Recorder:
    """An output that tells what it got. fails: the number of the frame that it cannot write."""

    fails: int = 0
    fails_to_close: bool = False
    numbers: list[int] = field(default_factory=list)
    closed: int = 0

    def write(self, frame: OutputFrame) -> None:
        if frame.number == self.fails:
            raise OutputError("disk full")
        assert frame.result.frame == frame.number - 1
        self.numbers.append(frame.number)

    def close(self) -> None:
        self.closed += 1
        if self.fails_to_close:
            raise OutputError("no end")


@dataclass
class Source:
    """Results of which it is known whether they were ended. fails: the index that raises."""

    count: int = 1000
    fails: int = -1
    ended: int = 0

    def results(self) -> Iterator[Result]:
        try:
            for index in range(self.count):
                if index == self.fails:
                    raise ImageError("broken")
                yield frame_result(index)
        finally:
            self.ended += 1


def test_each_output_gets_each_frame_once_and_in_order() -> None:
    source, outputs = Source(5), [Recorder(), Recorder()]
    numbers = [frame.number for frame in play(source.results(), outputs)]
    assert numbers == [1, 2, 3, 4, 5]
    assert [output.numbers for output in outputs] == [numbers, numbers]
    assert [output.closed for output in outputs] == [1, 1] and source.ended == 1


def test_the_frame_was_taken_when_it_is_handed_on() -> None:
    output = Recorder()
    for frame in play(Source(3).results(), [output]):
        assert output.numbers[-1] == frame.number and output.closed == 0
    assert output.closed == 1


def test_an_error_of_the_results_closes_the_outputs() -> None:
    source, output = Source(fails=2), Recorder()
    with pytest.raises(ImageError, match="broken"):
        list(play(source.results(), [output]))
    assert output.numbers == [1, 2] and output.closed == 1 and source.ended == 1


def test_stop_is_asked_after_each_frame() -> None:
    source, output = Source(), Recorder()
    list(play(source.results(), [output], stop=lambda: len(output.numbers) == 3))
    assert output.numbers == [1, 2, 3] and output.closed == 1 and source.ended == 1


def test_a_caller_that_leaves_closes_all() -> None:
    source, output = Source(), Recorder()
    running = play(source.results(), [output])
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert output.numbers == [1] and output.closed == 1 and source.ended == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_frame(number: int) -> None:
    source, output, before = Source(), Recorder(), signal.getsignal(number)
    for frame in play(source.results(), [output]):
        if frame.number == 4:
            signal.raise_signal(number)
    assert output.numbers == [1, 2, 3, 4] and output.closed == 1 and source.ended == 1
    assert signal.getsignal(number) == before


def test_an_output_that_fails_is_said_once_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, bad, failures = Recorder(), Recorder(fails=2, fails_to_close=True), list[OutputError]()
    with caplog.at_level(logging.ERROR):
        numbers = [f.number for f in play(Source(4).results(), [bad, good], failures=failures)]
    assert numbers == good.numbers == [1, 2, 3, 4] and bad.numbers == [1]
    assert [output.closed for output in (good, bad)] == [1, 1]
    assert [str(failure) for failure in failures] == caplog.messages == ["disk full"]


def test_an_end_that_fails_is_said_and_the_others_are_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outputs = [Recorder(), Recorder(fails_to_close=True), Recorder()]
    failures = list[OutputError]()
    list(play(Source(1).results(), outputs, failures=failures))
    assert [output.closed for output in outputs] == [1, 1, 1]
    assert [str(failure) for failure in failures] == caplog.messages == ["no end"]


def test_a_mistake_in_an_output_is_no_output_error() -> None:
    class Broken(Recorder):
        def write(self, frame: OutputFrame) -> None:
            raise KeyError("typo")

    other = Recorder()
    with pytest.raises(KeyError):
        list(play(Source(3).results(), [other, Broken()]))
    assert other.closed == 1
