"""Videos, cameras and pipes through the detector: the same boxes as of pictures, bit for bit."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from support.simulated_camera import Openings, SimulatedCamera, wait_until
from support.small_videos import drawn_frames, jpeg, read_back, write_video
from support.tiny_detector import files

import darknet_py
from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.errors import DataError
from darknet_py.images import live
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.io import encoded_image
from darknet_py.images.sources import open_source


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    return darknet_py.load(*files(tmp_path), names=["a", "b", "c"])


def assert_same_bits(ours: list[darknet_py.Result], theirs: list[darknet_py.Result]) -> None:
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        assert len(one) > 0 and (one.image == other.image).all()
        for name in ("xyxy", "xywhn", "confidence", "class_id"):
            actual, expected = getattr(one.boxes, name), getattr(other.boxes, name)
            assert actual.tobytes() == expected.tobytes(), name


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mkv", "FFV1")])
@pytest.mark.parametrize("batch", [1, 4])
def test_frames_of_a_video_are_those_of_pictures(
    detector: Detector, tmp_path: Path, name: str, codec: str, batch: int
) -> None:
    path = tmp_path / name
    write_video(path, 11, codec=codec)
    results = list(detector.stream(path, thresh=0.1, batch=batch))
    pictures = detector(read_back(path), thresh=0.1, batch=batch)
    assert_same_bits(results, pictures)  # type: ignore[arg-type]
    assert [result.frame for result in results] == list(range(11))
    assert [result.time for result in results] == pytest.approx([n / 10 for n in range(11)])
    listed = detector(path, thresh=0.1, batch=batch)
    assert isinstance(listed, list)
    assert_same_bits(listed, results)


def test_a_pipe_gives_the_boxes_of_its_pictures(detector: Detector) -> None:
    data = [jpeg(frame) for frame in drawn_frames(4)]
    results = list(detector.stream(io.BytesIO(b"".join(data)), thresh=0.1))
    frames = [encoded_image("", one).decode_bgr() for one in data]
    assert_same_bits(results, [detector(frame, thresh=0.1) for frame in frames])  # type: ignore


def test_frames_and_pictures_are_turned(detector: Detector, tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 3)
    frames = read_back(path)
    turned = [np.rot90(frame, 1).copy() for frame in frames]
    expected = [detector(frame, thresh=0.1) for frame in turned]
    for source in (path, frames, iter(frames)):
        results = list(detector.stream(source, thresh=0.1, rotate="90_COUNTERCLOCKWISE"))
        assert_same_bits(results, expected)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no rotation is named 'left'"):
        list(detector.stream(path, rotate="left"))


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> SimulatedCamera:
    camera = SimulatedCamera(fps=200)
    monkeypatch.setattr(live, "_opened_camera", lambda number, options: Openings(camera)())
    return camera


def test_a_camera_is_for_stream_alone(detector: Detector, camera: SimulatedCamera) -> None:
    with pytest.raises(DataError, match=r"never ends, .*; use stream\(\) and take them one by one"):
        detector(0)
    assert camera.released.is_set()


@pytest.mark.parametrize("every_frame", [False, True])
def test_a_camera_gives_results_until_it_is_left(
    detector: Detector, camera: SimulatedCamera, every_frame: bool
) -> None:
    before = threading.active_count()
    results = detector.stream(0, thresh=0.1, every_frame=every_frame)
    numbers = []
    for result in results:
        numbers.append(result.frame)
        assert int(result.image[0, 0, 0]) == result.frame % 251 and result.path == "camera 0"
        if len(numbers) == 1:
            wait_until(lambda: camera.number > 10)
        if len(numbers) == 3:
            break
    results.close()  # type: ignore[attr-defined]
    assert numbers == [0, 1, 2] if every_frame else numbers[1] > 5 and numbers[0] < numbers[1]
    wait_until(camera.released.is_set)
    wait_until(lambda: threading.active_count() == before)


def test_an_open_source_is_closed_with_its_results(
    detector: Detector, camera: SimulatedCamera
) -> None:
    """Whoever still holds the source holds no camera."""
    source = open_source(0)
    results = detector.results(source, PipelineOptions(), InputSpec.of(detector.graph))
    next(results)
    results.close()
    wait_until(camera.released.is_set)
    assert source.live and list(source.frames) == []
