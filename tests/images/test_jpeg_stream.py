"""JPEGs out of a stream of bytes, whatever stands within and between them."""

from __future__ import annotations

import io

import pytest
from support.small_videos import drawn_frames, jpeg

from darknet_py.errors import ImageError
from darknet_py.images import jpeg_stream
from darknet_py.images.jpeg_stream import JpegStream

JPEGS = [jpeg(image) for image in drawn_frames(3)]


def split(data: bytes, piece: int = 1 << 16) -> tuple[list[bytes], JpegStream]:
    file = io.BytesIO(data)
    stream = JpegStream(lambda count: file.read(min(count, piece)), "pipe")
    return list(stream), stream


def with_preview(data: bytes, preview: bytes) -> bytes:
    """The JPEG with a whole other one in an APP1 segment, as cameras write it."""
    return data[:2] + b"\xff\xe1" + (len(preview) + 2).to_bytes(2, "big") + preview + data[2:]


@pytest.mark.parametrize("piece", [1, 2, 3, 1000, 1 << 16])
def test_images_one_after_the_other(piece: int) -> None:
    found, stream = split(b"".join(JPEGS), piece)
    assert found == JPEGS
    assert (stream.broken, stream.truncated, stream.skipped) == (0, False, 0)


def test_what_stands_between_them_is_passed_over() -> None:
    head = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
    found, stream = split(b"".join(head + image + b"\r\n" for image in JPEGS), 7)
    assert found == JPEGS
    assert stream.skipped == 3 * (len(head) + 2) and stream.broken == 0


def test_a_preview_within_an_image_is_none() -> None:
    nested = with_preview(JPEGS[0], JPEGS[1][:60_000])
    found, _ = split(nested + JPEGS[2], 11)
    assert found == [nested, JPEGS[2]]


def test_restarts_and_fill_bytes() -> None:
    scan = b"\x01\x02\xff\x00\xff\xd0\x03\xff\xd7\xff\x00"
    image = b"\xff\xd8\xff\xff\xff\xda\x00\x03\x07" + scan + b"\xff\xff\xff\xd9"
    assert split(image + image, 1)[0] == [image, image]


def test_several_scans_of_a_progressive_image() -> None:
    segment = b"\xff\xc4\x00\x04ab"
    scan = b"\xff\xda\x00\x02\x11\xff\x00\x22"
    image = b"\xff\xd8" + segment + scan + segment + scan + b"\xff\xd9"
    assert split(image, 2)[0] == [image]


def test_the_last_image_may_be_cut_off() -> None:
    for cut in (1, 30, len(JPEGS[2]) - 3):
        found, stream = split(JPEGS[0] + JPEGS[1] + JPEGS[2][:-cut])
        assert (found, stream.truncated, stream.broken) == (JPEGS[:2], True, 0)


def test_an_image_without_an_end_does_not_swallow_the_next() -> None:
    found, stream = split(JPEGS[0] + JPEGS[1][:-400] + JPEGS[2])
    assert (found, stream.broken, stream.truncated) == ([JPEGS[0], JPEGS[2]], 1, False)
    torn = bytearray(JPEGS[1])
    torn[20:22] = b"\x00\x01"  # the length of its second segment
    found, stream = split(JPEGS[0] + bytes(torn) + JPEGS[2])
    assert (found, stream.broken) == ([JPEGS[0], JPEGS[2]], 1)


def test_no_image_may_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_stream, "MOST_BYTES", 1 << 18)
    head = JPEGS[0][: JPEGS[0].index(b"\xff\xda") + 14]
    taken = 0

    def endless(count: int) -> bytes:
        nonlocal taken
        taken += count
        return head if taken == count else b"\x55" * count

    with pytest.raises(ImageError, match="pipe: a JPEG of more than 0 MiB, or none; give width"):
        list(JpegStream(endless, "pipe"))
    assert taken < 1 << 19


def test_what_is_no_jpeg_is_passed_over_in_little_memory() -> None:
    pieces = iter([b"\xff" * 1000] * 50 + [b""])
    stream = JpegStream(lambda count: next(pieces), "pipe")
    assert list(stream) == [] and stream.skipped == 50_000
