"""Frames of files and arrays, and reading ahead."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from support.tiny_detector import noise_image, save

from darknet_py.errors import ImageError
from darknet_py.images.frames import Frame, read_ahead
from darknet_py.images.sources import open_source


def frames(source: object) -> list[Frame]:
    return [pending.read() for pending in open_source(source).frames]


def test_a_file_is_one_frame_with_its_bgr_pixels(tmp_path: Path) -> None:
    (path,) = save(tmp_path, "p.png")
    source = open_source(path)
    assert (source.length, source.single) == (1, True)
    (frame,) = frames(path)
    assert (frame.path, frame.number, frame.time, frame.size) == (str(path), 0, None, (50, 40))
    assert frame.pixels is not None and (frame.pixels == noise_image()).all()
    bare = frame.without_pixels()
    assert bare.pixels is None and (bare.path, bare.size) == (str(path), (50, 40))


def test_an_array_is_one_frame_that_may_change_afterwards() -> None:
    array = noise_image()
    source = open_source(array)
    assert (source.length, source.single) == (1, True)
    (pending,) = source.frames
    frame = pending.read()
    array[:] = 0
    assert frame.path == "" and frame.pixels is not None and (frame.pixels == noise_image()).all()
    assert pending.read(channels=1).pixels.shape == (40, 50, 1)  # type: ignore[union-attr]


def test_reading_ahead_keeps_the_order_and_the_errors() -> None:
    def read(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        if number == 4:
            raise ImageError("number 4 is broken")
        return number * 10

    found = list(read_ahead(range(9), read, depth=3, workers=3))
    assert [source for source, _ in found] == list(range(9))
    assert isinstance(found[4][1], ImageError)
    assert [value for _, value in found if not isinstance(value, ImageError)] == [
        number * 10 for number in range(9) if number != 4
    ]


def test_reading_ahead_goes_no_further_than_its_depth() -> None:
    asked: list[int] = []

    def sources() -> object:
        for number in range(100):
            asked.append(number)
            yield number

    reader = read_ahead(sources(), lambda number: number, depth=3, workers=1)  # type: ignore
    assert next(reader)[0] == 0
    assert len(asked) <= 5
    reader.close()  # type: ignore[attr-defined]
    assert threading.active_count() < 20
    assert len(asked) <= 5


def test_other_exceptions_reach_the_caller() -> None:
    def read(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        list(read_ahead([1, 0, 2], read))


def test_no_sources() -> None:
    assert list(read_ahead([], Path)) == []
