"""Images read ahead and fitted to a network's input."""

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

from darknet_py.errors import ImageError
from darknet_py.images.fitted_images import InputSpec, fitted_images, start_reading
from darknet_py.images.frames import Frame, encoded_frame, file_source
from darknet_py.images.io import open_image, read_image
from darknet_py.images.resize import fit
from darknet_py.images.sources import open_source
from darknet_py.network.graph import read_graph

SPEC = InputSpec(3, 64, 32, letter_box=False)


def frames(source: object) -> list[Frame]:
    return [pending.read() for pending in open_source(source).frames]


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
    modules = ("fitted_images", "sources", "frames", "reduced_images")
    names = ", ".join(f"darknet_py.images.{name}" for name in modules)
    code = f"import sys, {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
