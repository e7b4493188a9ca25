"""The encoder's bytes come while it works, and errors of whoever takes them come back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.fake_video import FPS, frames

from darknet_py.errors import OutputError
from darknet_py.video.avi_frames import AviFrames
from darknet_py.video.encoder import HAS_PIPES, PipedEncoder, open_writer

pytestmark = pytest.mark.skipif(not HAS_PIPES, reason="Windows has none")

SIZE = (64, 48)


def test_the_head_comes_first_and_then_each_frame() -> None:
    pieces: list[bytes] = []
    encoder = PipedEncoder(".avi", "XVID", FPS, SIZE, pieces.append)
    assert len(pieces) == 1 and pieces[0].startswith(b"RIFF") and pieces[0].endswith(b"movi")
    for frame in frames(3):
        encoder.write(frame.image)
    encoder.close()
    stream = AviFrames()
    assert sum(len(list(stream.feed(piece))) for piece in pieces) == 3
    encoder.close()


def test_an_error_of_the_taker_is_raised_by_what_follows() -> None:
    taken: list[bytes] = []

    def take(piece: bytes) -> None:
        taken.append(piece)
        if len(taken) == 2:
            raise OutputError("full")

    encoder = PipedEncoder(".avi", "MJPG", FPS, (640, 480), take)
    with pytest.raises(OutputError, match="full"):
        for frame in frames(2000, (640, 480)):
            encoder.write(frame.image)
    for frame in frames(3, (640, 480)):
        encoder._writer.write(frame.image)
    with pytest.raises(OutputError, match="full"):
        encoder.close()
    assert len(taken) == 2, "what comes after the error is thrown away"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has none")
def test_a_process_that_holds_the_pipe_does_not_hold_up_the_end() -> None:
    encoder = PipedEncoder(".avi", "XVID", FPS, SIZE, lambda piece: None)
    held = os.dup(encoder._reader)
    links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
    pipe = os.readlink(f"/proc/self/fd/{encoder._reader}")
    ends = [link for link in links if link.exists() and os.readlink(link) == pipe]
    copies = [os.dup(int(link.name)) for link in ends]
    encoder.write(next(frames(1)).image)
    encoder.close()
    for number in (*copies, held):
        os.close(number)


def test_codecs_that_are_not_known_are_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert open_writer(str(tmp_path / "a.avi"), "zzzz", FPS, SIZE) is None
    assert open_writer(str(tmp_path / "a.xyz"), "XVID", FPS, SIZE) is None
    with pytest.raises(OutputError, match="cannot encode zzzz of 64x48 at 10 frames per second"):
        PipedEncoder(".avi", "zzzz", FPS, SIZE, lambda piece: None)
    os.write(2, b"heard again\n")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "heard again\n")
    assert os.listdir(tmp_path) == []
