"""What OpenCV reads and writes is tried."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest

from darknet_py.doctor import codecs as room
from darknet_py.doctor.codecs import WITHOUT, codecs, image_comes_back
from darknet_py.video.video_writer import FORMATS


def test_this_opencv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = codecs()
    works = found.facts["images_read_and_written"]
    assert isinstance(works, list) and {".jpg", ".png", ".bmp"} <= set(works)
    videos = found.facts["videos"]
    assert isinstance(videos, dict)
    tried = {f"{codec} {form.stream}" for form in FORMATS.values() for codec in form.codecs}
    assert set(videos) == tried and len(tried) == 5
    assert videos["XVID .avi"] == videos["MJPG .avi"] == "written and read"
    assert found.facts["opencv"] == cv2.__version__ and found.facts["ffmpeg"]
    assert os.listdir(tmp_path) == []


def test_an_image_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert image_comes_back(".png") and not image_comes_back(".none")
    monkeypatch.setattr(cv2, "imdecode", lambda data, flags: None)
    assert not image_comes_back(".png")


def test_videos_that_are_not_written_or_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def writer(path: str, codec: str, fps: float, size: tuple[int, int]) -> cv2.VideoWriter | None:
        return None if codec == "XVID" else plain(path, "MJPG", fps, size)

    plain = room.open_writer
    monkeypatch.setattr(room, "open_writer", writer)
    monkeypatch.setattr(room, "_frames", lambda path: 1)
    videos = codecs().facts["videos"]
    assert isinstance(videos, dict)
    assert videos["XVID .avi"] == "not written"
    assert videos["MJPG .avi"] == "written, 1 of 4 frames read"


def test_an_opencv_without_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    built = "  Video I/O:\n    FFMPEG:     NO\n    GStreamer:    YES (1.22.0)\n"
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: built)
    monkeypatch.setattr(room, "_videos", dict)
    found = codecs()
    assert (found.facts["ffmpeg"], found.facts["gstreamer"]) == (None, True)
    assert found.remarks == (WITHOUT,)
