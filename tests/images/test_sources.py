"""Sources of frames: what can be one, and the frames it gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.tiny_detector import noise_image, save

from darknet_py.errors import ArgumentError, DataError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import Frame, FrameSource
from darknet_py.images.sources import SOURCES, SourceKind, open_source


def frames(source: object) -> list[Frame]:
    return [pending.read() for pending in open_source(source).frames]


def test_folders_patterns_and_lists_are_many(tmp_path: Path) -> None:
    paths = [str(path) for path in save(tmp_path, "a.png", "b.png")]
    (tmp_path / "l.txt").write_text("b.png\n")
    cases = {
        str(tmp_path): paths,
        str(tmp_path / "*.png"): paths,
        str(tmp_path / "l.txt"): paths[1:],
    }
    for name, expected in cases.items():
        source = open_source(name)
        assert (source.length, source.single) == (len(expected), False)
        assert [Path(frame.path) for frame in source.frames] == [Path(path) for path in expected]
        assert [frame.number for frame in source.frames] == list(range(len(expected)))


def test_lists_are_looked_through_at_once_and_numbered_through(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    one, *_ = save(tmp_path, "one.png")
    inside = save(tmp_path / "in", "x.png", "y.png")
    source = open_source([one, tmp_path / "in", noise_image(7)])
    assert (source.length, source.single) == (4, False)
    found = list(source.frames)
    assert [frame.path for frame in found] == [*map(str, [one, *inside]), ""]
    assert [frame.number for frame in found] == [0, 1, 2, 3]
    assert (found[3].read().pixels == noise_image(7)).all()
    with pytest.raises(DataError, match="gone.png: no such file"):
        open_source([one, tmp_path / "gone.png"])
    assert (open_source([]).length, list(open_source([]).frames)) == (0, [])


def test_a_generator_is_taken_item_by_item() -> None:
    taken: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for seed in itertools.count():
            taken.append(seed)
            yield noise_image(seed)

    source = open_source(endless())
    assert (source.length, source.single, taken) == (None, False, [])
    few = list(itertools.islice(source.frames, 3))
    assert taken == [0, 1, 2]
    assert [frame.number for frame in few] == [0, 1, 2]
    assert all((frame.read().pixels == noise_image(seed)).all() for seed, frame in enumerate(few))


def test_a_generator_may_fill_one_array_again_and_again() -> None:
    def grabbed() -> Iterator[np.ndarray]:
        buffer = np.zeros((4, 6, 3), np.uint8)
        for value in range(5):
            buffer[:] = value
            yield buffer

    found = list(open_source(grabbed()).frames)
    values = [int(frame.read().pixels.max()) for frame in found]  # type: ignore[union-attr]
    assert values == [0, 1, 2, 3, 4]


def test_a_generator_may_give_paths_and_folders(tmp_path: Path) -> None:
    paths = save(tmp_path, "a.png", "b.png")
    found = list(open_source(iter([paths[1], tmp_path])).frames)
    assert [frame.path for frame in found] == [str(paths[1]), *map(str, paths)]
    late = iter(open_source(iter([paths[0], "gone.png"])).frames)
    assert next(late).path == str(paths[0])
    with pytest.raises(DataError, match="gone.png"):
        next(late)


@pytest.mark.parametrize("source", [5.5, True, None, object(), {"a.jpg": 1}])
def test_what_is_no_source_is_refused(source: object) -> None:
    with pytest.raises(ArgumentError, match=f"no images come from {type(source).__name__}; give"):
        open_source(source)


def test_a_new_kind_is_a_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def counter(number: float, _: CaptureOptions) -> FrameSource:
        return FrameSource(
            open_source(noise_image(seed) for seed in range(int(number))).frames, int(number)
        )

    kind = SourceKind(lambda source: isinstance(source, float), counter)
    monkeypatch.setitem(SOURCES, "number", kind)
    assert [frame.number for frame in frames(3.0)] == [0, 1, 2]
    assert open_source([2.0, 1.0]).length == 3
