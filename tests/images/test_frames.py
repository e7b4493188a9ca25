"""Sources of frames, and reading them fitted to a network's input."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tiny_detector import files, noise_image, save

from darknet_py.errors import DataError, ImageError
from darknet_py.images.fitted_images import InputSpec, fitted_images, start_reading
from darknet_py.images.frames import Frame, FrameSource, encoded_frame, file_source
from darknet_py.images.io import open_image, read_image
from darknet_py.images.resize import fit
from darknet_py.images.sources import SOURCES, SourceKind, open_source
from darknet_py.network.graph import read_graph

SPEC = InputSpec(3, 64, 32, letter_box=False)


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


def test_an_array_is_one_frame_that_may_change_afterwards() -> None:
    array = noise_image()
    source = open_source(array)
    assert (source.length, source.single) == (1, True)
    (pending,) = source.frames
    frame = pending.read()
    array[:] = 0
    assert frame.path == "" and frame.pixels is not None and (frame.pixels == noise_image()).all()
    assert pending.read(channels=1).pixels.shape == (40, 50, 1)  # type: ignore[union-attr]


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


@pytest.mark.parametrize("source", [5, None, object()])
def test_what_is_no_source_is_refused(source: object) -> None:
    with pytest.raises(DataError, match=f"no images come from {type(source).__name__}; give"):
        open_source(source)


def test_a_new_kind_is_a_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def counter(number: int) -> FrameSource:
        return FrameSource(open_source(noise_image(seed) for seed in range(number)).frames, number)

    kind = SourceKind(lambda source: isinstance(source, int), counter)
    monkeypatch.setitem(SOURCES, "number", kind)
    assert [frame.number for frame in frames(3)] == [0, 1, 2]
    assert open_source([2, 1]).length == 3


def test_the_input_is_that_of_the_rgb_image(tmp_path: Path) -> None:
    (path,) = save(tmp_path, "p.png")
    for padded in (False, True):
        spec = InputSpec(3, 64, 32, padded)
        (image,) = fitted_images(file_source([path]), spec, 4)
        assert (image.chw == fit(read_image(path), 3, 64, 32, padded)).all()
        assert image.frame.size == (50, 40) and image.frame.pixels is None
        assert image.seconds > 0
        placement = image.placement
        assert (placement.image_width, placement.image_height, placement.letter_box) == (
            50,
            40,
            padded,
        )
        assert placement.scaled == ((40, 32) if padded else (64, 32))
    (kept,) = fitted_images(file_source([path]), SPEC, 4, keep_pixels=True)
    assert kept.frame.pixels is not None and (kept.frame.pixels == cv2.imread(str(path))).all()
    again = encoded_frame(open_image(path)).read()
    assert again.path == str(path) and (again.pixels == kept.frame.pixels).all()


def test_reading_goes_ahead_in_threads_and_stops_with_its_user(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    taken: list[int] = []

    def endless() -> Iterator[np.ndarray]:
        for seed in itertools.count():
            taken.append(seed)
            yield noise_image(seed)

    images = fitted_images(open_source(endless()), SPEC, depth=5)
    assert (next(images).chw == fit(noise_image(0), 3, 64, 32, False, "bgr")).all()
    assert len(taken) == 6
    assert set(threading.enumerate()) > before
    images.close()
    assert set(threading.enumerate()) == before and len(taken) == 6


def test_a_single_image_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", started)
    assert len(list(fitted_images(open_source(noise_image()), SPEC, 4))) == 1


def test_what_cannot_be_read_is_raised_in_its_turn_or_told(tmp_path: Path) -> None:
    paths = [str(path) for path in save(tmp_path, "a.png", "b.png", "c.png")]
    Path(paths[1]).write_text("hello")
    told: list[tuple[str, str]] = []
    images = fitted_images(
        file_source(paths), SPEC, 9, on_error=lambda path, error: told.append((path, str(error)))
    )
    assert [(image.frame.path, image.frame.number) for image in images] == [
        (paths[0], 0),
        (paths[2], 2),
    ]
    assert [path for path, _ in told] == [paths[1]] and "not an image" in told[0][1]
    images = fitted_images(file_source(paths), SPEC, 9)
    assert next(images).frame.path == paths[0]
    with pytest.raises(ImageError, match=r"b\.png: not an image"):
        next(images)


def test_reading_starts_at_once(tmp_path: Path) -> None:
    """An error of the first image is raised here, before torch would be imported."""
    graph = read_graph(files(tmp_path)[0])
    paths = [str(path) for path in save(tmp_path, "a.png", "b.png")]
    found = list(start_reading(paths, graph))
    assert [image.frame.path for image in found] == paths
    assert all(image.chw.shape == (3, 32, 64) for image in found)
    assert list(start_reading([], graph)) == []
    with pytest.raises(ImageError, match="gone"):
        start_reading([str(tmp_path / "gone.png")], graph)


def test_the_readers_leave_torch_alone() -> None:
    """Threads read while torch is being imported, and must not wait for it."""
    modules = ("fitted", "source_table", "frames", "reduced")
    names = ", ".join(f"darknet_py.images.{name}" for name in modules)
    code = f"import sys, {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
