"""Files that grow with the encoder's bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from darknet_py.files import GrowingFile
from darknet_py.video.streamed_file import AviFile, StreamedFile

HEAD = b"RIFF\0\0\0\0AVI avih\x38\0\0\0" + bytes(56) + b"strh\x38\0\0\0" + bytes(56) + b"movi"
COUNTS = (HEAD.index(b"avih") + 24, HEAD.index(b"strh") + 40)
FRAME = b"00dc\x04\0\0\0data"


@pytest.mark.parametrize("kind", [StreamedFile, AviFile])
def test_a_head_without_frames_does_not_take_the_name(
    tmp_path: Path, kind: type[StreamedFile]
) -> None:
    path = tmp_path / "a.avi"
    path.write_text("old")
    file = GrowingFile(path)
    video = kind(file, (64, 48), 10)
    video.take(HEAD)
    assert path.read_text() == "old"
    video.take(FRAME)
    assert path.read_bytes().endswith(FRAME)
    file.close()


def test_an_avi_counts_its_frames_in_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    file = GrowingFile(path)
    video = AviFile(file, (64, 48), 10)
    video.take(HEAD)
    for count in (1, 2, 3):
        video.take(FRAME)
        data = path.read_bytes()
        assert [struct.unpack_from("<I", data, place)[0] for place in COUNTS] == [count, count]
        assert len(data) == len(HEAD) + count * len(FRAME)
    file.close()
