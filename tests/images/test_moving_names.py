"""Which words of a command line are videos, cameras, streams and pipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.images.moving_names import names_moving


@pytest.mark.parametrize(
    ("text", "moving"),
    [
        ("a.mp4", True),
        ("b/A.AVI", True),
        ("rtsp://host/stream", True),
        ("http://host/a.jpg", True),
        ("-", True),
        ("0", True),
        ("a.jpg", False),
        ("folder", False),
        ("list.txt", False),
        ("mp4", False),
        ("1.5", False),
    ],
)
def test_names(text: str, moving: bool) -> None:
    assert names_moving(text) == moving


def test_what_is_there_as_a_file_or_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("0").write_text("an image")
    Path("frames.avi").mkdir()
    assert not names_moving("0") and not names_moving("frames.avi")
